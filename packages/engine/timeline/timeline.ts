import { type AccessUnit, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { silentFrame } from '@bandstand/media/codecs/silence.ts'
import { sameConfig } from '@bandstand/media/same-config.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import type { AnnouncedTracks } from '../ports.ts'
import { createGathering, type Gathering } from './gathering.ts'
import type { EpochReason, TimelineCounters, TimelineEvent } from './model.ts'
import { openRun, type Run } from './run.ts'
import type { HeldUnit } from './source.ts'

export interface TimelineOptions {
  /** Where the first epoch starts, in ticks of 90 kHz: the end of what a former process recorded. Default 0. */
  readonly start?: number
  /** Number of the first epoch. Default 0. */
  readonly firstEpoch?: number
  /** Program date time that the first epoch may not fall behind, Unix milliseconds. */
  readonly notBefore?: number
}

/**
 * One timeline for each broadcast, also across encoders: source units in, units on the broadcast's clock out. Pure: `now`
 * is wall clock in Unix milliseconds; every call returns what happened, in order.
 */
export interface Timeline {
  /** A new encoder: its clock, tracks and configurations are its own. Closes the running epoch. */
  startEpoch(now: number): readonly TimelineEvent[]
  announce(expected: AnnouncedTracks, now: number): readonly TimelineEvent[]
  /** So many renditions that the encoder brings are configured: the start waits for those that were announced, as for other tracks. */
  brought(configured: number, now: number): readonly TimelineEvent[]
  configure(track: TrackId, config: TrackConfig, now: number): readonly TimelineEvent[]
  /** `unit` on the encoder's clock, 90 kHz, unwrapped. */
  unit(unit: AccessUnit, now: number): readonly TimelineEvent[]
  /** What is not in here has come as far as this in the running epoch, 90 kHz: the next one begins behind it. */
  beside(time: number): void
  /** Time passes: call when `deadline` is reached, or now and then. */
  tick(now: number): readonly TimelineEvent[]
  /** The encoder is gone: what was held is let out, the epoch is closed. */
  stop(now: number): readonly TimelineEvent[]
  /** When `tick` has something to do, Unix milliseconds. */
  readonly deadline: number | undefined
  readonly counters: Readonly<TimelineCounters>
}

export function createTimeline(options: TimelineOptions = {}): Timeline {
  const counters: TimelineCounters = {
    epochs: 0,
    jumps: 0,
    droppedUnits: 0,
    filledAudioFrames: 0,
    clampedTimes: 0,
    audioCorrections: 0,
  }
  let events: TimelineEvent[] = []
  let configs = new Map<TrackId, TrackConfig>()
  let announced: AnnouncedTracks | undefined
  /** Brought renditions that are configured. */
  let brought = 0
  let gathering: Gathering | undefined
  let run: Run | undefined
  let nextEpoch = options.firstEpoch ?? 0
  let end = options.start ?? 0
  /** As {@link Timeline.beside} says. */
  let besideEnd = 0
  let notBefore = options.notBefore ?? Number.NEGATIVE_INFINITY
  /** Tracks and configurations of the epoch before. */
  let before: ReadonlyMap<TrackId, TrackConfig> = new Map()
  let reason: EpochReason = 'encoder'

  function take(): readonly TimelineEvent[] {
    const out = events
    events = []
    return out
  }

  function close(): void {
    if (run === undefined) return
    end = Math.ceil(Math.max(run.end, run.start + 1, besideEnd))
    notBefore = run.wallClock + (end - run.start) / 90
    for (const unit of run.finish()) events.push({ kind: 'unit', unit })
    events.push({ kind: 'epoch-closed', id: run.id, end })
    run = undefined
  }

  /** Ends the running epoch and waits for the next one's start. */
  function restart(why: EpochReason, stale: ReadonlyMap<TrackId, number>): Gathering {
    const wanted = run === undefined ? undefined : new Set(run.wanted)
    close()
    reason = why
    const waiting = createGathering({ ...(wanted && { wanted }), stale })
    if (announced !== undefined && wanted === undefined) waiting.announce(announced)
    gathering = waiting
    return waiting
  }

  function open(now: number): void {
    const waiting = gathering
    const chosen = waiting?.choose(configs, before, reason !== 'encoder')
    if (waiting === undefined || chosen === undefined) return
    gathering = undefined
    run = openRun({
      id: nextEpoch++,
      start: end,
      wallClock: Math.max(Math.ceil(notBefore), Math.round(chosen.wallClock)),
      chosen,
      silence: silentFrame,
      counters,
    })
    counters.epochs++
    counters.droppedUnits += waiting.dropped
    events.push({
      kind: 'epoch-opened',
      id: run.id,
      start: run.start,
      wallClock: run.wallClock,
      tracks: chosen.tracks,
      reason,
      ...(run.tracks.has(VIDEO_TRACK) && { shift: run.start - chosen.base }),
    })
    before = run.tracks
    for (const held of chosen.units) feed(held, now)
  }

  /** The encoder is gone: what was held is let out, but for sound of pictures that never began. */
  function letOut(now: number): void {
    if (gathering?.awaitsKey !== true) return open(now)
    for (const track of configs.keys()) if (track !== VIDEO_TRACK) gathering.forget(track)
    counters.droppedUnits += gathering.dropped
  }

  function feed(held: HeldUnit, now: number): void {
    if (gathering !== undefined) return collect(held, now)
    if (run === undefined) return
    const verdict = run.judge(held)
    if (verdict === 'drop') {
      counters.droppedUnits++
      return
    }
    if (verdict === 'go') {
      for (const unit of run.map(held)) events.push({ kind: 'unit', unit })
      return
    }
    if (verdict === 'jump') counters.jumps++
    const waiting = restart(verdict, verdict === 'jump' ? run.clocks(held.unit.track) : new Map())
    if (verdict === 'late-track') waiting.want(held.unit.track)
    collect(held, now)
  }

  function collect(held: HeldUnit, now: number): void {
    gathering?.add(held)
    if (isReady(now)) open(now)
  }

  function isReady(now: number): boolean {
    return gathering?.ready(now, brought >= (announced?.brought ?? 0)) === true
  }

  function tick(now: number): readonly TimelineEvent[] {
    if (isReady(now)) open(now)
    return take()
  }

  return {
    startEpoch(now) {
      letOut(now)
      close()
      configs = new Map()
      announced = undefined
      brought = 0
      restart('encoder', new Map())
      return take()
    },
    announce(expected, now) {
      announced = { ...expected }
      gathering?.announce(announced)
      return tick(now)
    },
    brought(configured, now) {
      brought = configured
      return tick(now)
    },
    configure(track, config) {
      const known = configs.get(track)
      if (known !== undefined && sameConfig(known, config)) return take()
      configs.set(track, config)
      if (run?.tracks.has(track) === true && track !== VIDEO_TRACK) run.reconfigureSound(track, config)
      else if (run?.tracks.has(track) === true) restart('configuration', new Map())
      // Units of the former configuration cannot be decoded with this one.
      else if (known !== undefined) gathering?.forget(track)
      return take()
    },
    unit(unit, now) {
      if (!configs.has(unit.track) || (run === undefined && gathering === undefined)) {
        counters.droppedUnits++
        return take()
      }
      feed({ unit, at: now }, now)
      return take()
    },
    beside(time) {
      besideEnd = Math.max(besideEnd, time)
    },
    tick,
    stop(now) {
      letOut(now)
      close()
      gathering = undefined
      return take()
    },
    get deadline() {
      return gathering?.deadline
    },
    counters,
  }
}
