import { MediaError } from '../error.ts'

/**
 * Growing big-endian writer for small structures. Bulk media bytes are concatenated by their owner instead. A value that
 * its field cannot hold throws `MediaError('malformed')`: a field must not wrap silently.
 */
export class ByteWriter {
  #buffer: Uint8Array
  #view: DataView
  length = 0

  /** @param capacity first allocation in bytes; grows by doubling. */
  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity)
    this.#view = new DataView(this.#buffer.buffer)
  }

  u8(value: number): this {
    check(value, 0, 0xff)
    const at = this.#grow(1)
    this.#view.setUint8(at, value)
    return this
  }

  u16(value: number): this {
    check(value, 0, 0xffff)
    const at = this.#grow(2)
    this.#view.setUint16(at, value)
    return this
  }

  u24(value: number): this {
    check(value, 0, 0xffffff)
    const at = this.#grow(3)
    this.#view.setUint8(at, value >>> 16)
    this.#view.setUint16(at + 1, value & 0xffff)
    return this
  }

  u32(value: number): this {
    check(value, 0, 0xffffffff)
    const at = this.#grow(4)
    this.#view.setUint32(at, value)
    return this
  }

  i32(value: number): this {
    check(value, -0x80000000, 0x7fffffff)
    const at = this.#grow(4)
    this.#view.setInt32(at, value)
    return this
  }

  /** Unsigned 64 bits from a safe integer; throws `malformed` otherwise. */
  u64(value: number): this {
    check(value, 0, Number.MAX_SAFE_INTEGER)
    const at = this.#grow(8)
    this.#view.setUint32(at, Math.floor(value / 2 ** 32))
    this.#view.setUint32(at + 4, value >>> 0)
    return this
  }

  f64(value: number): this {
    const at = this.#grow(8)
    this.#view.setFloat64(at, value)
    return this
  }

  u32le(value: number): this {
    check(value, 0, 0xffffffff)
    const at = this.#grow(4)
    this.#view.setUint32(at, value, true)
    return this
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.byteLength)
    this.#buffer.set(value, at)
    return this
  }

  /** ASCII only: box types, brands. Throws `malformed` otherwise. */
  ascii(text: string): this {
    for (let i = 0; i < text.length; i++) check(text.charCodeAt(i), 0, 0x7f)
    const at = this.#grow(text.length)
    for (let i = 0; i < text.length; i++) this.#view.setUint8(at + i, text.charCodeAt(i))
    return this
  }

  /** Overwrites 32 bits written earlier, for sizes known late. */
  patchU32(at: number, value: number): void {
    check(value, 0, 0xffffffff)
    check(at, 0, this.length - 4)
    this.#view.setUint32(at, value)
  }

  /** A view on what was written; valid until the next write. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.length)
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.length)
  }

  #grow(size: number): number {
    const at = this.length
    if (at + size > this.#buffer.byteLength) {
      const bigger = new Uint8Array(Math.max(this.#buffer.byteLength * 2, at + size))
      bigger.set(this.#buffer.subarray(0, at))
      this.#buffer = bigger
      this.#view = new DataView(bigger.buffer)
    }
    this.length = at + size
    return at
  }
}

function check(value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new MediaError('malformed', `a field of ${min} to ${max} cannot hold ${value}`)
  }
}
