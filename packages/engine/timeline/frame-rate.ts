import type { TimelineTrack } from './model.ts'

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
