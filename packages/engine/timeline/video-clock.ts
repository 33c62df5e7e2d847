import { TIMELINE_LIMITS } from './limits.ts'

/** Decode and presentation time in ticks of 90 kHz. */
export interface VideoTime {
  readonly dts: number
  readonly pts: number
  /** True when the source's decode time did not rise and was moved. */
  readonly clamped: boolean
}

const NOMINAL_START = 3_000

/**
 * Brings one epoch's pictures to the broadcast's clock. The first picture, a key frame, is decoded and shown at `start`:
 * decode times move by the encoder's reordering delay and later pictures may get negative composition offsets. Presentation
 * times keep their distance from the sound.
 */
export class VideoClock {
  readonly #offset: number
  readonly #reorder: number
  #last: number
  #end: number
  #nominal: number
  #sourceDts: number | undefined

  /**
   * @param start broadcast time of the first picture; `dts`, `pts` its times at the source; all in 90 kHz ticks.
   * @param frameDuration expected distance of pictures in ticks; 0 when unknown.
   */
  constructor(start: number, dts: number, pts: number, frameDuration = 0) {
    this.#reorder = believable(pts - dts) ? pts - dts : 0
    this.#offset = start - dts - this.#reorder
    this.#last = start - 1
    this.#end = start
    this.#nominal = frameDuration > 0 ? frameDuration : NOMINAL_START
  }

  /** End of what was mapped so far: after the last picture in decoding and in presentation order. */
  get end(): number {
    return this.#end
  }

  /**
   * @param dts,pts source times in 90 kHz ticks. Decode times that do not rise come out half a picture apart until the
   *   source has caught up, so that a small step back costs a moment of faster pictures and no lasting offset.
   */
  map(dts: number, pts: number): VideoTime {
    const composition = believable(pts - dts) ? pts - dts : this.#reorder
    const mapped = Math.round(dts + this.#offset + this.#reorder)
    const advance = this.#sourceDts === undefined ? 0 : dts - this.#sourceDts
    // Jitter that merely shortens a picture stays as it is; while catching up none gets shorter than a quarter.
    const rises = mapped >= this.#last + Math.max(1, Math.floor(advance / 4))
    const out = rises ? mapped : this.#last + Math.max(1, Math.floor(this.#nominal / 2))
    if (advance > 0) this.#nominal += (Math.min(advance, TIMELINE_LIMITS.jumpTicks) - this.#nominal) / 16
    this.#last = out
    this.#sourceDts = dts
    const shown = Math.round(out + composition - this.#reorder)
    this.#end = Math.max(this.#end, out + this.#nominal, shown + this.#nominal)
    return { dts: out, pts: shown, clamped: out !== mapped }
  }
}

function believable(composition: number): boolean {
  return Math.abs(composition) <= TIMELINE_LIMITS.compositionTicks
}
