import { TIMELINE_LIMITS } from './limits.ts'

/** What becomes of one audio frame; times in ticks of the track's timescale. */
export type AudioStep =
  /** `silence`: decode times of silent frames that go before it. */
  | { readonly kind: 'frame'; readonly dts: number; readonly silence: readonly number[]; readonly corrected: boolean }
  /** It overlaps what is there already. */
  | { readonly kind: 'drop' }

/**
 * Audio time counted in samples: each frame begins where the last one ended, whatever the jitter of its timestamp (RTMP
 * rounds to milliseconds, some encoders send frames in bunches). The difference to the timestamps is low-passed, and
 * corrected when it lasts, so that sound stays with the picture over days of drifting clocks.
 */
export class AudioClock {
  readonly #rate: number
  readonly #frame: number
  readonly #canFill: boolean
  #next: number
  #started = false
  #average = 0

  /**
   * @param rate ticks a second; `frame` ticks of a frame; `start` where the epoch begins, in ticks of 90 kHz.
   * @param canFill silent frames can be made; without them holes become longer durations.
   */
  constructor(rate: number, frame: number, start: number, canFill: boolean) {
    this.#rate = rate
    this.#frame = frame
    this.#canFill = canFill
    this.#next = Math.ceil((start * rate) / 90_000)
  }

  /** End of what was accepted, in ticks of the track. */
  get next(): number {
    return this.#next
  }

  /** End of what was accepted, in ticks of 90 kHz, rounded up. */
  get end(): number {
    return Math.ceil((this.#next * 90_000) / this.#rate)
  }

  /**
   * @param time the frame's timestamp on the broadcast's clock, in (fractions of) 90 kHz ticks.
   * @param length ticks of this frame, where it may be another than the others'.
   */
  accept(time: number, length: number = this.#frame): AudioStep {
    const step = this.#place(time)
    // What was placed is as long as the others.
    if (step.kind === 'frame') this.#next += length - this.#frame
    return step
  }

  #place(time: number): AudioStep {
    const target = Math.round((time * this.#rate) / 90_000)
    const difference = target - this.#next
    if (!this.#started) return this.#first(target, difference)
    const jitter = TIMELINE_LIMITS.audioJitterSeconds * this.#rate
    if (difference > jitter) return this.#hole(target)
    if (difference < -jitter) return { kind: 'drop' }
    this.#average += (difference - this.#average) / TIMELINE_LIMITS.audioFilterFrames
    const drift = TIMELINE_LIMITS.audioDriftSeconds * this.#rate
    if (this.#average > drift) return this.#hole(this.#next + Math.round(this.#average))
    if (this.#average < -drift) return this.#shorten()
    return this.#take([], false)
  }

  /** Silent frames up to `time` (90 kHz ticks), where sound has stopped coming. */
  fill(time: number): readonly number[] {
    const target = Math.floor((time * this.#rate) / 90_000)
    const silence: number[] = []
    if (!this.#canFill) return silence
    while (this.#next + this.#frame <= target && silence.length < TIMELINE_LIMITS.silentFrames) {
      silence.push(this.#next)
      this.#next += this.#frame
    }
    this.#started ||= silence.length > 0
    this.#average = 0
    return silence
  }

  /** Silent frames up to `time` (90 kHz ticks) and past it by less than one: the epoch ends there, whatever sound there was. */
  finish(time: number): readonly number[] {
    const silence = [...this.fill(time)]
    const missing = Math.floor((time * this.#rate) / 90_000) - this.#next
    if (!this.#canFill || missing <= 0 || missing > this.#frame) return silence
    silence.push(this.#next)
    this.#next += this.#frame
    return silence
  }

  #first(target: number, difference: number): AudioStep {
    // A frame that began (up to half a frame) before the first picture starts with it: sound early by that is not heard.
    if (difference < -this.#frame / 2) return { kind: 'drop' }
    this.#started = true
    return difference < this.#frame ? this.#take([], false, Math.max(target, this.#next)) : this.#hole(target)
  }

  /** Whole silent frames as far as they go, the rest as a longer duration of the frame before. */
  #hole(target: number): AudioStep {
    const silence: number[] = []
    const rest = this.#canFill ? (target - this.#next) % this.#frame : target - this.#next
    // The rest comes first, where a longer duration is least heard: before the silence.
    this.#next += rest
    while (this.#next + this.#frame <= target && silence.length < TIMELINE_LIMITS.silentFrames) {
      if (!this.#canFill) break
      silence.push(this.#next)
      this.#next += this.#frame
    }
    this.#average = 0
    return this.#take(silence, true, Math.max(this.#next, target))
  }

  /** Sound that runs ahead: a frame is left out, or, where frames are long, the one before is cut short. */
  #shorten(): AudioStep {
    const ahead = Math.round(-this.#average)
    if (this.#frame <= 2 * ahead) {
      this.#average += this.#frame
      return { kind: 'drop' }
    }
    this.#average = 0
    return this.#take([], true, this.#next - Math.min(ahead, Math.floor(this.#frame / 2)))
  }

  #take(silence: readonly number[], corrected: boolean, at = this.#next): AudioStep {
    this.#next = at + this.#frame
    return { kind: 'frame', dts: at, silence, corrected }
  }
}
