import { AUDIO_TRACK, FURTHER_SOUNDS, isFurtherSound, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import type { AnnouncedTracks } from '../ports.ts'
import { bornOut, saidFrameRate } from './frame-rate.ts'
import { TIMELINE_LIMITS } from './limits.ts'
import type { TimelineTrack } from './model.ts'
import { type HeldUnit, measureFrameDuration } from './source.ts'

/** How an epoch begins, once that is decided. */
export interface Chosen {
  readonly tracks: readonly TimelineTrack[]
  /** From the first key frame on, in order of arrival. */
  readonly units: readonly HeldUnit[]
  /** Source time of the epoch's start in 90 kHz ticks: presentation of the first key frame, else of the first sound. */
  readonly base: number
  /** Added to the source times of sound: 0 unless its clock has nothing to do with the picture's. */
  readonly audioShift: number
  /** Wall clock of `base`, Unix milliseconds. */
  readonly wallClock: number
}

/** The wait before an epoch: units are held, bounded, until it is known which tracks there are. */
export interface Gathering {
  announce(expected: AnnouncedTracks): void
  want(track: TrackId): void
  forget(track: TrackId): void
  add(held: HeldUnit): void
  /** @param isAll what is waited for besides its tracks is there */
  ready(now: number, isAll?: boolean): boolean
  /**
   * Decides with what there is; `undefined` when nothing can start.
   * @param before tracks of the epoch before. `keep`: sound that was heard and is merely silent stays in the set.
   */
  choose(
    configs: ReadonlyMap<TrackId, TrackConfig>,
    before: ReadonlyMap<TrackId, TrackConfig>,
    keep: boolean,
  ): Chosen | undefined
  readonly deadline: number | undefined
  /** Pictures come, but no key frame yet. */
  readonly awaitsKey: boolean
  readonly dropped: number
}

/** Source times of a track: the earliest, the latest and the newest. */
interface Span {
  readonly from: number
  readonly to: number
  readonly last: number
}

export interface GatheringOptions {
  /** Tracks that are waited for; without it whatever is announced, else a second track. */
  readonly wanted?: Iterable<TrackId>
  /** Last source times on a clock that was just left, by track: units that go on with it are dropped for a moment. */
  readonly stale?: ReadonlyMap<TrackId, number>
}

export function createGathering(options: GatheringOptions = {}): Gathering {
  let wanted = new Set(options.wanted ?? [VIDEO_TRACK, AUDIO_TRACK])
  /** Tracks that were heard before, in the epoch before or while that went on without them. */
  const begun = new Set(options.wanted)
  /** By track: where its old clock is, and how many units of that may still come. */
  const stale = new Map<TrackId, { readonly last: number; readonly left: number }>()
  for (const [track, last] of options.stale ?? []) stale.set(track, { last, left: TIMELINE_LIMITS.staleUnits })
  let held: HeldUnit[] = []
  let bytes = 0
  let dropped = 0
  let since: number | undefined
  /** What came of each track, held or not: tracks may have clocks of their own. */
  const seen = new Map<TrackId, Span>()
  let pictures = false
  let key: HeldUnit | undefined

  function isStale({ unit, at }: HeldUnit): boolean {
    const own = stale.get(unit.track)
    if (own === undefined || since === undefined) return false
    if (at - since > TIMELINE_LIMITS.staleMs || own.left <= 0) return false
    const near = Math.abs(unit.dts - own.last) <= TIMELINE_LIMITS.jumpTicks
    const onNew = [...seen.values()].some(
      ({ from, to }) => unit.dts >= from - TIMELINE_LIMITS.jumpTicks && unit.dts <= to + TIMELINE_LIMITS.jumpTicks,
    )
    if (!near || onNew) return false
    stale.set(unit.track, { last: unit.dts, left: own.left - 1 })
    return true
  }

  /** Where a track's own clock jumps while waiting, what was held of it is of no use. */
  function jumped({ unit }: HeldUnit): boolean {
    const last = seen.get(unit.track)?.last
    return last !== undefined && Math.abs(unit.dts - last) > TIMELINE_LIMITS.jumpTicks
  }

  function forget(track: TrackId): void {
    const kept = held.filter((h) => h.unit.track !== track)
    dropped += held.length - kept.length
    held = kept
    bytes = kept.reduce((sum, h) => sum + h.unit.data.byteLength, 0)
    if (key?.unit.track === track) key = undefined
    seen.delete(track)
  }

  function note({ track, dts }: HeldUnit['unit']): void {
    const { from, to } = seen.get(track) ?? { from: dts, to: dts }
    seen.set(track, { from: Math.min(from, dts), to: Math.max(to, dts), last: dts })
  }

  function add(one: HeldUnit): void {
    if (isStale(one)) {
      dropped++
      return
    }
    stale.delete(one.unit.track)
    since ??= one.at
    const { unit } = one
    if (jumped(one)) forget(unit.track)
    if (unit.track === VIDEO_TRACK) {
      pictures = true
      if (unit.key) key ??= one
    }
    if (unit.track === VIDEO_TRACK && key === undefined) dropped++
    else {
      held.push(one)
      bytes += unit.data.byteLength
    }
    note(unit)
    if (awaitsKey()) shedSound()
  }

  function awaitsKey(): boolean {
    return pictures && key === undefined
  }

  /** While a key frame is waited for, sound from before it is not needed. */
  function shedSound(): void {
    const isNeeded = ({ unit }: HeldUnit) => unit.dts >= (seen.get(unit.track)?.to ?? 0) - TIMELINE_LIMITS.alignTicks
    const kept = held.filter(isNeeded)
    dropped += held.length - kept.length
    held = kept
    bytes = kept.reduce((sum, h) => sum + h.unit.data.byteLength, 0)
  }

  function full(): boolean {
    return held.length >= TIMELINE_LIMITS.heldUnits || bytes >= TIMELINE_LIMITS.heldBytes
  }

  function ready(now: number, isAll = true): boolean {
    if (since === undefined || held.length === 0) return false
    if (full()) return true
    const waited = (ms: number) => now >= (since ?? now) + ms
    const waitedTicks = Math.max(0, ...[...seen.values()].map(({ from, to }) => to - from))
    if (awaitsKey()) {
      return waited(TIMELINE_LIMITS.keyWaitMs) || waitedTicks >= TIMELINE_LIMITS.keyWaitTicks
    }
    if (waited(TIMELINE_LIMITS.startWaitMs)) return true
    if (waitedTicks < TIMELINE_LIMITS.rushTicks && rushing(held, key ?? held[0])) return false
    if (waitedTicks >= TIMELINE_LIMITS.startWaitTicks) return true
    const newest = Math.max(...[...seen].filter(([track]) => !isFurtherSound(track)).map(([, { to }]) => to))
    const learned = (key === undefined ? waitedTicks : newest - key.unit.dts) >= TIMELINE_LIMITS.learnTicks
    return learned && isAll && [...wanted].every((track) => has(track))
  }

  function has(track: TrackId): boolean {
    return track === VIDEO_TRACK ? key !== undefined : held.some((h) => h.unit.track === track && reaches(h))
  }

  /** Sound that ends before the first picture does not count. */
  function reaches(h: HeldUnit): boolean {
    return key === undefined || h.unit.dts >= key.unit.pts
  }

  return {
    announce(expected) {
      wanted = new Set()
      if (expected.video) wanted.add(VIDEO_TRACK)
      if (expected.audio) wanted.add(AUDIO_TRACK)
      for (let i = 0; i < (expected.furtherSounds ?? 0); i++) wanted.add(FURTHER_SOUNDS.first + i)
    },
    want: (track) => {
      wanted.add(track)
      begun.add(track)
    },
    forget,
    add,
    ready,
    choose(configs, before, keep) {
      const sound = mainSound(held)
      const first = key ?? sound
      if (first === undefined) return undefined
      const base = first === key ? first.unit.pts : first.unit.dts
      const audioShift = key === undefined || sound === undefined ? 0 : alignment(held, key, sound)
      const tracks: TimelineTrack[] = []
      for (const track of [...configs.keys()].toSorted((a, b) => a - b)) {
        const config = configs.get(track)
        const there = track === VIDEO_TRACK ? key !== undefined : held.some((h) => h.unit.track === track)
        // One that came late and pauses just here is not to begin an epoch each time that it is heard.
        const silent = keep && track !== VIDEO_TRACK && (before.has(track) || begun.has(track))
        if (config === undefined || !(there || silent)) continue
        tracks.push(bornOut({ track, config, frameDuration: frameDuration(held, track, config) }))
      }
      const start = key === undefined ? 0 : held.indexOf(key)
      // Sound may come before the picture it belongs to: what is early by time alone is dropped by its clock.
      const units = held.filter((h, i) => i >= start || h.unit.track !== VIDEO_TRACK)
      return { tracks, units, base, audioShift, wallClock: wallClockOf(held, first) }
    },
    get deadline() {
      if (since === undefined) return undefined
      return since + (awaitsKey() ? TIMELINE_LIMITS.keyWaitMs : TIMELINE_LIMITS.startWaitMs)
    },
    get awaitsKey() {
      return awaitsKey()
    },
    get dropped() {
      return dropped
    },
  }
}

/**
 * Wall clock of the first unit: as it arrived, or earlier where those after it came faster than they play. Encoders send
 * at once what they kept while they connected, and who arrives late was not made late.
 */
function wallClockOf(held: readonly HeldUnit[], first: HeldUnit): number {
  let earliest = first.at
  for (const { unit, at } of held) {
    if (unit.track === first.unit.track) earliest = Math.min(earliest, at - (unit.dts - first.unit.dts) / 90)
  }
  return earliest
}

/** The newest units of the first one's track still come faster than they play, so its wall clock is not known yet. */
function rushing(held: readonly HeldUnit[], first: HeldUnit | undefined): boolean {
  const own = held.filter((h) => h.unit.track === first?.unit.track)
  const newest = own.at(-1)
  if (newest === undefined) return false
  const before = own.findLast((h) => newest.unit.dts - h.unit.dts >= TIMELINE_LIMITS.learnTicks / 2)
  if (before === undefined) return false
  return newest.at - before.at < (newest.unit.dts - before.unit.dts) / 90 / 2
}

/** The first unit of the first sound that there is: the others go by it. */
function mainSound(held: readonly HeldUnit[]): HeldUnit | undefined {
  const sounds = held.filter((h) => h.unit.track !== VIDEO_TRACK)
  const main = Math.min(...sounds.map((h) => h.unit.track))
  return sounds.find((h) => h.unit.track === main)
}

/** Distance by which sound must be moved when its clock is another one: units that arrive together belong together. */
function alignment(held: readonly HeldUnit[], key: HeldUnit, sound: HeldUnit): number {
  const near = held.filter((h) => h.unit.track === sound.unit.track)
  const beside = near.reduce<HeldUnit | undefined>(
    (best, h) => (best === undefined || Math.abs(h.at - key.at) < Math.abs(best.at - key.at) ? h : best),
    undefined,
  )
  if (beside === undefined || isInterleaved(held, beside)) return 0
  const expected = key.unit.dts + (beside.at - key.at) * 90
  const difference = expected - beside.unit.dts
  return Math.abs(difference) > TIMELINE_LIMITS.alignTicks ? Math.round(difference) : 0
}

/** Sent in the order of one clock: what arrives at once may begin seconds apart (sound that starts late). */
function isInterleaved(held: readonly HeldUnit[], sound: HeldUnit): boolean {
  const picture = held.slice(0, held.indexOf(sound)).findLast((h) => h.unit.track === VIDEO_TRACK)
  return picture !== undefined && Math.abs(sound.unit.dts - picture.unit.dts) <= TIMELINE_LIMITS.jumpTicks
}

function frameDuration(held: readonly HeldUnit[], track: TrackId, config: TrackConfig): number {
  if (config.kind === 'audio') return config.frameLength / config.timescale
  return measureFrameDuration(held, track) ?? 1 / (saidFrameRate(config) ?? 30)
}
