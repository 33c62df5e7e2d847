import { silentFrame } from '@bandstand/media/codecs/silence.ts'
import { type FragmentSample, writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import { PACKAGER_LIMITS } from './limits.ts'
import { type Epoch, type EpochTrack, names } from './model.ts'

/**
 * A segment of silence for a stretch of pictures without sound. Players need it: hls.js does not start where one rendition
 * begins with gaps that end at a discontinuity (each waits for the other's first media), and does not come to the end of
 * one that ends with a gap. Made out of its name when asked for, so that nothing of it is stored.
 */
export interface SilentSegment {
  readonly initNumber: number
  /** Ticks of the track that the initialisation segment describes; `timescale` of them are a second, `frame` of them a frame. */
  readonly start: number
  readonly duration: number
  readonly timescale: number
  readonly frame: number
}

/** A span of the broadcast in ticks of `timescale`. */
export interface MediaSpan {
  readonly start: number
  readonly duration: number
  readonly timescale: number
}

/**
 * Silence for a span of an epoch.
 *
 * @param like the track as the epoch has it; where it has none, as another one does.
 * @returns `undefined` where no silence can be made.
 */
export function silentSegment(span: MediaSpan, epoch: Epoch, like: EpochTrack): SilentSegment | undefined {
  const { config, initNumber, track } = like
  if (config.kind !== 'audio' || silentFrame(config) === undefined) return undefined
  const { timescale, frameLength } = config
  const isOwn = epoch.tracks.some((candidate) => candidate.track === track)
  const ticks = (time: number) => Math.round((time * timescale) / span.timescale)
  // Without sound in the epoch all frames are on one grid, so that no segment of it ends within a frame.
  const origin = Math.ceil((epoch.start * timescale) / 90_000)
  const place = (time: number) =>
    isOwn ? ticks(time) : origin + Math.ceil((ticks(time) - origin) / frameLength) * frameLength
  const start = place(span.start)
  const duration = Math.max(isOwn ? 1 : frameLength, place(span.start + span.duration) - start)
  if (start < 0 || duration > PACKAGER_LIMITS.silentFrames * frameLength) return undefined
  return { initNumber, start, duration, timescale, frame: frameLength }
}

/** The same in pieces of whole frames, none longer than `longest` seconds unless a frame is. */
export function piecesOf(whole: SilentSegment, longest: number): readonly SilentSegment[] {
  const step = Math.max(1, Math.floor((longest * whole.timescale) / whole.frame)) * whole.frame
  return Array.from({ length: Math.ceil(whole.duration / step) }, (_, i) => {
    return { ...whole, start: whole.start + i * step, duration: Math.min(step, whole.duration - i * step) }
  })
}

export function silenceName({ initNumber, start, duration }: SilentSegment): string {
  return names.silence(initNumber, start, duration)
}

/** What the name of a silent segment says. */
export type SilenceName = Omit<SilentSegment, 'timescale' | 'frame'>

/** @param file without the rendition's folder. Another spelling of the same number is another URI. */
export function parseSilenceName(file: string): SilenceName | undefined {
  const found = /^q(\d{10,15})-(\d{10,15})-(\d{10,15})\.m4s$/.exec(file)
  if (found === null) return undefined
  const [initNumber, start, duration] = [Number(found[1]), Number(found[2]), Number(found[3])]
  return file === names.silence(initNumber, start, duration) ? { initNumber, start, duration } : undefined
}

/** The bytes; `undefined` where there is no such segment. */
export function writeSilence({ track, config }: EpochTrack, { start, duration }: SilenceName): Uint8Array | undefined {
  const data = config.kind === 'audio' ? silentFrame(config) : undefined
  if (config.kind !== 'audio' || data === undefined) return undefined
  const { frameLength } = config
  const count = Math.ceil(duration / frameLength)
  if (count === 0 || count > PACKAGER_LIMITS.silentFrames) return undefined
  const samples = Array.from({ length: count }, (_, i): FragmentSample => {
    const rest = Math.min(frameLength, duration - i * frameLength)
    return { data, duration: rest, compositionOffset: 0, key: true }
  })
  // The same bytes under the same name: nothing but the name may tell one from another.
  return writeFragment({ sequence: Math.floor(start / frameLength) % 2 ** 32, track, baseDecodeTime: start, samples })
}
