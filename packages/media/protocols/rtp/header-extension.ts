import { ByteReader } from '../../bytes/reader.ts'
import { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'

/** One element of an RTP header extension block (RFC 8285). */
export interface HeaderExtension {
  /** As negotiated by `a=extmap`: 1 to 14 here, up to 255 in what is read. */
  readonly id: number
  readonly data: Uint8Array
}

/** "defined by profile" of a block of elements with one-byte headers (RFC 8285 §4.2). */
export const ONE_BYTE = 0xbede
/** The same with two-byte headers, `appbits` apart (§4.3). */
const TWO_BYTE = 0x1000

/**
 * Elements of a block, views on it; none for profiles of other kinds, which a receiver ignores (RFC 3550 §5.3.1).
 * Throws `truncated` when an element runs past the end.
 */
export function parseHeaderExtensions(profile: number, block: Uint8Array): readonly HeaderExtension[] {
  const twoByte = (profile & 0xfff0) === TWO_BYTE
  if (profile !== ONE_BYTE && !twoByte) return []
  const reader = new ByteReader(block, 'rtp.extension')
  const elements: HeaderExtension[] = []
  while (reader.remaining > 0) {
    const first = reader.u8()
    if (first === 0) continue // padding, which may stand between elements too
    if (twoByte) {
      elements.push({ id: first, data: reader.bytes(reader.u8()) })
      continue
    }
    const id = first >> 4
    if (id === 15) break // §4.2: processing MUST stop here
    const data = reader.bytes((first & 15) + 1)
    if (id > 0) elements.push({ id, data })
  }
  return elements
}

/**
 * The whole block for `writeRtpHeader`: profile, length in words, elements with one-byte headers, padded to 32 bits.
 * Empty for no elements. Throws `malformed` for an id outside 1 to 14 or data outside 1 to 16 bytes.
 */
export function printHeaderExtensions(elements: readonly HeaderExtension[]): Uint8Array {
  if (elements.length === 0) return new Uint8Array()
  const writer = new ByteWriter(32).u16(ONE_BYTE).u16(0)
  for (const { id, data } of elements) {
    if (!(id >= 1 && id <= 14 && data.byteLength >= 1 && data.byteLength <= 16)) {
      throw new MediaError('malformed', `rtp: extension ${id} of ${data.byteLength} bytes has no one-byte header`)
    }
    writer.u8((id << 4) | (data.byteLength - 1)).bytes(data)
  }
  while (writer.length % 4 !== 0) writer.u8(0)
  writer.patchU32(0, ONE_BYTE * 0x10000 + (writer.length - 4) / 4)
  return writer.finish()
}

/**
 * Payload of `http://www.webrtc.org/experiments/rtp-hdrext/playout-delay`: two times 12 bits in units of 10 ms.
 * Both are milliseconds; what does not fit is cut to 40 950.
 */
export function playoutDelay(min: number, max: number): Uint8Array {
  const ticks = (value: number) => Math.max(0, Math.min(4095, Math.round(value / 10)))
  const word = ticks(min) * 4096 + ticks(max)
  return Uint8Array.of(word >> 16, (word >> 8) & 0xff, word & 0xff)
}

/**
 * Payload of `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`: seconds modulo 64 as 6.18 fixed point.
 * @param now milliseconds on any clock; only differences matter.
 */
export function absSendTime(now: number): Uint8Array {
  const value = Math.floor(((now % 64_000) / 1000) * 2 ** 18) & 0xffffff
  return Uint8Array.of(value >> 16, (value >> 8) & 0xff, value & 0xff)
}

/** Payload of the transport-wide sequence number extension: 16 bits, counted over all streams of a transport. */
export function transportSequence(sequence: number): Uint8Array {
  return Uint8Array.of((sequence >> 8) & 0xff, sequence & 0xff)
}
