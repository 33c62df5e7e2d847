import { ByteReader } from '../../bytes/reader.ts'
import { MediaError } from '../../error.ts'
import type { TrackConfig } from '../../track.ts'
import { audioConfigOf } from './audio-config.ts'
import { type Box, findBox, openFullBox, parseBoxes } from './box.ts'
import { codecString } from './codec-string.ts'
import { MAX_SAMPLE_ENTRIES } from './limits.ts'
import { videoConfigOf } from './video-config.ts'

/** One entry of `stsd`. */
export interface SampleEntry {
  /** FourCC as written, for example `avc1`, `encv`. */
  readonly fourcc: string
  /** FourCC without encryption: that of `frma` for `encv` and `enca`, else `fourcc`. */
  readonly format: string
  /** RFC 6381 string; the FourCC alone where its parameters are not known here. */
  readonly codecString: string
  /** Video only, as in the sample entry. */
  readonly width?: number
  readonly height?: number
  /** Audio only, as in the sample entry. */
  readonly channels?: number
  readonly sampleRate?: number
  /** For codecs that the engine takes; `undefined` for all others, and for a configuration that it cannot read. */
  readonly config?: TrackConfig
}

/** Entries of an `stsd` box. Throws `truncated`, `malformed`, `too-large`. */
export function parseSampleEntries(stsd: Box, handler: string): SampleEntry[] {
  const { reader } = openFullBox(stsd)
  reader.skip(4) // entry_count: the boxes tell
  const boxes = parseBoxes(reader.rest())
  if (boxes.length > MAX_SAMPLE_ENTRIES) throw new MediaError('too-large', `stsd: ${boxes.length} entries`)
  return boxes.map((box) => (handler === 'vide' ? parseVisual(box) : handler === 'soun' ? parseAudio(box) : plain(box)))
}

function plain(box: Box): SampleEntry {
  return { fourcc: box.type, format: box.type, codecString: box.type }
}

function parseVisual(box: Box): SampleEntry {
  const reader = new ByteReader(box.content, box.type)
  reader.skip(8 + 16)
  const width = reader.u16()
  const height = reader.u16()
  reader.skip(50)
  const children = parseChildren(reader.rest())
  const format = formatOf(box, children)
  const config = readable(() => videoConfigOf(format, children, { width, height }))
  const string = readable(() => codecString(format, children)) ?? format
  return { fourcc: box.type, format, codecString: string, width, height, ...(config === undefined ? {} : { config }) }
}

function parseAudio(box: Box): SampleEntry {
  const reader = new ByteReader(box.content, box.type)
  reader.skip(8)
  const version = reader.u16()
  reader.skip(6)
  const channels = reader.u16()
  reader.skip(6)
  const sampleRate = reader.u16()
  reader.skip(2)
  // QuickTime's longer sound descriptions.
  if (version === 1) reader.skip(16)
  if (version === 2) reader.skip(36)
  const children = parseChildren(reader.rest())
  const format = formatOf(box, children)
  const config = readable(() => audioConfigOf(format, children, { channels, sampleRate }))
  const string = readable(() => codecString(format, children)) ?? format
  const entry = { fourcc: box.type, format, codecString: string, channels, sampleRate }
  return config === undefined ? entry : { ...entry, config }
}

/** Some writers end a sample entry with four zero bytes (QuickTime's terminator). */
function parseChildren(bytes: Uint8Array): Box[] {
  const end = bytes.byteLength
  const terminated = end >= 4 && bytes.subarray(end - 4).every((byte) => byte === 0)
  try {
    return parseBoxes(bytes)
  } catch (error) {
    if (terminated) return parseBoxes(bytes.subarray(0, end - 4))
    throw error
  }
}

/** OriginalFormatBox in `sinf` (§8.12.2). */
function formatOf(box: Box, children: readonly Box[]): string {
  const sinf = box.type === 'encv' || box.type === 'enca' ? findBox(children, 'sinf') : undefined
  const frma = sinf === undefined ? undefined : findBox(parseBoxes(sinf.content), 'frma')
  return frma === undefined ? box.type : new ByteReader(frma.content, 'frma').fourcc()
}

/** `undefined` instead of a MediaError: a stream is more than one codec's parameters. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}
