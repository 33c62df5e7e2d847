import { scanAccessUnit, toFourByteLengths } from '@bandstand/media/codecs/h264/access-unit.ts'
import { parseFragments, type SampleInfo } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { type InitSegment, type InitTrack, parseInitSegment } from '@bandstand/media/containers/isobmff/parse-init.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import { type Entry, type SegmentContent, type SegmentReader, type Slot, TOO_MANY_UNITS } from './entry.ts'
import { HLS_LIMITS } from './limits.ts'

/** Clock of what is passed on. */
const CLOCK = 90_000

interface Track {
  readonly slot: Slot
  readonly timescale: number
  /** Taken off all its times, ticks of `timescale`: what its edit list says (ISO/IEC 14496-12 §8.6.6). */
  readonly shift: number
  readonly config: TrackConfig
}

export type Fmp4Opened = { readonly reader: SegmentReader } | { readonly refused: string } | 'incomplete'

/**
 * Reads segments of fragmented MP4 behind the initialisation segment `init` (CMAF, ISO/IEC 23000-19 §7.3; RFC 8216bis §3.3). Of
 * several tracks the first of each kind is taken. Nothing is thrown for bad media.
 */
export function openFmp4(init: Uint8Array): Fmp4Opened {
  let parsed: InitSegment
  try {
    parsed = parseInitSegment(init)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return error.code === 'truncated' ? 'incomplete' : { refused: `EXT-X-MAP cannot be read: ${error.message}` }
  }
  const tracks = new Map<number, Track>()
  const config: Entry[] = []
  for (const [slot, handler] of [
    ['video', 'vide'],
    ['audio', 'soun'],
  ] as const) {
    const found = parsed.tracks.find((track) => track.handler === handler)
    if (found === undefined) continue
    const [entry] = found.entries
    if (entry !== undefined && entry.fourcc !== entry.format) {
      return {
        refused: 'the segments are encrypted: switch encryption off in the encoder, for nobody has the key here',
      }
    }
    if (entry?.config === undefined || entry.config.kind !== slot) {
      const what = slot === 'video' ? 'video' : 'sound'
      return { refused: `${what} of the codec ${entry?.codecString ?? 'that is not named'} cannot be taken here` }
    }
    tracks.set(found.track, { slot, timescale: found.timescale, shift: shiftOf(found, parsed), config: entry.config })
  }
  if (tracks.size === 0) return { refused: 'there is neither video nor sound in what EXT-X-MAP names' }
  for (const { slot, config: own } of tracks.values()) config.push({ kind: 'config', slot, dts: 0, config: own })
  return { reader: { read: (bytes) => readSegment(bytes, parsed, tracks) } }
}

function readSegment(bytes: Uint8Array, init: InitSegment, tracks: ReadonlyMap<number, Track>): SegmentContent {
  const entries: Entry[] = []
  const configured = new Set<Slot>()
  let [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let malformed = 0
  try {
    for (const fragment of parseFragments(bytes, { defaults: init.defaults, maxSamples: HLS_LIMITS.segmentUnits })) {
      const track = tracks.get(fragment.track)
      if (track === undefined) continue
      const { slot, timescale, shift, config } = track
      let time = fragment.baseDecodeTime - shift
      for (const sample of fragment.samples) {
        const dts = toClock(time, timescale)
        const pts = toClock(time + sample.compositionOffset, timescale)
        time += sample.duration
        const unit = unitOf(bytes, sample, config)
        if (unit === undefined) {
          malformed++
          continue
        }
        if (!configured.has(slot)) entries.push({ kind: 'config', slot, dts, config })
        configured.add(slot)
        entries.push({ kind: 'unit', slot, dts, pts, ...unit })
        start = Math.min(start, dts)
        end = Math.max(end, toClock(time, timescale))
      }
    }
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    if (error.code === 'truncated') return { kind: 'incomplete' }
    if (error.code === 'too-large') {
      const isOfUnits = error.context.structure === 'trun'
      return { kind: 'refused', reason: isOfUnits ? TOO_MANY_UNITS : `a segment cannot be read: ${error.message}` }
    }
    return { kind: 'media', entries: [], start: 0, end: 0, malformed: malformed + 1, tracks: kinds(tracks) }
  }
  if (entries.length === 0 && malformed === 0) return { kind: 'incomplete' }
  if (entries.length === 0) [start, end] = [0, 0]
  return { kind: 'media', entries, start, end, malformed, tracks: kinds(tracks) }
}

function kinds(tracks: ReadonlyMap<number, Track>): { video: boolean; audio: boolean } {
  const slots = [...tracks.values()].map(({ slot }) => slot)
  return { video: slots.includes('video'), audio: slots.includes('audio') }
}

/** One sample as an access unit; undefined where it cannot be one. */
function unitOf(
  bytes: Uint8Array,
  { offset, size, key }: SampleInfo,
  config: TrackConfig,
): { readonly key: boolean; readonly data: Uint8Array } | undefined {
  if (size === 0) return undefined
  const data = bytes.subarray(offset, offset + size)
  if (config.kind === 'audio') return { key: true, data }
  if (config.codec !== 'h264') return { key, data }
  try {
    // Lengths of four bytes, as every encoder of HLS writes them; of `avc3` parameter sets are left out, as they are in EXT-X-MAP.
    const scan = scanAccessUnit(data, 4)
    return scan.picture ? { key: scan.key, data: toFourByteLengths(data, 4) } : undefined
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}

/** Empty edits move a track back, the first one that shows something moves it to where that begins. */
function shiftOf({ edits, timescale }: InitTrack, { timescale: movie }: InitSegment): number {
  let empty = 0
  for (const { duration, mediaTime } of edits) {
    if (mediaTime >= 0) return mediaTime - empty
    if (movie > 0) empty += Math.round((duration / movie) * timescale)
  }
  return -empty
}

/** Exact also where times are counted from 1970: seconds and what is over are converted apart. */
function toClock(time: number, timescale: number): number {
  const seconds = Math.floor(time / timescale)
  return seconds * CLOCK + Math.round(((time - seconds * timescale) * CLOCK) / timescale)
}
