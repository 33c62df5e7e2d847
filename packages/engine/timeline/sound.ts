import type { TrackId } from '@bandstand/media/access-unit.ts'
import { frameLengthOf } from '@bandstand/media/codecs/frame-length.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { AudioClock } from './audio-clock.ts'
import { TIMELINE_LIMITS } from './limits.ts'
import type { TimedUnit, TimelineCounters } from './model.ts'
import type { HeldUnit } from './source.ts'

export interface SoundOptions {
  readonly track: TrackId
  readonly config: AudioTrackConfig
  /** Where the epoch starts, ticks of 90 kHz. */
  readonly start: number
  /** One silent frame, `undefined` where none can be made. */
  readonly make: (config: AudioTrackConfig) => Uint8Array | undefined
  readonly counters: TimelineCounters
}

/** One audio track of a running epoch. Times are ticks of 90 kHz on the broadcast's clock. */
export interface Sound {
  readonly track: TrackId
  readonly end: number
  /** @param time its presentation time; `reach` how far pictures are, or the first sound */
  map(held: HeldUnit, time: number, reach: number): TimedUnit[]
  /** Nothing has come of it while those went on. */
  isStalled(reach: number): boolean
  /** Silence where it has stopped, at once where it is known not to come. @param at wall clock, Unix milliseconds */
  fill(reach: number, isAway: boolean, at: number): TimedUnit[]
  /** Silence up to the end of the others. */
  finish(end: number, at: number): TimedUnit[]
}

export function openSound({ track, config, start, make, counters }: SoundOptions): Sound {
  const silence = make(config)
  const clock = new AudioClock(config.timescale, config.frameLength, start, silence !== undefined)
  /** How far the others were when it last came. */
  let reachThen = start

  function silent(times: readonly number[], at: number): TimedUnit[] {
    if (silence === undefined) return []
    counters.filledAudioFrames += times.length
    return times.map((dts) => ({ track, dts, pts: dts, key: true, data: silence, arrivedAt: at }))
  }

  return {
    track,
    get end() {
      return clock.end
    },
    map({ unit, at }, time, reach) {
      reachThen = reach
      // Most codecs' frames are of one length; where they may differ, each says its own.
      const step = clock.accept(time, frameLengthOf(config, unit.data))
      if (step.kind === 'drop') {
        counters.droppedUnits++
        return []
      }
      if (step.corrected) counters.audioCorrections++
      const frame = { track, dts: step.dts, pts: step.dts, key: true, data: unit.data, arrivedAt: at }
      return step.silence.length === 0 ? [frame] : [...silent(step.silence, at), frame]
    },
    isStalled: (reach) => reach - reachThen >= TIMELINE_LIMITS.audioStallTicks,
    fill(reach, isAway, at) {
      const stall = isAway ? 0 : TIMELINE_LIMITS.audioStallTicks
      return reach - reachThen >= stall ? silent(clock.fill(reach - stall), at) : []
    },
    finish: (end, at) => silent(clock.finish(end), at),
  }
}
