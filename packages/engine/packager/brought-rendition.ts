import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import type { TimedUnit } from '../timeline/model.ts'
import { type CutList, createCutList } from './cut-list.ts'
import { PACKAGER_LIMITS } from './limits.ts'
import type { BroadcastTiming, EpochTrack, Part } from './model.ts'
import { createRungInits } from './rung-inits.ts'
import { type EpochCuts, oldestOpen, type Place, type SourceCuts } from './source-cuts.ts'
import { TrackPacker } from './track-packer.ts'

export interface BroughtRenditionOptions {
  readonly track: TrackId
  readonly timing: BroadcastTiming
  readonly source: Pick<SourceCuts, 'newest' | 'after'>
  /** The epoch in which it joins. */
  readonly joins: EpochCuts
  /** Ticks of 90 kHz. */
  readonly frameDuration: number
  /** Gives the next part number of the track. */
  readonly number: () => number
  /** Wall clock, Unix milliseconds. */
  readonly now: () => number
  /** Its next part of the epoch needs this, and those that follow. */
  readonly onInit: (epoch: number, init: EpochTrack) => void
  readonly onPart: (part: Part) => void
}

/** Why segments of a rendition are gaps, counted since it joined. */
export interface BroughtMisses {
  /** No key frame stood where the source's segment begins with one. */
  misaligned: number
  /** No picture came in time. */
  absent: number
  /** Pictures that were left out for either, that came too late, or that found the queue full. */
  droppedUnits: number
}

/** A picture and what decodes it. */
interface Entry {
  readonly epoch: number
  readonly unit: TimedUnit
  readonly config: VideoTrackConfig
}

/**
 * Cuts one rendition that the encoder brings where the source is cut. Each of its segments begins with a key frame where the source's
 * does, within a frame or so, so that players may change there; where there is none, it is a gap up to the next that has one. Pictures
 * wait here until it is known where the source's next segment begins: they may come before the source's own.
 */
export class BroughtRendition {
  readonly #o: BroughtRenditionOptions
  readonly #inits: ReturnType<typeof createRungInits>
  readonly misses: BroughtMisses = { misaligned: 0, absent: 0, droppedUnits: 0 }
  #cuts: EpochCuts
  /** Where its own segments begin: with its key frame, which may be a little beside the source's. */
  #own: CutList
  #packer: TrackPacker
  #queue: Entry[] = []
  #queuedBytes = 0
  #frameDuration: number
  /** Decided whether the first segment of the epoch begins with a key frame. */
  #hasBegun = false
  /** Pictures of the current segment can be decoded, from its begin on. */
  #isTaken = false
  /** What the initialisation segment describes that is in effect. */
  #described: VideoTrackConfig | undefined
  /** Wall clock since when the source's next border is known. */
  #borderSince: number | undefined
  /** The same of the epoch's end. */
  #endSince: number | undefined
  /** Nothing came for the segment before. */
  #isAway = false
  /** No more pictures come of epochs up to this one. */
  #overUpTo = -1

  constructor(options: BroughtRenditionOptions) {
    this.#o = options
    this.#frameDuration = options.frameDuration
    this.#inits = createRungInits(options.track, options.onInit)
    this.#cuts = options.joins
    const { list } = options.joins
    const msn = oldestOpen(options.joins)
    this.#own = createCutList(msn, list.startOf(msn) ?? list.newestStart)
    this.#packer = this.#open(msn)
  }

  get place(): Place {
    return { cuts: this.#cuts, msn: Math.min(this.#packer.msn, this.#own.newest) }
  }

  /** Its frames are of this length, in ticks of 90 kHz. */
  expect(frameDuration: number): void {
    this.#frameDuration = frameDuration
    this.#packer.expect(frameDuration)
  }

  unit(epoch: number, unit: TimedUnit, config: VideoTrackConfig): void {
    const isFull =
      this.#queue.length >= PACKAGER_LIMITS.queuedUnits ||
      this.#queuedBytes + unit.data.byteLength > PACKAGER_LIMITS.broughtBytes
    if (isFull || epoch < this.#cuts.epoch.id || epoch <= this.#overUpTo) {
      this.misses.droppedUnits++
      return
    }
    this.#isAway = false
    this.#queue.push({ epoch, unit, config })
    this.#queuedBytes += unit.data.byteLength
    this.pump()
  }

  /** No more pictures come of this epoch, nor of those before. */
  over(epoch: number): void {
    this.#overUpTo = Math.max(this.#overUpTo, epoch)
    this.pump()
  }

  /** Goes as far as the source's cuts are known and waited for what is missing. */
  pump(): void {
    for (;;) {
      const border = this.#nextBorder()
      if (border !== undefined) {
        if (!this.#cross(border)) return
        continue
      }
      const { over, decided } = this.#cuts
      if (over === undefined) {
        // A key frame that is a little before a border that is yet to come begins what follows it.
        this.#take(decided - this.#tolerance)
        return
      }
      this.#take(this.#own.startOf(over.last + 1) ?? Number.POSITIVE_INFINITY)
      this.#drop()
      if (!this.#isThrough(over.end) || !this.#conclude(over)) return
    }
  }

  #open(msn: number): TrackPacker {
    const cuts = this.#cuts
    const { track, number, timing, now, onPart } = this.#o
    return new TrackPacker({
      ...{ track, number, timing, msn, frameDuration: this.#frameDuration, cuts: this.#own },
      timescale: 90_000,
      timed: false,
      pictures: true,
      // Who has chosen it is shown another rendition meanwhile.
      bridges: false,
      start: this.#own.newestStart,
      emit: (part) => {
        const epoch = cuts.epoch.id
        if (!part.gap) this.#inits.before(epoch, part.number)
        onPart({ ...part, epoch, closedAt: now() })
      },
      counters: { longFrames: 0, gaps: 0, lateUnits: 0 },
    })
  }

  /** How far its key frame may be from the source's to begin the same segment, in ticks. */
  get #tolerance(): number {
    return Math.max(PACKAGER_LIMITS.broughtTolerance * 90_000, 1.5 * this.#frameDuration)
  }

  /** Number of the segment whose begin is to be decided next. */
  get #target(): number {
    return this.#hasBegun ? this.#own.newest + 1 : this.#own.newest
  }

  /** Where the source begins it, once that is known. */
  #nextBorder(): number | undefined {
    const border = this.#cuts.list.startOf(this.#target)
    if (border === undefined) this.#borderSince = undefined
    else this.#borderSince ??= this.#o.now()
    return border
  }

  #head(): Entry | undefined {
    const { id } = this.#cuts.epoch
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      if (head.epoch === id) return head
      if (head.epoch > id) return undefined
      this.#shift()
      this.misses.droppedUnits++
    }
    return undefined
  }

  #shift(): void {
    const gone = this.#queue.shift()
    this.#queuedBytes -= gone?.unit.data.byteLength ?? 0
  }

  /** Pictures before `limit` go into the segment they are of, or nowhere. */
  #take(limit: number): void {
    for (let head = this.#head(); head !== undefined && head.unit.dts < limit; head = this.#head()) {
      this.#shift()
      // A segment has one initialisation segment: other pictures begin with the next.
      if (this.#isTaken && head.config !== this.#described && !this.#describe(head, false)) this.#isTaken = false
      if (!this.#isTaken || !this.#packer.push(head.unit)) this.misses.droppedUnits++
      while (this.#packer.queued > 1) this.#packer.step()
    }
  }

  /** The source has nothing where these are: their segment's number is the next epoch's. */
  #drop(): void {
    for (let head = this.#head(); head !== undefined; head = this.#head()) {
      this.#shift()
      this.misses.droppedUnits++
    }
  }

  /** @returns whether it can be decoded in its segment */
  #describe({ epoch, config }: Entry, isFirst: boolean): boolean {
    this.#inits.configure(epoch, config)
    if (!isFirst && this.#inits.isOther(epoch)) return false
    this.#described = config
    this.#inits.begin(epoch)
    return true
  }

  /** @returns false while it is not known whether a key frame stands at the border */
  #cross(border: number): boolean {
    const isKeyed = this.#cuts.list.opensWithKey(this.#target) !== false
    this.#take(border - this.#tolerance)
    // A border without the source's key frame may stand just before one that has it.
    const tolerance = isKeyed ? this.#tolerance : this.#frameDuration / 2
    const { id } = this.#cuts.epoch
    const key = this.#queue.find(
      ({ epoch, unit }) => epoch === id && unit.key && Math.abs(unit.dts - border) <= tolerance,
    )
    const isPast = this.#queue.some(({ epoch, unit }) => epoch > id || unit.dts > border + tolerance)
    if (key === undefined && !isPast && !this.#isOverdue(border, this.#borderSince)) return false
    this.#borderSince = undefined
    if (!isKeyed && this.#isTaken && key === undefined) {
      // The source's begins without a key frame too: it goes on, cut at its nearest picture.
      this.#own.cut(border, false)
      this.#forget()
      return true
    }
    this.#begin(key?.unit.dts ?? border, key, isPast, isKeyed)
    return true
  }

  #begin(at: number, key: Entry | undefined, isPast: boolean, isKeyed: boolean): void {
    this.#take(at)
    if (this.#hasBegun) {
      this.#own.cut(at, isKeyed)
      this.#close()
    }
    this.#hasBegun = true
    this.#isTaken = key !== undefined
    if (key !== undefined) {
      if (key.config !== this.#described) this.#describe(key, true)
    } else if (isPast) this.misses.misaligned++
    else {
      this.misses.absent++
      this.#isAway = true
    }
    this.#forget()
  }

  /** All segments before the newest are over, with what there is of them. */
  #close(): void {
    const { newest } = this.#own
    while (this.#packer.msn < newest) {
      const end = this.#own.startOf(this.#packer.msn + 1) ?? this.#own.newestStart
      this.#leaveHole(end)
      this.#packer.giveUpAt(end)
    }
  }

  /** What is missing before `end` is a gap, where it is more than a picture that lasts longer makes up for. */
  #leaveHole(end: number): void {
    const { reach, queued } = this.#packer
    if (queued === 0 || end - reach - this.#frameDuration <= PACKAGER_LIMITS.holeSlack * 90_000) return
    this.#packer.flush()
    this.#packer.closePart(false)
  }

  #forget(): void {
    this.#own.forget(Math.min(this.#packer.msn, this.#own.newest) - 1)
  }

  /** Nothing that comes for `at`, which is known since then, is waited for any longer. */
  #isOverdue(at: number, since = this.#o.now()): boolean {
    const { epoch } = this.#cuts
    if (epoch.id <= this.#overUpTo) return true
    // One that is away is not waited for with each segment: what is recorded would be listed so much later.
    const patience = this.#isAway ? PACKAGER_LIMITS.awayPatience : PACKAGER_LIMITS.rungBehind
    const waited = (this.#o.now() - since) / 1000
    return waited >= patience && (this.#o.source.newest?.decided ?? 0) > at + patience * 90_000
  }

  #isThrough(end: number): boolean {
    if (this.#queue.length > 0) return true
    this.#endSince ??= this.#o.now()
    return this.#isOverdue(end, this.#endSince)
  }

  /** The epoch is over. @returns false where the next one has not begun */
  #conclude({ end, last }: { readonly end: number; readonly last: number }): boolean {
    if (this.#packer.msn <= last || this.#packer.queued > 0) {
      this.#leaveHole(end)
      this.#packer.flush(end)
      while (this.#packer.msn <= last) {
        this.#packer.closeSegment(Math.min(end, this.#own.startOf(this.#packer.msn + 1) ?? end))
      }
    }
    const next = this.#o.source.after(this.#cuts)
    if (next === undefined) return false
    this.#cuts = next
    this.#own = createCutList(next.first, next.epoch.start)
    this.#packer = this.#open(next.first)
    this.#hasBegun = false
    this.#isTaken = false
    this.#described = undefined
    this.#borderSince = undefined
    this.#endSince = undefined
    return true
  }
}
