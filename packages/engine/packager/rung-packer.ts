import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { TrackConfig, VideoTrackConfig } from '@bandstand/media/track.ts'
import type { TimedUnit } from '../timeline/model.ts'
import { PACKAGER_LIMITS } from './limits.ts'
import type { BroadcastTiming, CutFollower, EpochTrack, Part } from './model.ts'
import { createRungInits, type RungInits } from './rung-inits.ts'
import { createSourceCuts, type EpochCuts, followCuts, oldestOpen } from './source-cuts.ts'
import { TrackPacker } from './track-packer.ts'

/** Where the parts of rungs go. */
export interface RungSink {
  /** A rung has this configuration from its next part of the epoch on. */
  rung(epoch: number, track: EpochTrack): void
  part(part: Part): void
}

export interface RungPackerOptions {
  readonly timing: BroadcastTiming
  readonly sink: RungSink
  /** As `Packager.numbersOf`. */
  readonly numbersOf: (track: TrackId) => () => number
  /** It is sound of this sample rate, whose units are in ticks of it; without it pictures. */
  readonly sound?: { readonly sampleRate: number }
}

/** Where a ladder puts what comes back. Times in ticks of 90 kHz but for those of sound, `now` in Unix milliseconds. */
export interface RungPort<Config extends TrackConfig = VideoTrackConfig> {
  /**
   * A rung exists from now on, as gaps until pictures come. Said again, its pictures of the running epoch are of another
   * length than those before.
   *
   * @param frameDuration ticks of 90 kHz, also of sound
   */
  add(track: TrackId, frameDuration: number): void
  /**
   * Pictures of an epoch are to be expected: its segments from the one at `from` on are waited for.
   *
   * @param after what `reached` has told, where the first is the source's next one that the rung has, however much later
   */
  begin(track: TrackId, epoch: number, from: number, after?: number): void
  configure(track: TrackId, epoch: number, config: Config): void
  /** A picture, in order. Until a key frame comes that belongs behind what is cut already, pictures are dropped. */
  unit(unit: TimedUnit, epoch: number): void
  /** No more pictures come of this epoch, at least for now. The last is held, in its part, as long as another encoder may go on there. */
  pause(track: TrackId, epoch: number): void
  /**
   * Time of the newest picture of a rung that is paused, behind which another encoder may go on: with a key frame first, and all of the
   * source's that are shown later, nothing is missing. `undefined` where there is none, or a gap behind it by now.
   */
  reached(track: TrackId, epoch: number): number | undefined
  /** Lets what is overdue become a gap; `now` is when parts are closed from here on. */
  tick(now: number): void
  /** Where the segments of the running epoch begin that are not gaps yet, oldest first. */
  readonly starts: readonly number[]
}

/**
 * Cuts renditions that were made of the source, pictures or sound, where the source was cut, into segments of the same numbers. They come later
 * than the source and hold up nobody: what has not come when the ceiling is reached is a gap, and so is all of a segment
 * while a rung is not being made.
 */
export interface RungPacker<Config extends TrackConfig = VideoTrackConfig> extends CutFollower, RungPort<Config> {
  /** All that is there goes out: the broadcast ends. */
  finish(now: number): void
  /** Pictures that came for what was given up already. */
  readonly lateUnits: number
}

interface Rung {
  readonly track: TrackId
  readonly number: () => number
  /** Of the newest epoch, in ticks of 90 kHz. */
  frameDuration: number
  /** Where it is. */
  cuts: EpochCuts
  packer: TrackPacker
  /** Epochs that media are expected of. */
  readonly expected: Set<number>
  /** How far the source was when they were expected last, where it goes back further than what is waited for. */
  begunAt: number
  needsKey: boolean
  /**
   * It ends where an encoder did. Its last picture lasts until the next, which another may bring, and its part is filled by that: parts
   * have a least length (RFC 8216bis §4.4.4.9).
   */
  isTorn: boolean
  /** The picture behind which the next one goes on. */
  after: number | undefined
  /** Of epochs that have not begun for it; no unit where an encoder ended. */
  early: { readonly epoch: number; readonly unit: TimedUnit | undefined }[]
  readonly inits: RungInits
}

export function createRungPacker<Config extends TrackConfig = VideoTrackConfig>(
  options: RungPackerOptions,
): RungPacker<Config> {
  const { timing, sink, sound } = options
  const timescale = sound?.sampleRate ?? 90_000
  const openSegments = PACKAGER_LIMITS[sound === undefined ? 'rungOpenSegments' : 'soundOpenSegments']
  const counters = { longFrames: 0, gaps: 0, lateUnits: 0 }
  const rungs = new Map<TrackId, Rung>()
  const source = createSourceCuts(openSegments)
  let clock = 0

  function ticks(of90: number): number {
    return Math.round((of90 * timescale) / 90_000)
  }

  function open(
    rung: Pick<Rung, 'track' | 'number' | 'frameDuration' | 'inits'>,
    cuts: EpochCuts,
    msn: number,
    start: number,
  ) {
    return new TrackPacker({
      ...{ track: rung.track, number: rung.number, frameDuration: ticks(rung.frameDuration), timescale },
      timed: false,
      pictures: sound === undefined,
      // Who has chosen a rung is shown the source meanwhile.
      bridges: false,
      timing,
      cuts: cuts.list,
      msn,
      start,
      emit(part) {
        const epoch = cuts.epoch.id
        if (!part.gap) rung.inits.before(epoch, part.number)
        sink.part({ ...part, epoch, closedAt: clock })
      },
      counters,
    })
  }

  /** The next epoch, where all of this one is cut. */
  function advance(rung: Rung): boolean {
    const next = source.after(rung.cuts)
    if (next === undefined) return false
    rung.cuts = next
    rung.packer = open(rung, next, next.first, next.epoch.start)
    rung.needsKey = true
    const early = rung.early
    rung.early = []
    for (const { epoch, unit } of early) {
      if (unit !== undefined) accept(rung, epoch, unit)
      else tear(rung, epoch)
    }
    return true
  }

  /** What comes next, if anything does, is another encoder's. */
  function tear(rung: Rung, epoch: number): void {
    const { cuts } = rung
    if (epoch > cuts.epoch.id) wait(rung, epoch)
    if (epoch !== cuts.epoch.id) return
    rung.needsKey = true
    if (cuts.over === undefined) rung.isTorn = true
  }

  function wait(rung: Rung, epoch: number, unit?: TimedUnit): void {
    if (rung.early.length < PACKAGER_LIMITS.queuedUnits) rung.early.push({ epoch, unit })
  }

  function accept(rung: Rung, epoch: number, unit: TimedUnit): void {
    const { id } = rung.cuts.epoch
    if (epoch > id) return wait(rung, epoch, unit)
    const { reach, held } = rung.packer
    const at = rung.packer.to90(unit.dts)
    if (epoch < id || (rung.needsKey && (!unit.key || at < reach || at === held))) {
      counters.lateUnits++
      rung.after = undefined
      return
    }
    if (rung.needsKey) {
      if (!goesOn(rung, epoch, at)) {
        giveUpBefore(rung, at)
        // A segment has one initialisation segment: other pictures begin with the next.
        if ((rung.packer.hasMedia || rung.packer.queued > 0) && rung.inits.isOther(epoch)) {
          counters.lateUnits++
          rung.after = undefined
          return
        }
        closeTorn(rung)
      }
      rung.inits.begin(epoch)
    }
    rung.isTorn = false
    rung.needsKey = false
    rung.packer.push(unit)
  }

  /** Goes as far as the source's cuts are known. */
  function pump(rung: Rung): void {
    for (;;) {
      const { cuts, packer } = rung
      const decided = cuts.over === undefined ? cuts.decided : Number.POSITIVE_INFINITY
      while (packer.queued > 1 && packer.headMiddle <= decided) packer.step()
      giveUp(rung)
      if (!isThrough(rung)) return
      conclude(rung)
      if (!advance(rung)) return
    }
  }

  /** Of what comes until then more is missing than a picture that lasts longer makes up for. */
  function lacks({ packer, frameDuration }: Rung, until: number): boolean {
    return until - packer.reach - frameDuration > PACKAGER_LIMITS.holeSlack * 90_000
  }

  /** Nothing is missing between where it was torn and what comes at this time. */
  function goesOn(rung: Rung, epoch: number, at: number): boolean {
    const { isTorn, after, packer, inits } = rung
    if (!isTorn || packer.held === undefined || inits.isOther(epoch)) return false
    return after === packer.held || !lacks(rung, at)
  }

  /** Nobody goes on where it was torn. */
  function closeTorn(rung: Rung): void {
    if (!rung.isTorn) return
    rung.isTorn = false
    rung.packer.flush()
    rung.packer.closePart(false)
  }

  function giveUp(rung: Rung): void {
    const { cuts, packer, expected } = rung
    const { list, epoch } = cuts
    for (;;) {
      const border = list.startOf(packer.msn + 1)
      if (border === undefined || packer.reach >= border) return
      // What a ladder that is asked for now may still make is left open.
      const isOverdue = expected.has(epoch.id) ? isOverdueAt(rung, border) : list.newest - packer.msn > openSegments
      if (!isOverdue) return
      closeTorn(rung)
      packer.giveUpAt(border)
    }
  }

  /** Segments that end before something comes for them. */
  function giveUpBefore(rung: Rung, at: number): void {
    const { cuts, packer } = rung
    for (;;) {
      const border = cuts.list.startOf(packer.msn + 1)
      if (border === undefined || border > at) return
      closeTorn(rung)
      packer.giveUpAt(border)
    }
  }

  function newest(): number {
    return source.newest?.decided ?? 0
  }

  /** What belongs before this is not waited for any longer. */
  function isOverdueAt({ begunAt }: Rung, border: number): boolean {
    return newest() > Math.max(border, begunAt) + PACKAGER_LIMITS.rungBehind * 90_000
  }

  /** Nothing of this epoch comes any more. */
  function isThrough(rung: Rung): boolean {
    const { cuts, expected } = rung
    if (cuts.over === undefined) return false
    return !expected.has(cuts.epoch.id) || isOverdueAt(rung, cuts.over.end)
  }

  function conclude(rung: Rung): void {
    const { cuts, packer } = rung
    if (cuts.over === undefined) return
    const { end, last } = cuts.over
    if (lacks(rung, end)) closeTorn(rung)
    rung.isTorn = false
    packer.flush(end)
    while (packer.msn <= last) packer.closeSegment(Math.min(end, cuts.list.startOf(packer.msn + 1) ?? end))
  }

  function pumpAll(): void {
    for (const rung of rungs.values()) pump(rung)
  }

  return {
    ...followCuts(source, pumpAll, () => [...rungs.values()].map(({ cuts, packer }) => ({ cuts, msn: packer.msn }))),
    add(track, frameDuration) {
      const cuts = source.newest
      const known = rungs.get(track)
      if (known !== undefined) {
        known.frameDuration = frameDuration
        if (known.cuts === cuts) known.packer.expect(ticks(frameDuration))
      }
      if (cuts === undefined || known !== undefined) return
      const number = options.numbersOf(track)
      const { list } = cuts
      const msn = oldestOpen(cuts, openSegments)
      const start = list.startOf(msn) ?? list.newestStart
      const inits = createRungInits(track, sink.rung)
      const facts = { track, number, frameDuration, inits }
      const rung: Rung = {
        ...facts,
        ...{ cuts, packer: open(facts, cuts, msn, start) },
        expected: new Set(),
        begunAt: Number.NEGATIVE_INFINITY,
        needsKey: true,
        isTorn: false,
        after: undefined,
        early: [],
      }
      rungs.set(track, rung)
      pump(rung)
    },
    begin(track, epoch, from, after) {
      const rung = rungs.get(track)
      if (rung === undefined) return
      rung.expected.add(epoch)
      if (sound !== undefined) rung.begunAt = newest()
      if (rung.cuts.epoch.id !== epoch) return
      rung.needsKey = true
      rung.after = after
      giveUpBefore(rung, from)
    },
    configure(track, epoch, config) {
      rungs.get(track)?.inits.configure(epoch, config)
    },
    unit(unit, epoch) {
      const rung = rungs.get(unit.track)
      if (rung === undefined) return
      accept(rung, epoch, unit)
      pump(rung)
    },
    pause(track, epoch) {
      const rung = rungs.get(track)
      if (rung === undefined) return
      rung.expected.delete(epoch)
      tear(rung, epoch)
      pump(rung)
    },
    reached(track, epoch) {
      const { cuts, packer, isTorn } = rungs.get(track) ?? {}
      return isTorn === true && cuts?.epoch.id === epoch && cuts.over === undefined ? packer?.held : undefined
    },
    tick(now) {
      clock = now
      pumpAll()
    },
    finish(now) {
      clock = now
      for (const rung of rungs.values()) {
        rung.expected.clear()
        pump(rung)
      }
    },
    get starts() {
      return source.starts
    },
    get lateUnits() {
      return counters.lateUnits
    },
  }
}
