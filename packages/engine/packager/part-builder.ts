import type { TrackId } from '@bandstand/media/access-unit.ts'
import { type FragmentSample, writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import type { TimedUnit } from '../timeline/model.ts'
import type { BroadcastTiming } from './model.ts'
import { nominalPart, SHORTEST_PART } from './timing.ts'

/** Lies about a part's length up to this factor rather than making one that is too short. */
const STRETCH = 1.15

/** A finished part's media; times in ticks of the track's timescale. */
export interface BuiltPart {
  readonly start: number
  readonly duration: number
  readonly independent: boolean
  readonly bytes: Uint8Array
}

/** Collects the frames of one part of one track. Lengths in ticks of the track's timescale. */
export class PartBuilder {
  readonly #track: TrackId
  readonly #timescale: number
  readonly #target: number
  readonly #nominal: number
  readonly #shortest: number
  #samples: (FragmentSample & { readonly unit: TimedUnit })[] = []
  #start = 0
  #duration = 0
  #arrivedAt = 0

  constructor(track: TrackId, timescale: number, timing: BroadcastTiming) {
    this.#track = track
    this.#timescale = timescale
    // Timestamps are whole ticks: a part that is over by rounding alone is not over.
    this.#target = Math.round(timing.partTarget * timescale)
    this.#nominal = nominalPart(timing) * timescale
    this.#shortest = timing.partTarget * SHORTEST_PART * timescale
  }

  get empty(): boolean {
    return this.#samples.length === 0
  }

  get duration(): number {
    return this.#duration
  }

  /** True when a frame of `duration` belongs to the next part. */
  closesBefore(duration: number): boolean {
    const length = this.#duration
    if (length === 0) return false
    const longer = length + duration
    // A frame longer than the target makes its part too long anyhow: no reason to make the one before it too short.
    if (length < this.#shortest) return duration <= this.#target && longer > this.#target * STRETCH
    if (longer > this.#target) return true
    return Math.abs(length - this.#nominal) < Math.abs(longer - this.#nominal)
  }

  /** How long a last frame may be: it gets a part of its own where this one is long enough without it. */
  get longestLast(): number {
    return this.#duration < this.#shortest ? this.#target - this.#duration : this.#target
  }

  /** @param early it is shown by so much earlier than it was sent for; only of a part's first. */
  add(unit: TimedUnit, duration: number, early = 0): void {
    if (this.empty) {
      this.#start = unit.dts - early
      this.#arrivedAt = unit.arrivedAt - (early * 1000) / this.#timescale
    }
    this.#samples.push({ unit, data: unit.data, duration, compositionOffset: unit.pts - unit.dts, key: unit.key })
    this.#duration += duration
  }

  /**
   * Writes the chunk and begins anew. Units are read from it from now on: whoever keeps them for a while (the
   * source's hub for viewers to come, the ladder's backlog) would otherwise keep all media twice.
   *
   * @param sequence fragment sequence number; `timed`: with a `prft` box that carries wall clock.
   */
  finish(sequence: number, timed: boolean): BuiltPart {
    const samples = this.#samples
    const start = this.#start
    const bytes = writeFragment({
      sequence,
      track: this.#track,
      baseDecodeTime: start,
      samples,
      ...(timed && { producerTime: { wallClock: this.#arrivedAt, mediaTime: start } }),
    })
    const part = { start, duration: this.#duration, independent: samples[0]?.key === true, bytes }
    // Media are the last of a fragment, one after the other.
    let at = bytes.byteLength - samples.reduce((sum, { data }) => sum + data.byteLength, 0)
    for (const { unit, data } of samples) {
      unit.data = bytes.subarray(at, at + data.byteLength)
      at += data.byteLength
    }
    this.#samples = []
    this.#duration = 0
    return part
  }
}
