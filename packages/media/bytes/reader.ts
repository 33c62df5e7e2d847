import { MediaError } from '../error.ts'

/**
 * Checked big-endian reader over a slice. Every read past the end throws `MediaError('truncated')`
 * with the structure's name and offset; nothing is copied: `bytes()` returns views.
 */
export class ByteReader {
  readonly data: Uint8Array
  readonly structure: string
  offset = 0
  readonly #view: DataView

  /** @param structure names what is being parsed, for error messages. */
  constructor(data: Uint8Array, structure: string) {
    this.data = data
    this.structure = structure
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.data.byteLength - this.offset
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  u24(): number {
    const at = this.#take(3)
    return (this.#view.getUint16(at) << 8) | this.#view.getUint8(at + 2)
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2))
  }

  /** 24-bit two's complement (FLV composition time). */
  i24(): number {
    return (this.u24() << 8) >> 8
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4))
  }

  /** Unsigned 64 bits as a number. Throws `malformed` above 2^53 − 1. */
  u64(): number {
    const at = this.#take(8)
    const value = this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4)
    if (!Number.isSafeInteger(value)) {
      throw new MediaError('malformed', `${this.structure}: 64-bit value is not a safe integer`, this.context(at))
    }
    return value
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8))
  }

  u32le(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  /** The next `length` bytes as a view on the same memory. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.data.subarray(at, at + length)
  }

  /** Everything that is left, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.remaining)
  }

  skip(length: number): void {
    this.#take(length)
  }

  /** Four characters, for box types and FourCC. */
  fourcc(): string {
    const at = this.#take(4)
    return String.fromCharCode(
      this.#view.getUint8(at),
      this.#view.getUint8(at + 1),
      this.#view.getUint8(at + 2),
      this.#view.getUint8(at + 3),
    )
  }

  /** Context for an error at `offset` (default: here). */
  context(offset: number = this.offset): { offset: number; structure: string; hex: string } {
    const hex = [...this.data.subarray(offset, offset + 16)].map((b) => b.toString(16).padStart(2, '0')).join(' ')
    return { offset, structure: this.structure, hex }
  }

  #take(length: number): number {
    const at = this.offset
    // Written so that NaN fails too.
    if (!(length >= 0 && length <= this.data.byteLength - at)) {
      throw new MediaError(
        'truncated',
        `${this.structure}: needs ${length} bytes at offset ${at}, ${this.remaining} left`,
        this.context(at),
      )
    }
    this.offset = at + length
    return at
  }
}
