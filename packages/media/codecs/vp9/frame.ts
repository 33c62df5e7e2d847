import { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'
import type { ColourDescription } from '../colour.ts'

/** A key frame's uncompressed header (VP9 Bitstream Specification §6.2, §7.2), what outlives its parsing. */
export interface Vp9KeyFrame {
  readonly profile: number
  readonly bitDepth: number
  readonly subsamplingX: number
  readonly subsamplingY: number
  readonly colour: ColourDescription
  readonly width: number
  readonly height: number
}

/** Colour spaces of table "color_space" as H.273 has them; the transfer of BT.2020 is that of its bit depth. */
const COLOURS: readonly (readonly [primaries: number, transfer: number, matrix: number])[] = [
  [2, 2, 2],
  [6, 6, 6], // BT.601
  [1, 1, 1], // BT.709
  [6, 6, 6], // SMPTE 170M
  [7, 7, 7], // SMPTE 240M
  [9, 14, 9], // BT.2020
  [2, 2, 2], // reserved
  [1, 13, 0], // sRGB
]
const RGB = 7
const KEY_FRAME = 0

/**
 * Whether decoding may start at this frame, or superframe: its first frame is a key frame, and shown. Never throws: what cannot be
 * read is no key frame.
 */
export function isVp9Key(frame: Uint8Array): boolean {
  const first = frame[0] ?? 0
  // frame_marker, profile (with a reserved bit where that is 3), show_existing_frame, frame_type, show_frame.
  const marker = first >> 6
  const isProfile3 = (first & 0x30) === 0x30
  const flags = isProfile3 ? ((first << 1) | ((frame[1] ?? 0) >> 7)) & 0xff : first
  return marker === 2 && (flags & 0x08) === 0 && (flags & 0x04) === KEY_FRAME && (flags & 0x02) !== 0
}

/** Reads a key frame's header. Throws `truncated`, `malformed`. */
export function parseVp9KeyFrame(frame: Uint8Array): Vp9KeyFrame {
  const bits = new BitReader(frame.subarray(0, 32), 'vp9')
  if (bits.u(2) !== 2) throw malformed('no frame begins here')
  const profile = bits.u(1) + 2 * bits.u(1)
  if (profile === 3 && bits.flag()) throw malformed('a reserved profile')
  if (bits.flag() || bits.u(1) !== KEY_FRAME) throw malformed('not a key frame')
  bits.skip(2) // show_frame, error_resilient_mode
  if (bits.u(24) !== 0x498342) throw malformed('no sync code')
  const bitDepth = profile < 2 ? 8 : bits.flag() ? 12 : 10
  const space = bits.u(3)
  const isRgb = space === RGB
  const fullRange = isRgb || bits.flag()
  const isOdd = (profile & 1) === 1
  if (isRgb && !isOdd) throw malformed('RGB in a profile of 4:2:0')
  const subsamplingX = isRgb ? 0 : isOdd ? bits.u(1) : 1
  const subsamplingY = isRgb ? 0 : isOdd ? bits.u(1) : 1
  if (isOdd) bits.skip(1) // reserved_zero
  const width = bits.u(16) + 1
  const height = bits.u(16) + 1
  const [primaries, transfer, matrix] = COLOURS[space] ?? [2, 2, 2]
  return {
    profile,
    bitDepth,
    subsamplingX,
    subsamplingY,
    width,
    height,
    colour: { primaries, transfer, matrix, fullRange },
  }
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `vp9: ${what}`, { structure: 'vp9' })
}
