import { MediaError } from '../error.ts'

/** Checked bit reader, most significant bit first, with the Exp-Golomb codes of ITU-T H.264 §9.1. */
export class BitReader {
  readonly #data: Uint8Array
  readonly #structure: string
  readonly #bits: number
  #bit = 0

  /** @param structure names what is being parsed, for error messages. */
  constructor(data: Uint8Array, structure: string) {
    this.#data = data
    this.#structure = structure
    this.#bits = data.byteLength * 8
  }

  /** Bits not yet read. */
  get remaining(): number {
    return this.#bits - this.#bit
  }

  /** Bits read so far. */
  get position(): number {
    return this.#bit
  }

  /** 0 to 32 bits as an unsigned number. */
  u(count: number): number {
    this.#check(count)
    if (count > 32) throw this.#malformed(`cannot read ${count} bits as one number`)
    let value = 0
    let left = count
    while (left > 0) {
      const free = 8 - (this.#bit & 7)
      const take = free < left ? free : left
      const byte = this.#data[this.#bit >>> 3] ?? 0
      // Multiplication, not a shift: the 32nd bit must not become a sign.
      value = value * (1 << take) + ((byte >>> (free - take)) & ((1 << take) - 1))
      this.#bit += take
      left -= take
    }
    return value
  }

  flag(): boolean {
    return this.u(1) === 1
  }

  skip(count: number): void {
    this.#check(count)
    this.#bit += count
  }

  /** On to the next byte border; nothing when there already. */
  align(): void {
    this.#bit = (this.#bit + 7) & ~7
  }

  /** Unsigned Exp-Golomb, 0 to 2^32 − 2. Throws `malformed` beyond. */
  ue(): number {
    let zeros = 0
    while (this.u(1) === 0) {
      if (++zeros > 31) throw this.#malformed('Exp-Golomb code longer than 63 bits')
    }
    return 2 ** zeros - 1 + this.u(zeros)
  }

  /** Signed Exp-Golomb. */
  se(): number {
    const k = this.ue()
    if (k === 0) return 0
    return k % 2 === 1 ? (k + 1) / 2 : -(k / 2)
  }

  #check(count: number): void {
    if (count >= 0 && count <= this.remaining) return
    throw new MediaError('truncated', `${this.#structure}: needs ${count} bits, ${this.remaining} left`, {
      offset: this.#bit >>> 3,
      structure: this.#structure,
    })
  }

  #malformed(what: string): MediaError {
    return new MediaError('malformed', `${this.#structure}: ${what}`, {
      offset: this.#bit >>> 3,
      structure: this.#structure,
    })
  }
}
