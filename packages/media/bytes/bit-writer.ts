import { MediaError } from '../error.ts'

/** Growing bit writer for small structures, most significant bit first. */
export class BitWriter {
  readonly #bytes: number[] = []
  #free = 0

  /** `count` (0 to 32) low bits of `value`. Throws `malformed` when the value does not fit. */
  u(count: number, value: number): this {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** count) {
      throw new MediaError('malformed', `${count} bits cannot hold ${value}`)
    }
    for (let i = count - 1; i >= 0; i--) {
      if (this.#free === 0) {
        this.#bytes.push(0)
        this.#free = 8
      }
      this.#free--
      const bit = Math.floor(value / 2 ** i) % 2
      const last = this.#bytes.length - 1
      this.#bytes[last] = (this.#bytes[last] ?? 0) | (bit << this.#free)
    }
    return this
  }

  flag(value: boolean): this {
    return this.u(1, value ? 1 : 0)
  }

  /** What was written, the last byte filled with zero bits. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}
