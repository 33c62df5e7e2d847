import type { LossRange } from '../packet/nak.ts'
import { sequenceAfter, sequenceDistance } from '../sequence.ts'

/** A payload that could not be decrypted: it counts as come, and nothing is handed on. */
export const NOTHING = new Uint8Array(0)

/** First number of places. Power of two. */
const FIRST_PLACES = 256

export type Inserted = 'new' | 'duplicate' | 'late' | 'outside'

/**
 * Packets that wait for their time, or for those that are missing before them: a ring that grows up to its bound.
 * Offsets count from the next packet to be handed on.
 */
export class ReceiveBuffer {
  /** Sequence number of the next packet to be handed on. */
  base: number
  /** Places up to the newest packet that has come, with it. */
  span = 0
  /** Leading packets that are there: what can be acknowledged. */
  contiguous = 0
  /** Places within `span` without a packet. */
  missing = 0
  readonly #most: number
  #head = 0
  #payloads: (Uint8Array | undefined)[]
  /** When each is due (ms); of missing ones, when they were last asked for. */
  #times: Float64Array

  /** @param most places, a power of two */
  constructor(base: number, most: number) {
    this.base = base
    this.#most = most
    const places = Math.min(FIRST_PLACES, most)
    this.#payloads = Array.from({ length: places })
    this.#times = new Float64Array(places)
  }

  /** Where a packet would go, without putting it there. */
  look(sequence: number): Inserted {
    const offset = sequenceDistance(this.base, sequence)
    if (offset < 0) return 'late'
    if (offset >= this.#most) return 'outside'
    return offset < this.span && this.#payloads[this.#place(offset)] !== undefined ? 'duplicate' : 'new'
  }

  /** Puts a packet that `look` called new where it belongs. @param due ms */
  insert(sequence: number, payload: Uint8Array, due: number): void {
    const offset = sequenceDistance(this.base, sequence)
    while (offset >= this.#payloads.length) this.#grow()
    if (offset >= this.span) {
      for (let i = this.span; i < offset; i++) this.#times[this.#place(i)] = 0
      this.missing += offset - this.span
      this.span = offset + 1
    } else {
      this.missing--
    }
    const place = this.#place(offset)
    this.#payloads[place] = payload
    this.#times[place] = due
    if (offset === this.contiguous) this.#advance()
  }

  /** When the first packet that is there is due, ms; `Infinity` where nothing waits. */
  nextDue(): number {
    const offset = this.#firstThere()
    return offset < 0 ? Number.POSITIVE_INFINITY : (this.#times[this.#place(offset)] as number)
  }

  /** Missing packets in front of the first that is there. */
  gap(): number {
    return Math.max(0, this.#firstThere())
  }

  /** Takes the next packet. Only where `gap` is 0 and something waits. */
  take(): Uint8Array {
    const payload = this.#payloads[this.#head] as Uint8Array
    this.#leave(1)
    return payload
  }

  /** Gives up so many missing packets in front. */
  skip(count: number): void {
    this.missing -= count
    this.#leave(count)
    this.contiguous = 0
    this.#advance()
  }

  /** Goes on so many packets further. Only where nothing waits. */
  jump(count: number): void {
    this.base = sequenceAfter(this.base, count)
  }

  /**
   * Missing packets that were not asked for since `before` (ms), which are noted as asked for `now`.
   *
   * @param words of the loss list: a range takes two
   */
  losses(before: number, now: number, words: number, from = 0): LossRange[] {
    const ranges: LossRange[] = []
    let left = words
    for (let i = Math.max(from, this.contiguous); i < this.span && left >= 2; i++) {
      if (!this.#isWanted(i, before)) continue
      const first = i
      while (i < this.span && this.#isWanted(i, before)) this.#times[this.#place(i++)] = now
      ranges.push({ first: sequenceAfter(this.base, first), last: sequenceAfter(this.base, i - 1) })
      left -= i - first > 1 ? 2 : 1
    }
    return ranges
  }

  #isWanted(offset: number, before: number): boolean {
    const place = this.#place(offset)
    return this.#payloads[place] === undefined && (this.#times[place] as number) <= before
  }

  #firstThere(): number {
    for (let i = 0; i < this.span; i++) if (this.#payloads[this.#place(i)] !== undefined) return i
    return -1
  }

  #leave(count: number): void {
    for (let i = 0; i < count; i++) this.#payloads[this.#place(i)] = undefined
    this.#head = this.#place(count)
    this.base = sequenceAfter(this.base, count)
    this.span -= count
    this.contiguous = Math.max(0, this.contiguous - count)
  }

  #advance(): void {
    while (this.contiguous < this.span && this.#payloads[this.#place(this.contiguous)] !== undefined) this.contiguous++
  }

  #place(offset: number): number {
    return (this.#head + offset) & (this.#payloads.length - 1)
  }

  #grow(): void {
    const places = this.#payloads.length
    const payloads: (Uint8Array | undefined)[] = Array.from({ length: places * 2 })
    const times = new Float64Array(places * 2)
    for (let i = 0; i < this.span; i++) {
      payloads[i] = this.#payloads[this.#place(i)]
      times[i] = this.#times[this.#place(i)] as number
    }
    this.#payloads = payloads
    this.#times = times
    this.#head = 0
  }
}
