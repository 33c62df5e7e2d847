import { MediaError } from '../../error.ts'

/** A key frame's header (RFC 6386 §9.1), what outlives its parsing. */
export interface Vp8KeyFrame {
  /** `version`: which filters are used. */
  readonly profile: number
  readonly width: number
  readonly height: number
}

const KEY_HEADER = 10

/** Whether decoding may start at this frame. */
export function isVp8Key(frame: Uint8Array): boolean {
  return frame.byteLength >= KEY_HEADER && ((frame[0] ?? 1) & 1) === 0
}

/** Reads a key frame's header. Throws `truncated`, `malformed`. */
export function parseVp8KeyFrame(frame: Uint8Array): Vp8KeyFrame {
  if (frame.byteLength < KEY_HEADER) throw new MediaError('truncated', 'vp8: header is cut', { structure: 'vp8' })
  const [first = 1, , , code1, code2, code3, width = 0, widthHigh = 0, height = 0, heightHigh = 0] = frame
  if ((first & 1) !== 0) throw malformed('not a key frame')
  if (code1 !== 0x9d || code2 !== 0x01 || code3 !== 0x2a) throw malformed('no start code')
  const profile = (first >> 1) & 7
  // The two bits above 14 say how a player may scale, which none does.
  const size = { width: width | ((widthHigh & 0x3f) << 8), height: height | ((heightHigh & 0x3f) << 8) }
  if (profile > 3 || size.width === 0 || size.height === 0)
    throw malformed(`version ${profile}, ${size.width} × ${size.height}`)
  return { profile, ...size }
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `vp8: ${what}`, { structure: 'vp8' })
}
