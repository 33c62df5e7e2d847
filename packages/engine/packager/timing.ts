import type { BroadcastTiming } from './model.ts'

/** Seconds; EXT-X-TARGETDURATION of every broadcast. */
const TARGET_DURATION = 4
const PART_TARGET = 0.35
/** Parts are cut nearest to this share of the target: 0.33 s of 0.35. */
const NOMINAL = 0.33 / 0.35
/** No part but exempt ones may be shorter than this share of the target (RFC 8216bis §4.4.4.9). */
export const SHORTEST_PART = 0.85
const STEP = 0.05
const LARGEST = 2
/** Timestamps rounded to milliseconds make a part longer or shorter by so much. */
const ROUNDING = 0.001

/**
 * Constants of a broadcast, from the frame durations (seconds) of its first tracks: the smallest part target, from 0.35 s
 * on, that whole frames fill to at least 85 %. Never changed afterwards, for players stop when it changes.
 */
export function chooseTiming(frameDurations: readonly number[]): BroadcastTiming {
  for (let partTarget = PART_TARGET; partTarget <= LARGEST; partTarget = Math.round((partTarget + STEP) * 100) / 100) {
    if (frameDurations.every((frame) => fits(frame, partTarget))) return { targetDuration: TARGET_DURATION, partTarget }
  }
  return {
    targetDuration: TARGET_DURATION,
    partTarget: frameDurations.some((d) => d > PART_TARGET) ? LARGEST : PART_TARGET,
  }
}

/** What a part aims at, in seconds. */
export function nominalPart(timing: BroadcastTiming): number {
  return timing.partTarget * NOMINAL
}

/** Seconds before the end of the playlist where a low-latency player stays: 3 part targets (§4.4.3.8). */
export function partHoldBack(timing: BroadcastTiming): number {
  return Math.round(timing.partTarget * 3 * 1e6) / 1e6
}

/** Parts that may be asked for ahead of the playlist's last (§6.2.5.2, "Advance Part Limit"). */
export function advancePartLimit(timing: BroadcastTiming): number {
  return timing.partTarget < 1 ? Math.ceil(3 / timing.partTarget) : 3
}

function fits(frame: number, target: number): boolean {
  if (frame <= 0) return true
  const frames = Math.floor((target + 1e-6) / frame)
  const filled = frames * frame
  // Exact multiples of a millisecond are not rounded, so a part may just fill its target.
  const rounding = Math.abs(frame * 1000 - Math.round(frame * 1000)) < 1e-6 ? 0 : ROUNDING
  return frames > 0 && filled >= SHORTEST_PART * target + rounding
}
