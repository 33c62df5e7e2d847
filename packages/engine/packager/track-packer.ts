import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { TimedUnit } from '../timeline/model.ts'
import type { CutList } from './cut-list.ts'
import { PACKAGER_LIMITS } from './limits.ts'
import type { BroadcastTiming, Part } from './model.ts'
import { PartBuilder } from './part-builder.ts'

/** A track as the packager has it in the running epoch. */
export interface PackedTrack {
  readonly track: TrackId
  readonly timescale: number
  /** Expected ticks of a frame, for the last one of an epoch. */
  readonly frameDuration: number
  /** Its parts carry wall clock. */
  readonly timed: boolean
  readonly pictures: boolean
  /** The first picture after a pause is shown from its segment's begin on. */
  readonly bridges: boolean
}

export interface TrackPackerOptions extends PackedTrack {
  readonly timing: BroadcastTiming
  readonly cuts: CutList
  readonly msn: number
  /** Where the epoch starts, 90 kHz ticks. */
  readonly start: number
  /** Gives the next part number of the track. */
  readonly number: () => number
  readonly emit: (part: Omit<Part, 'epoch' | 'closedAt'>) => void
  readonly counters: { longFrames: number; gaps: number; lateUnits: number }
}

/**
 * Cuts one track of one epoch into parts and segments along the shared cut list. The newest frame is held, because its
 * duration is known only when the next one comes.
 */
export class TrackPacker {
  readonly #o: TrackPackerOptions
  readonly #part: PartBuilder
  readonly #queue: TimedUnit[] = []
  /** End of what was cut, in ticks of the track. */
  #position: number
  #started = false
  /** Until when what was cut is shown, in ticks of the track. */
  #shown = 0
  /** In the current segment: ticks of media and gaps that went into parts, and whether any of it is media. */
  #inSegment = 0
  #media = false
  /** Since a gap nothing was cut that can be decoded: that needs a key frame. */
  #isInGap = false
  #lastDuration: number
  #frameDuration: number
  #msn: number
  /** Whether the current segment began with a key frame. */
  #keyed = true

  constructor(options: TrackPackerOptions) {
    this.#o = options
    this.#msn = options.msn
    this.#lastDuration = options.frameDuration
    this.#frameDuration = options.frameDuration
    this.#part = new PartBuilder(options.track, options.timescale, options.timing)
    this.#position = this.#ticks(options.start)
  }

  get track(): TrackId {
    return this.#o.track
  }

  get msn(): number {
    return this.#msn
  }

  get keyed(): boolean {
    return this.#keyed
  }

  /** The frame to be cut next and the one after it. */
  get head(): TimedUnit | undefined {
    return this.#queue[0]
  }

  get next(): TimedUnit | undefined {
    return this.#queue[1]
  }

  get queued(): number {
    return this.#queue.length
  }

  /** True when the current segment has media, in parts or in the making. */
  get hasMedia(): boolean {
    return this.#media || !this.#part.empty
  }

  /** 90 kHz time of the newest frame, of the end of what was cut without one. */
  get reach(): number {
    return this.to90(this.#queue.at(-1)?.dts ?? this.#position)
  }

  /** 90 kHz time of the frame to be cut next, the end of what was cut without one. */
  get front(): number {
    return this.to90(this.#queue[0]?.dts ?? this.#position)
  }

  /** 90 kHz time of the newest frame, as long as it is held. */
  get held(): number | undefined {
    const newest = this.#queue.at(-1)
    return newest && this.to90(newest.dts)
  }

  to90(ticks: number): number {
    return (ticks * 90_000) / this.#o.timescale
  }

  /** Its frames are of this length, in ticks, and not of the one that was said at first. */
  expect(frameDuration: number): void {
    this.#frameDuration = frameDuration
    this.#lastDuration = frameDuration
  }

  /** False when the unit came too late: its time is past already. */
  push(unit: TimedUnit): boolean {
    const last = this.#queue.at(-1)?.dts ?? (this.#started ? this.#position - 1 : -1)
    if (unit.dts <= last || this.#queue.length >= PACKAGER_LIMITS.queuedUnits) {
      this.#o.counters.lateUnits++
      return false
    }
    this.#queue.push(unit)
    return true
  }

  /** 90 kHz time by which the head belongs to the segment before or after a border. */
  get headMiddle(): number {
    const head = this.head
    return head === undefined ? this.front : this.#middle(head, this.headDuration())
  }

  /** Duration of the head, in ticks: known when the next frame is there. */
  headDuration(): number {
    const head = this.head
    const next = this.next
    return head === undefined || next === undefined ? this.#lastDuration : next.dts - head.dts
  }

  /** Puts the head into its part, in the segment that its begin is nearest to. */
  step(wanted = this.headDuration()): void {
    const unit = this.#queue[0]
    if (unit === undefined) return
    this.#cross(unit, wanted)
    const duration = this.#clip(unit, wanted)
    if (this.#part.closesBefore(duration)) this.closePart(false)
    const early = this.#bridgeable(unit)
    if (early === 0) this.#fillHole(unit)
    if (this.#part.empty && !this.#media) this.#keyed = unit.key
    if (early + duration > this.#o.timing.partTarget * this.#o.timescale * 1.001) this.#o.counters.longFrames++
    this.#queue.shift()
    this.#part.add(unit, early + duration, early)
    if (unit.key || early > 0) this.#isInGap = false
    this.#position = unit.dts + duration
    this.#shown = Math.max(this.#shown, unit.pts + duration)
    this.#started = true
    if (this.#queue.length > 0) this.#lastDuration = duration
  }

  /** True when a frame as long as the last would go into the next part. */
  get partFull(): boolean {
    return this.#part.closesBefore(this.#lastDuration)
  }

  closePart(last: boolean): void {
    if (this.#part.empty) return
    const number = this.#o.number()
    const part = this.#part.finish(number, this.#o.timed)
    this.#inSegment += part.duration
    this.#media = true
    const overhang = this.#shown - part.start - part.duration
    this.#o.emit({
      ...{ track: this.#o.track, number, msn: this.#msn, last, gap: false, ...part },
      ...(overhang > 0 && { overhang }),
      ...(last && this.#saysNext()),
    })
  }

  /** What players that change to the source's pictures have to know of its next segment; nothing where an epoch ends. */
  #saysNext(): Pick<Part, 'nextIndependent'> {
    const { pictures, cuts } = this.#o
    return pictures && cuts.opensWithKey(this.#msn + 1) === false ? { nextIndependent: false } : {}
  }

  /** Ends the segment with the part in the making; without one the rest up to `at` (90 kHz) is a gap. */
  closeSegment(at: number): void {
    if (this.#part.empty) this.#gapUntil(at)
    else this.closePart(true)
    this.#msn++
    this.#inSegment = 0
    this.#media = false
    this.#keyed = true
    // Where the last frame ended before its segment did, what is missing belongs to that segment, not to this one.
    this.#position = Math.max(this.#position, Math.floor((at * this.#o.timescale) / 90_000))
  }

  /** No frame comes: what is held fills its segment up to `at` (90 kHz), an empty one is a gap. */
  giveUpAt(at: number): void {
    const head = this.#queue[0]
    if (head !== undefined && this.#queue.length === 1) {
      const until = this.#ticks(at) - head.dts
      if (until > 0) this.step(until)
    }
    this.closeSegment(at)
  }

  /** The epoch ends: all frames go out, the last one to `end` (90 kHz) where that is near. */
  flush(end?: number): void {
    while (this.#queue.length > 0) {
      const head = this.#queue[0]
      if (head === undefined) return
      const room = end === undefined ? this.#lastDuration : Math.floor((end * this.#o.timescale) / 90_000) - head.dts
      this.step(this.#queue.length > 1 ? this.headDuration() : this.#closing(room))
    }
  }

  /**
   * Duration of the last frame. hls.js leaves no hole behind that is shorter than its `maxBufferHole` of 0.1 s, and does not
   * say that a replay has ended while there is one: those are closed as far as a part may be long. Browsers overlook one of
   * less than a frame.
   */
  #closing(room: number): number {
    const usual = this.#lastDuration
    const hole = room - usual
    if (hole <= 0) return Math.max(1, room)
    if (hole <= usual || hole > PACKAGER_LIMITS.holeSlack * this.#o.timescale) return usual
    return Math.max(usual, Math.min(room, this.#part.longestLast))
  }

  /** A frame that stands far past the end of its segment ends with it; what follows until the next frame is a gap. */
  #clip(unit: TimedUnit, duration: number): number {
    const border = this.#o.cuts.startOf(this.#msn + 1)
    if (border === undefined || duration <= 2 * this.#frameDuration) return duration
    const room = this.#ticks(border) - unit.dts
    return room > 0 && room < duration ? room : duration
  }

  #cross(unit: TimedUnit, duration: number): void {
    for (;;) {
      const border = this.#o.cuts.startOf(this.#msn + 1)
      if (border === undefined || this.#middle(unit, duration) < border) return
      // A segment shorter than a frame of this track still gets one, unless the frames are far past it or come after a pause.
      const at = this.to90(unit.dts)
      const empty = this.#part.empty && this.#inSegment === 0 && !(this.#isHole(unit) && at >= border)
      if (empty && at < border + 90_000 * PACKAGER_LIMITS.holeSlack) return
      this.closeSegment(border)
    }
  }

  /** A frame that stands for a long time still belongs to where it begins. */
  #middle(unit: TimedUnit, duration: number): number {
    return this.to90(unit.dts + Math.min(duration, 2 * this.#frameDuration) / 2)
  }

  /** Nothing was sent for some time before it. */
  #isHole(unit: TimedUnit): boolean {
    const hole = unit.dts - this.#position
    return this.#part.empty && this.#started && hole > PACKAGER_LIMITS.holeSlack * this.#o.timescale
  }

  /**
   * By how much a picture is shown early so that its segment begins with it, in ticks. hls.js 1.7 stands for good at gap parts with
   * media behind them, now and then, and takes media for misplaced that begin long after their segment (`isInvalidInitPts`). Not one
   * that decoders pass over because of the gap before it.
   */
  #bridgeable(unit: TimedUnit): number {
    const isMended = unit.key || !this.#isInGap
    return this.#o.bridges && !this.#media && isMended && this.#isHole(unit) ? unit.dts - this.#position : 0
  }

  /** After a stall the part of the segment that has no media is said to be a gap. */
  #fillHole(unit: TimedUnit): void {
    if (!this.#isHole(unit)) return
    const longest = Math.floor(this.#o.timing.partTarget * this.#o.timescale)
    while (this.#position < unit.dts) this.#gap(Math.min(longest, unit.dts - this.#position), false)
  }

  /** What is missing of a segment; where there is media before it, in pieces that are listed as long as they are. */
  #gapUntil(at: number): void {
    const end = Math.floor((at * this.#o.timescale) / 90_000)
    const longest = Math.floor(this.#o.timing.partTarget * this.#o.timescale)
    while (this.#media && end - this.#position > longest) this.#gap(longest, false)
    this.#gap(Math.max(1, end - this.#position), true)
  }

  #gap(duration: number, last: boolean): void {
    const { track, emit, number, counters } = this.#o
    const start = this.#position
    counters.gaps++
    emit({
      track,
      number: number(),
      msn: this.#msn,
      start,
      duration,
      independent: false,
      last,
      bytes: new Uint8Array(0),
      gap: true,
      ...(last && this.#saysNext()),
    })
    this.#position += duration
    this.#inSegment += duration
    this.#started = true
    this.#isInGap = true
  }

  #ticks(time: number): number {
    return Math.ceil((time * this.#o.timescale) / 90_000)
  }
}
