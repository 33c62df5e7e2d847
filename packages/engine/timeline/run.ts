import { AUDIO_TRACK, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { sameConfig } from '@bandstand/media/same-config.ts'
import type { AudioTrackConfig, TrackConfig } from '@bandstand/media/track.ts'
import type { Chosen } from './gathering.ts'
import { TIMELINE_LIMITS } from './limits.ts'
import type { TimedUnit, TimelineCounters } from './model.ts'
import { openSound, type Sound } from './sound.ts'
import type { HeldUnit } from './source.ts'
import { VideoClock } from './video-clock.ts'

export interface RunOptions {
  readonly id: number
  /** Ticks of 90 kHz. */
  readonly start: number
  readonly wallClock: number
  readonly chosen: Chosen
  /** One silent frame, `undefined` where none can be made. */
  readonly silence: (config: AudioTrackConfig) => Uint8Array | undefined
  readonly counters: TimelineCounters
}

/** What to do with a unit: map it, drop it, or begin an epoch with it. */
export type Verdict = 'go' | 'drop' | 'jump' | 'late-track' | 'configuration'

/** Why a sound comes that is not of the epoch. */
type Waiting = 'late-track' | 'configuration'

/** A running epoch: one source clock, one track set. */
export interface Run {
  readonly id: number
  readonly start: number
  readonly wallClock: number
  readonly tracks: ReadonlyMap<TrackId, TrackConfig>
  /** What the next epoch should have from its start on: those tracks and sounds that wait for it, less further sounds that have stopped. */
  readonly wanted: Iterable<TrackId>
  /** End of all tracks, 90 kHz ticks, rounded up. */
  readonly end: number
  judge(held: HeldUnit): Verdict
  /** A sound has this configuration from now on: one that is not this epoch's is for the next, beside pictures. */
  reconfigureSound(track: TrackId, config: TrackConfig): void
  map(held: HeldUnit): readonly TimedUnit[]
  /**
   * Silence from where sounds stopped to the end of the others, at the end of the epoch. A hole of 0.05 to 0.1 s is too
   * small for hls.js to leave behind: it says that the replay has ended only where nothing is missing before.
   */
  finish(): readonly TimedUnit[]
  /** Last source times of the tracks other than `except`. */
  clocks(except: TrackId): ReadonlyMap<TrackId, number>
}

export function openRun(options: RunOptions): Run {
  const { id, start, wallClock, chosen, counters } = options
  const tracks = new Map(chosen.tracks.map((t) => [t.track, t.config]))
  const sounds = new Map<TrackId, Sound>()
  for (const { track, config } of chosen.tracks) {
    if (config.kind === 'audio') sounds.set(track, openSound({ track, config, start, make: options.silence, counters }))
  }
  /** The sound that tells of the source's clock, and that the others go by where there are no pictures. */
  const main = tracks.has(VIDEO_TRACK) ? AUDIO_TRACK : (sounds.keys().next().value ?? AUDIO_TRACK)
  const isPlaced = chosen.units.some((h) => h.unit.track === main)
  const key = chosen.units.find((h) => h.unit.track === VIDEO_TRACK)?.unit
  const frame = chosen.tracks.find((t) => t.track === VIDEO_TRACK)?.frameDuration ?? 0
  const video = key === undefined ? undefined : new VideoClock(start, key.dts, key.pts, frame * 90_000)
  /** Last source time and arrival, by track. */
  const seen = new Map<TrackId, { readonly time: number; readonly at: number }>()
  /** Newest picture on the broadcast's clock; without pictures the end of the sounds that lead. */
  let reach = start
  /** Sounds that come and are not of this epoch. */
  const waiting = new Map<TrackId, Waiting>()

  function toBroadcast(unit: { readonly track: TrackId }, time: number): number {
    const source = unit.track === VIDEO_TRACK ? time : time + chosen.audioShift
    return source - chosen.base + start
  }

  function judge(held: HeldUnit): Verdict {
    const { unit, at } = held
    if (unit.track === VIDEO_TRACK) return judgePicture(held)
    const sound = sounds.get(unit.track)
    if (sound === undefined && !waiting.has(unit.track)) waiting.set(unit.track, 'late-track')
    const why = waiting.get(unit.track)
    if (sound === undefined || why !== undefined) {
      if (picturesPause(at)) return why ?? 'late-track'
      // An epoch begins with a key frame: until the next one the pictures go on. Sound that is not heard still bears them out.
      if (sound !== undefined) seen.set(unit.track, { time: unit.dts, at })
      return 'drop'
    }
    return unit.track === main ? judgeMain(held, sound) : judgeFurther(unit, sound)
  }

  function judgeMain({ unit, at }: HeldUnit, { end }: Sound): Verdict {
    const last = seen.get(unit.track)
    const time = toBroadcast(unit, unit.dts)
    // One that was silent when the epoch began has had no say in how sound is moved.
    if (last === undefined) return isPlaced || isBesidePictures(time, at) ? 'go' : 'jump'
    const advance = unit.dts - last.time
    if (Math.abs(advance) <= TIMELINE_LIMITS.jumpTicks) return 'go'
    // Silence was put in up to here, or the others are here too: the sound comes back, its clock did not jump.
    return advance > 0 && (isNear(time, end) || isNear(time, reach)) ? 'go' : 'jump'
  }

  /** On the clock of the pictures: at the newest one, or, as slow ones are seconds apart, as long behind it as wall clock says. */
  function isBesidePictures(time: number, at: number): boolean {
    const last = seen.get(VIDEO_TRACK)
    const since = last === undefined || picturesPause(at) ? 0 : (at - last.at) * 90
    return [reach, reach + since].some((other) => Math.abs(time - other) <= TIMELINE_LIMITS.alignTicks)
  }

  /** A further sound goes where the others have gone, and nowhere else: on a clock of its own it is not heard. */
  function judgeFurther(unit: HeldUnit['unit'], { end }: Sound): Verdict {
    const time = toBroadcast(unit, unit.dts)
    const others = Math.max(reach, sounds.get(main)?.end ?? start)
    const { soundAheadTicks } = TIMELINE_LIMITS
    if (time > others + soundAheadTicks || time < end - soundAheadTicks) return 'drop'
    const last = seen.get(unit.track)
    const goesOn = last === undefined || Math.abs(unit.dts - last.time) <= TIMELINE_LIMITS.jumpTicks
    return goesOn || isNear(time, end) || isNear(time, others) ? 'go' : 'drop'
  }

  function isNear(time: number, other: number): boolean {
    return Math.abs(time - other) <= TIMELINE_LIMITS.jumpTicks
  }

  function judgePicture({ unit, at }: HeldUnit): Verdict {
    if (!tracks.has(unit.track)) return unit.key ? 'late-track' : 'drop'
    const last = seen.get(unit.track)
    const advance = unit.dts - (last?.time ?? unit.dts)
    const isJump =
      last !== undefined &&
      Math.abs(advance) > TIMELINE_LIMITS.jumpTicks &&
      !videoGoesOn(unit.dts, advance, at - last.at)
    if (isJump) return 'jump'
    const [why] = waiting.values()
    return unit.key && why !== undefined ? why : 'go'
  }

  /** Longer than slow pictures do: sound that waits for a key frame would wait in vain. */
  function picturesPause(at: number): boolean {
    const last = seen.get(VIDEO_TRACK)
    return last === undefined || (at - last.at) * 90 > TIMELINE_LIMITS.slowFrameTicks
  }

  /** Pictures paused: the clock is the same when sound went on with it, or when wall clock says so. */
  function videoGoesOn(time: number, advance: number, elapsed: number): boolean {
    if (advance < 0) return false
    const sound = seen.get(AUDIO_TRACK)
    if (sound !== undefined) return Math.abs(time - sound.time - chosen.audioShift) <= TIMELINE_LIMITS.jumpTicks
    return (
      advance <= TIMELINE_LIMITS.slowFrameTicks &&
      Math.abs(advance / 90 - elapsed) <= TIMELINE_LIMITS.slowFrameToleranceMs
    )
  }

  function mapVideo({ unit, at }: HeldUnit, clock: VideoClock): TimedUnit[] {
    const time = clock.map(unit.dts, unit.pts)
    if (time.clamped) counters.clampedTimes++
    reach = Math.max(reach, time.dts)
    const out: TimedUnit[] = [
      { track: unit.track, dts: time.dts, pts: time.pts, key: unit.key, data: unit.data, arrivedAt: at },
    ]
    out.push(...fillOthers(undefined, at))
    return out
  }

  function mapSound({ unit, at }: HeldUnit, sound: Sound): TimedUnit[] {
    const out = sound.map({ unit, at }, toBroadcast(unit, unit.pts), reach)
    if (video !== undefined || !leads(unit.track, at)) return out
    reach = Math.max(reach, sound.end)
    return [...out, ...fillOthers(unit.track, at)]
  }

  /** Where there are no pictures the others go by the main sound, and by any of them while that has stopped. */
  function leads(track: TrackId, at: number): boolean {
    const last = seen.get(main)?.at ?? chosen.units[0]?.at ?? at
    return track === main || (at - last) * 90 >= TIMELINE_LIMITS.audioStallTicks
  }

  /** Sound that is known not to come keeps up with the others: players stay nearer to the edge than a stall is waited for. */
  function fillOthers(except: TrackId | undefined, at: number): TimedUnit[] {
    return [...sounds.values()].flatMap((sound) =>
      sound.track === except ? [] : sound.fill(reach, waiting.has(sound.track), at),
    )
  }

  return {
    id,
    start,
    wallClock,
    tracks,
    get wanted() {
      const heard = [...tracks.keys()].filter((track) => {
        return track === VIDEO_TRACK || track === main || sounds.get(track)?.isStalled(reach) === false
      })
      return [...heard, ...waiting.keys()]
    },
    get end() {
      return Math.ceil(Math.max(start, video?.end ?? start, ...[...sounds.values()].map(({ end }) => end)))
    },
    judge,
    reconfigureSound(track, config) {
      const own = tracks.get(track)
      if (own !== undefined && sameConfig(own, config)) waiting.delete(track)
      else waiting.set(track, 'configuration')
    },
    map(held) {
      const { unit, at } = held
      seen.set(unit.track, { time: unit.dts, at })
      if (unit.track === VIDEO_TRACK) return video === undefined ? [] : mapVideo(held, video)
      const sound = sounds.get(unit.track)
      return sound === undefined ? [] : mapSound(held, sound)
    },
    finish() {
      const end = video?.end ?? reach
      const at = wallClock + (end - start) / 90
      return [...sounds.values()].flatMap((sound) => sound.finish(end, at))
    },
    clocks(except) {
      return new Map([...seen].filter(([track]) => track !== except).map(([track, last]) => [track, last.time]))
    },
  }
}
