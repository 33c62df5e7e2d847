import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import { TIMELINE_LIMITS } from './limits.ts'
import type { TimelineTrack } from './model.ts'

/** Frames a second as the parameter sets say, unless no picture comes like that. */
export function saidFrameRate({ frameRate }: VideoTrackConfig): number | undefined {
  const { least, most } = TIMELINE_LIMITS.frameRates
  return frameRate !== undefined && frameRate >= least && frameRate <= most ? frameRate : undefined
}

/**
 * Frames a second as the encoder's parameter sets say, where what was measured in the first frames does not contradict it:
 * those are few, and their times are often rounded. `undefined` where nothing was measured.
 */
export function frameRateOf({ config, frameDuration }: TimelineTrack): number | undefined {
  if (config.kind !== 'video' || frameDuration <= 0) return undefined
  const measured = 1 / frameDuration
  const said = config.frameRate
  return Math.round((said !== undefined && Math.abs(said / measured - 1) < 0.05 ? said : measured) * 1000) / 1000
}

/** A track whose configuration says no frame rate but what its pictures bear out: what is listed and recorded goes by it. */
export function bornOut(track: TimelineTrack): TimelineTrack {
  const { config } = track
  const frameRate = frameRateOf(track)
  if (config.kind !== 'video' || config.frameRate === undefined || frameRate === undefined) return track
  return Math.abs(frameRate - config.frameRate) < 0.001 ? track : { ...track, config: { ...config, frameRate } }
}
