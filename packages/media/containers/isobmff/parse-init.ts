import type { TrackId } from '../../access-unit.ts'
import { ByteReader } from '../../bytes/reader.ts'
import { MediaError } from '../../error.ts'
import { type Box, findBox, needBox, openFullBox, parseBoxes } from './box.ts'
import { MAX_EDITS, MAX_TRACKS } from './limits.ts'
import type { SampleDefaults } from './parse-fragment.ts'
import { parseSampleEntries, type SampleEntry } from './parse-sample-entry.ts'

/** What `ftyp` and `moov` say, of our own files and of others'. */
export interface InitSegment {
  /** Empty without a `ftyp`. */
  readonly majorBrand: string
  readonly compatibleBrands: readonly string[]
  /** Ticks a second of edit lists. */
  readonly timescale: number
  /** There is an `mvex`: fragments follow. */
  readonly fragmented: boolean
  readonly tracks: readonly InitTrack[]
  /** For `parseFragments`. */
  readonly defaults: ReadonlyMap<TrackId, SampleDefaults>
}

export interface InitTrack {
  readonly track: TrackId
  /** `vide`, `soun`, `subt`, … */
  readonly handler: string
  readonly timescale: number
  /** Ticks of `timescale`; 0 where fragments follow. */
  readonly duration: number
  /** ISO 639-2, `und` when unknown. */
  readonly language: string
  readonly entries: readonly SampleEntry[]
  /** Edit list: durations in ticks of the movie's timescale, media times in the track's (−1 for an empty edit). */
  readonly edits: readonly { readonly duration: number; readonly mediaTime: number }[]
}

/**
 * Parses an initialisation segment, or the head of any MP4 (its sample tables are passed over). Throws `truncated`,
 * `malformed`, `too-large`; a codec that is not known here is no error.
 */
export function parseInitSegment(bytes: Uint8Array): InitSegment {
  const boxes = parseBoxes(bytes)
  const moov = parseBoxes(needBox(boxes, 'moov', 'initialisation segment').content)
  const traks = moov.filter((box) => box.type === 'trak')
  if (traks.length > MAX_TRACKS) throw new MediaError('too-large', `moov: ${traks.length} tracks`)
  const mvhd = openFullBox(needBox(moov, 'mvhd', 'moov'))
  mvhd.reader.skip(mvhd.version === 1 ? 16 : 8)
  const mvex = findBox(moov, 'mvex')
  return {
    ...parseBrands(findBox(boxes, 'ftyp')),
    timescale: mvhd.reader.u32(),
    fragmented: mvex !== undefined,
    tracks: traks.map((box) => parseTrak(box)),
    defaults: new Map(mvex === undefined ? [] : parseDefaults(mvex)),
  }
}

function parseBrands(ftyp: Box | undefined): Pick<InitSegment, 'majorBrand' | 'compatibleBrands'> {
  if (ftyp === undefined) return { majorBrand: '', compatibleBrands: [] }
  const reader = new ByteReader(ftyp.content, 'ftyp')
  const majorBrand = reader.fourcc()
  reader.skip(4)
  const compatibleBrands: string[] = []
  while (reader.remaining >= 4) compatibleBrands.push(reader.fourcc())
  return { majorBrand, compatibleBrands }
}

function parseDefaults(mvex: Box): [TrackId, SampleDefaults][] {
  const trexs = parseBoxes(mvex.content).filter((box) => box.type === 'trex')
  return trexs.map((trex) => {
    const { reader } = openFullBox(trex)
    const track = reader.u32()
    reader.skip(4) // default_sample_description_index
    return [track, { duration: reader.u32(), size: reader.u32(), flags: reader.u32() }]
  })
}

function parseTrak(trak: Box): InitTrack {
  const boxes = parseBoxes(trak.content)
  const tkhd = openFullBox(needBox(boxes, 'tkhd', 'trak'))
  tkhd.reader.skip(tkhd.version === 1 ? 16 : 8)
  const track = tkhd.reader.u32()
  const mdia = parseBoxes(needBox(boxes, 'mdia', 'trak').content)
  const { version, reader } = openFullBox(needBox(mdia, 'mdhd', 'mdia'))
  reader.skip(version === 1 ? 16 : 8)
  const timescale = reader.u32()
  if (timescale === 0) throw new MediaError('malformed', 'mdhd: timescale 0', { structure: 'mdhd' })
  const duration = version === 1 ? parseDuration64(reader) : reader.u32()
  const language = parseLanguage(reader.u16())
  const hdlr = openFullBox(needBox(mdia, 'hdlr', 'mdia')).reader
  hdlr.skip(4)
  const handler = hdlr.fourcc()
  const minf = parseBoxes(needBox(mdia, 'minf', 'mdia').content)
  const stbl = parseBoxes(needBox(minf, 'stbl', 'minf').content)
  const entries = parseSampleEntries(needBox(stbl, 'stsd', 'stbl'), handler)
  return { track, handler, timescale, duration, language, entries, edits: parseEdits(findBox(boxes, 'edts')) }
}

/** All ones mean "unknown" (§8.4.2.3), which is not a safe integer. */
function parseDuration64(reader: ByteReader): number {
  const high = reader.u32()
  const low = reader.u32()
  const value = high * 2 ** 32 + low
  return Number.isSafeInteger(value) ? value : 0
}

/** Three letters of 5 bits, each 0x60 above (§8.4.2.3). */
function parseLanguage(packed: number): string {
  return String.fromCharCode(...[10, 5, 0].map((shift) => 0x60 + ((packed >> shift) & 0x1f)))
}

function parseEdits(edts: Box | undefined): InitTrack['edits'] {
  const elst = edts === undefined ? undefined : findBox(parseBoxes(edts.content), 'elst')
  if (elst === undefined) return []
  const { version, reader } = openFullBox(elst)
  const count = Math.min(reader.u32(), MAX_EDITS)
  const edits: { duration: number; mediaTime: number }[] = []
  for (let i = 0; i < count; i++) {
    const duration = version === 1 ? parseDuration64(reader) : reader.u32()
    const mediaTime = version === 1 ? reader.i32() * 2 ** 32 + reader.u32() : reader.i32()
    edits.push({ duration, mediaTime })
    reader.skip(4) // media_rate
  }
  return edits
}
