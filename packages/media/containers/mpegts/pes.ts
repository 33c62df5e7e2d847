import { MediaError } from '../../error.ts'

/** Bytes of a PES header that say how long it is. */
const FIXED = 9

/** Header of a PES packet (ISO/IEC 13818-1 §2.4.3.6), of the streams that have one. */
export interface PesHeader {
  /** Bytes of the whole header. */
  readonly bytes: number
  /** 33 bits of 90 kHz. */
  readonly pts: number | undefined
  /** As `pts` where only that is sent. */
  readonly dts: number | undefined
}

/**
 * ```
 * | 00 00 01 | stream_id 8 | length 16 | 10 scrambling 2 … | PTS 1 DTS 1 … | header length 8 | [PTS 40] [DTS 40] … |
 * ```
 * @throws MediaError `truncated`, `malformed`, `unsupported` when scrambled.
 */
export function parsePesHeader(data: Uint8Array): PesHeader {
  if (data.byteLength < FIXED) throw bad('truncated', 'shorter than its header')
  if (data[0] !== 0 || data[1] !== 0 || data[2] !== 1) throw bad('malformed', 'no start code')
  const sixth = data[6] ?? 0
  const flags = data[7] ?? 0
  const bytes = FIXED + (data[8] ?? 0)
  if (sixth >> 6 !== 2) throw bad('malformed', 'no MPEG-2 header')
  if ((sixth & 0x30) !== 0) throw bad('unsupported', 'scrambled')
  if (bytes > data.byteLength) throw bad('truncated', 'shorter than its header')
  const hasPts = (flags & 0x80) !== 0
  const hasDts = (flags & 0xc0) === 0xc0
  if (bytes < FIXED + (hasDts ? 10 : hasPts ? 5 : 0)) throw bad('malformed', 'no room for its times')
  const pts = hasPts ? readTime(data, FIXED) : undefined
  return { bytes, pts, dts: hasDts ? readTime(data, FIXED + 5) : pts }
}

/** Bytes of the PES packet by its length field, of which 6 must be there; 0 when it does not say. */
export function pesSize(data: Uint8Array): number {
  const length = ((data[4] ?? 0) << 8) | (data[5] ?? 0)
  return length === 0 ? 0 : 6 + length
}

/** | prefix 4 | 32..30 | 1 | 29..15 | 1 | 14..0 | 1 |; marker bits are not looked at, encoders forget them. */
function readTime(data: Uint8Array, at: number): number {
  const high = ((data[at] ?? 0) >> 1) & 7
  const middle = ((data[at + 1] ?? 0) << 7) | ((data[at + 2] ?? 0) >> 1)
  const low = ((data[at + 3] ?? 0) << 7) | ((data[at + 4] ?? 0) >> 1)
  return high * 2 ** 30 + middle * 2 ** 15 + low
}

function writeTime(out: Uint8Array, at: number, prefix: number, time: number): void {
  const value = ((time % 2 ** 33) + 2 ** 33) % 2 ** 33
  const high = Math.floor(value / 2 ** 30)
  const middle = Math.floor(value / 2 ** 15) % 2 ** 15
  const low = value % 2 ** 15
  out[at] = (prefix << 4) | (high << 1) | 1
  out[at + 1] = middle >> 7
  out[at + 2] = ((middle & 0x7f) << 1) | 1
  out[at + 3] = low >> 7
  out[at + 4] = ((low & 0x7f) << 1) | 1
}

/**
 * A PES header; the decode time is left out where it is the presentation time.
 * @param times unwrapped, 90 kHz.
 * @param payload bytes that follow; more than the length field can say are only allowed for pictures, which then say nothing.
 */
export function printPesHeader(
  streamId: number,
  { pts, dts }: { readonly pts: number; readonly dts: number },
  payload: number,
): Uint8Array {
  const times = pts === dts ? 5 : 10
  const header = new Uint8Array(FIXED + times)
  const length = 3 + times + payload
  const stated = length > 0xffff ? 0 : length
  // 0x84: data_alignment_indicator, an access unit begins right behind.
  header.set([0, 0, 1, streamId, stated >> 8, stated & 0xff, 0x84, pts === dts ? 0x80 : 0xc0, times])
  writeTime(header, FIXED, pts === dts ? 2 : 3, pts)
  if (pts !== dts) writeTime(header, FIXED + 5, 1, dts)
  return header
}

function bad(code: 'truncated' | 'malformed' | 'unsupported', what: string): MediaError {
  return new MediaError(code, `PES packet: ${what}`, { structure: 'mpegts.pes' })
}
