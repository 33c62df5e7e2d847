import { fromHex } from '../h264/fixtures.ts'

/** Parameter sets of x265 3.5 through FFmpeg, for tests. */
export const HEVC = {
  /** 1920 × 1080 at 30000/1001, Main, cropped by 8 rows. */
  hd1080: {
    vps: fromHex('40010c01ffff016000000300900000030000030078959409'),
    sps: fromHex('420101016000000300900000030000030078a003c0801107cb965654a4c2f01680800001f480003a9804'),
    pps: fromHex('4401c073c189'),
  },
  /** 1920 × 1080, Main 10: BT.2020 with PQ, scaling lists, hypothetical reference decoder. */
  hdr10: {
    vps: fromHex('40010c01ffff022000000300900000030000030078959409'),
    sps: fromHex(
      '420101022000000300900000030000030078a003c0801107cad965654a4e1780b50910090400000fa40001d4c1805259b800022551000044aa22',
    ),
    pps: fromHex('4401c073c189'),
  },
  /** 322 × 182 at 50, 4:4:4, full range, pixels 4:3, several reference picture sets. */
  rext444: {
    vps: fromHex('40010c01ffff0408000003009e0800000300003c959809'),
    sps: fromHex('4201010408000003009e0800000300003c90014901739ef2cacd24995e08d8100000030010000003032080'),
    pps: fromHex('4401c172860c4624'),
  },
} as const

/** Content light level of the HDR one, as SEI. */
export const CONTENT_LIGHT = fromHex('4e01900403e8019080')

/** Mastering display of the HDR one, as SEI. */
export const MASTERING_DISPLAY = fromHex('4e01891833c286c41d4c0bb884d03e803d13404200989680000003000180')
