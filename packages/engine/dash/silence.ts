import { silentFrame } from '@bandstand/media/codecs/silence.ts'
import { type EpochTrack, nameNumber, trackOf } from '../packager/model.ts'
import { type ListedTrack, type SilentTrack, type Stretch, spanOf } from './stretches.ts'

/** Seconds of a silent segment, at most. */
const LONGEST = 2

/**
 * Stretches of a replay, those of pictures without sound filled with silence where others have sound: dash.js does not go on
 * at the border of two periods of which one is without. A template cannot say how long a segment is, so all of a stretch are
 * equally long, wherever those of the pictures end; their names are those of silence in HLS.
 */
export function withSilence(stretches: readonly Stretch[]): readonly Stretch[] {
  /** Sound as it was last, or will be first. */
  const likes = new Map<number, EpochTrack>()
  const sound = ({ epoch, listed }: Stretch) =>
    [...listed.keys()].flatMap((track) => {
      const own = trackOf(epoch, track)
      return own?.config.kind === 'audio' ? [own] : []
    })
  for (const stretch of stretches.toReversed()) for (const own of sound(stretch)) likes.set(own.track, own)
  if (likes.size === 0) return stretches
  return stretches.map((stretch) => {
    for (const own of sound(stretch)) likes.set(own.track, own)
    return filled(
      stretch,
      [...likes.values()].filter(({ track }) => !stretch.listed.has(track)),
    )
  })
}

/** The name of a silent track's segments, to be filled in as that of any other (ISO/IEC 23009-1 5.3.9.4.4). */
export function silenceTemplate({ initNumber, duration }: SilentTrack): string {
  return `$RepresentationID$/q${nameNumber(initNumber)}-$Time%010d$-${nameNumber(duration)}.m4s`
}

function filled(stretch: Stretch, missing: readonly EpochTrack[]): Stretch {
  const { epoch } = stretch
  const pictures = epoch.tracks.find(({ track, config }) => config.kind === 'video' && stretch.listed.has(track))
  const beside = pictures && stretch.listed.get(pictures.track)
  if (beside === undefined) return stretch
  const listed = new Map(stretch.listed)
  const tracks = new Map(epoch.tracks.map((own) => [own.track, own]))
  for (const like of missing) {
    const silent = silentTrack(like, spanOf(beside))
    if (silent === undefined) continue
    listed.set(like.track, silent)
    tracks.set(like.track, like)
  }
  return { epoch: { ...epoch, tracks: [...tracks.values()] }, listed }
}

/** @param span seconds. */
function silentTrack(
  { config, initNumber }: EpochTrack,
  [from, to]: readonly [number, number],
): ListedTrack | undefined {
  if (config.kind !== 'audio' || silentFrame(config) === undefined) return undefined
  const { timescale, frameLength } = config
  const frames = Math.max(1, Math.round(((to - from) * timescale) / frameLength))
  const each = pieceOf(frames, Math.max(1, Math.floor((LONGEST * timescale) / frameLength)))
  const duration = each * frameLength
  const run = { start: Math.round(from * timescale), duration, count: Math.ceil(frames / each) }
  return { timescale, runs: [run], silence: { initNumber, duration } }
}

/** Frames of equally long pieces that reach as little as possible beyond the end. */
function pieceOf(frames: number, longest: number): number {
  let best = Math.min(frames, longest)
  const excess = (each: number) => Math.ceil(frames / each) * each - frames
  for (let each = best - 1; each >= longest / 2; each--) if (excess(each) < excess(best)) best = each
  return best
}
