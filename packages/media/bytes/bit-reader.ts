import { MediaError } from '../error.ts'

/** Checked bit reader, most significant bit first, with the Exp-Golomb codes of ITU-T H.264 §9.1. */
export class BitReader {
  readonly #data: Uint8Array
  readonly #structure: string
  #bit = 0

  constructor(data: Uint8Array, structure: string) {
    this.#data = data
    this.#structure = structure
  }

  /** Bits not yet read. */
  get remaining(): number {
    return this.#data.byteLength * 8 - this.#bit
  }

  /** Bits read so far. */
  get position(): number {
    return this.#bit
  }

  /** Up to 32 bits as an unsigned number. */
  u(count: number): number {
    if (count > this.remaining) {
      throw new MediaError('truncated', `${this.#structure}: needs ${count} bits, ${this.remaining} left`, {
        offset: this.#bit >> 3,
        structure: this.#structure,
      })
    }
    let value = 0
    for (let i = 0; i < count; i++) {
      const byte = this.#data[this.#bit >> 3] ?? 0
      value = value * 2 + ((byte >> (7 - (this.#bit & 7))) & 1)
      this.#bit++
    }
    return value
  }

  flag(): boolean {
    return this.u(1) === 1
  }

  skip(count: number): void {
    if (count > this.remaining) this.u(count)
    this.#bit += count
  }

  /** Unsigned Exp-Golomb. Throws `malformed` beyond 32 leading zero bits. */
  ue(): number {
    let zeros = 0
    while (!this.flag()) {
      if (++zeros > 32) {
        throw new MediaError('malformed', `${this.#structure}: Exp-Golomb code longer than 32 bits`, {
          offset: this.#bit >> 3,
          structure: this.#structure,
        })
      }
    }
    return 2 ** zeros - 1 + this.u(zeros)
  }

  /** Signed Exp-Golomb. */
  se(): number {
    const k = this.ue()
    return k % 2 === 1 ? (k + 1) / 2 : -(k / 2)
  }
}
