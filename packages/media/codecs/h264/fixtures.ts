/** Decoder configuration records as real encoders write them, for tests. */

/** Bytes of a hex string; there may be spaces between bytes. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (byte) => Number.parseInt(byte, 16))
}

/** Of x264 0.164 through FFmpeg's FLV writer. */
export const AVCC = {
  /** 1920 × 1080 at 30000/1001, 4:2:0, cropped by 8 rows. */
  hd1080: fromHex('0142c028ffe100176742c028da01e0089f97011000003e90000ea600f1832a01000468ce0fc8'),
  /** 1920 × 1080 at 25, coded as fields. */
  interlaced: fromHex('014d4028ffe10019674d4028f403c0227ef011000003000100000300321f162ea001000468de0fc8'),
  /** 720 × 576, pixels 64:45, full-range BT.470BG with BT.709 transfer. */
  sarColour: fromHex('014d401effe10020674d401eeca05a0937fe0080005adc140415000003000100000300320f162d9601000468ce0fc8'),
  /** High 4:2:2, 10 bits, 320 × 240. */
  high422: fromHex('017a000dffe10019677a000db6cd94141fb0110000030001000003003c0f14299601000468ce0fc8fefafa00'),
  /** High 4:4:4 Predictive, 322 × 182 at 50: odd crop units. */
  high444: fromHex('01f40015ffe1001967f40015919681519e3e2f0110000003001000000640f162ea01000568ce0f1920fff8f800'),
  /** 640 × 360 with hypothetical reference decoder parameters. */
  hrd: fromHex('0142c01effe100236742c01eda0280bfe5c044000003000400000300f1808007a10001e84e4c20078b175001000468ce3c80'),
  /** High, 640 × 360, scaling matrices. */
  scaling: fromHex('0164001effe100196764001eacb405017fcb8088000003000800000301e078b17501000568ce0fc40cfdf8f800'),
} as const
