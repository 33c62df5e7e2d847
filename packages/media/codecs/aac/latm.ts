import { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'
import { readAsc } from './asc.ts'

/** Bytes in front of an AudioMuxElement: syncword 0x2b7 of 11 bits, length of 13 (ISO/IEC 14496-3 §1.7.2). */
export const LOAS_HEAD = 3

/** Bytes of the AudioSyncStream frame at `offset`, its head included; −1 when none begins there. `LOAS_HEAD` bytes must be there. */
export function loasFrameBytes(data: Uint8Array, offset: number): number {
  const second = data[offset + 1] ?? 0
  if (data[offset] !== 0x56 || (second & 0xe0) !== 0xe0) return -1
  return LOAS_HEAD + (((second & 0x1f) << 8) | (data[offset + 2] ?? 0))
}

/** Longest AudioSpecificConfig that is looked for, bytes. */
const MAX_ASC = 512

/** StreamMuxConfig (§1.7.3.1), as far as it is taken: one programme, one layer, frames that say their length. */
interface StreamMuxConfig {
  readonly asc: Uint8Array
  /** Frames of one element. */
  readonly subFrames: number
}

export interface LatmElement {
  readonly asc: Uint8Array
  /** Raw data blocks, copied: they need not begin at a byte. */
  readonly frames: readonly Uint8Array[]
}

/** Reads the elements of one stream: an element may rely on the configuration of an earlier one. */
export class LatmReader {
  #config: StreamMuxConfig | undefined

  /**
   * AudioMuxElement with muxConfigPresent 1 (§1.7.3.1).
   * @returns `undefined` before the first configuration.
   * @throws MediaError `truncated`, `malformed`; `unsupported` for several programmes or layers, and for what `parseAsc` does not take.
   */
  read(element: Uint8Array): LatmElement | undefined {
    const bits = new BitReader(element, 'latm')
    const usesSame = bits.flag()
    if (!usesSame) {
      // The one before counts no more, also where this one cannot be read.
      this.#config = undefined
      this.#config = readConfig(bits, element)
    }
    const config = this.#config
    if (config === undefined) return undefined
    const frames: Uint8Array[] = []
    for (let i = 0; i < config.subFrames; i++) frames.push(readPayload(bits, element))
    return { asc: config.asc, frames }
  }

  /** Elements are missing: the next one may be of another configuration. */
  lose(): void {
    this.#config = undefined
  }
}

function readConfig(bits: BitReader, element: Uint8Array): StreamMuxConfig {
  const version = bits.u(1)
  if (version === 1 && bits.flag()) throw unsupported('audioMuxVersionA 1')
  if (version === 1) readValue(bits) // taraBufferFullness
  if (!bits.flag()) throw unsupported('streams of different framing')
  const subFrames = bits.u(6) + 1
  if (bits.u(4) !== 0 || bits.u(3) !== 0) throw unsupported('several programmes or layers')
  const asc = version === 0 ? readInline(bits, element) : readCounted(bits, element)
  const frameLengthType = bits.u(3)
  if (frameLengthType !== 0) throw unsupported(`frameLengthType ${frameLengthType}`)
  bits.skip(8) // latmBufferFullness
  if (bits.flag()) skipOtherDataLength(bits, version)
  if (bits.flag()) bits.skip(8) // crcCheckSum
  return { asc, subFrames }
}

function skipOtherDataLength(bits: BitReader, version: number): void {
  if (version === 1) readValue(bits)
  else {
    let more = true
    while (more) {
      more = bits.flag()
      bits.skip(8)
    }
  }
}

/** Version 0: it ends where it has been read; what it says behind the core's configuration could not be told from what follows. */
function readInline(bits: BitReader, element: Uint8Array): Uint8Array {
  const from = bits.position
  // In bytes of its own: a program config element is aligned to where the configuration begins.
  const config = new BitReader(copyBits(element, from, Math.min(bits.remaining, 8 * MAX_ASC)), 'latm')
  readAsc(config, false)
  bits.skip(config.position)
  return copyBits(element, from, config.position)
}

/** Version 1: its length in bits stands before it. */
function readCounted(bits: BitReader, element: Uint8Array): Uint8Array {
  const length = readValue(bits)
  const from = bits.position
  bits.skip(length)
  const asc = copyBits(element, from, length)
  readAsc(new BitReader(asc, 'latm'), true)
  return asc
}

/** LatmGetValue: one to four bytes, the number of them in front. */
function readValue(bits: BitReader): number {
  return bits.u(8 * (bits.u(2) + 1))
}

/** PayloadLengthInfo and PayloadMux of the one layer (§1.7.3.1). */
function readPayload(bits: BitReader, element: Uint8Array): Uint8Array {
  let length = 0
  for (let more = 255; more === 255; ) {
    more = bits.u(8)
    length += more
  }
  const from = bits.position
  bits.skip(length * 8)
  return copyBits(element, from, length * 8)
}

/** Bits from any place to the beginning of bytes; the last byte is filled with zeros. The range must have been checked. */
function copyBits(data: Uint8Array, from: number, count: number): Uint8Array {
  const first = from >>> 3
  const shift = from & 7
  const length = Math.ceil(count / 8)
  if (shift === 0 && count % 8 === 0) return data.slice(first, first + length)
  const out = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    const word = ((data[first + i] ?? 0) << 8) | (data[first + i + 1] ?? 0)
    out[i] = (word >> (8 - shift)) & 0xff
  }
  if (count % 8 !== 0 && length > 0) out[length - 1] = (out[length - 1] ?? 0) & (0xff << (8 - (count % 8)))
  return out
}

function unsupported(what: string): MediaError {
  return new MediaError('unsupported', `latm: ${what}`, { structure: 'latm' })
}
