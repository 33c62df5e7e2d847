import { MediaError } from '../error.ts'

/**
 * Checked big-endian reader over a slice. Every read past the end throws `MediaError('truncated')`
 * with the structure's name and offset; nothing is copied: `bytes()` returns views.
 */
export class ByteReader {
  readonly data: Uint8Array
  readonly structure: string
  offset = 0
  #dataView: DataView | undefined

  /** @param structure names what is being parsed, for error messages. */
  constructor(data: Uint8Array, structure: string) {
    this.data = data
    this.structure = structure
  }

  /** Made when first needed: the readers of a frame's few header bytes come by the thousand and do without. */
  get #view(): DataView {
    return (this.#dataView ??= new DataView(this.data.buffer, this.data.byteOffset, this.data.byteLength))
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.data.byteLength - this.offset
  }

  u8(): number {
    return this.data[this.#take(1)] as number
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  u24(): number {
    const at = this.#take(3)
    return ((this.data[at] as number) << 16) | ((this.data[at + 1] as number) << 8) | (this.data[at + 2] as number)
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
    const { data } = this
    return String.fromCharCode(
      data[at] as number,
      data[at + 1] as number,
      data[at + 2] as number,
      data[at + 3] as number,
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
