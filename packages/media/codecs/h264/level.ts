/** Limits of a level (ITU-T H.264 table A-1): macroblocks a second and a picture; kbit/s of High profile (table A-2). */
const LEVELS: readonly (readonly [levelIdc: number, perSecond: number, perPicture: number, kbits: number])[] = [
  [30, 40_500, 1_620, 12_500],
  [31, 108_000, 3_600, 17_500],
  [32, 216_000, 5_120, 25_000],
  [40, 245_760, 8_192, 25_000],
  [42, 522_240, 8_704, 62_500],
  [51, 983_040, 36_864, 300_000],
  [52, 2_073_600, 36_864, 300_000],
]

/**
 * Smallest `level_idc` of High profile, from 3.0 on, that allows these pictures; 5.2 where none does.
 *
 * @param frameRate pictures a second; `bitrate` highest bits a second.
 */
export function h264Level(width: number, height: number, frameRate: number, bitrate: number): number {
  const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16)
  const found = LEVELS.find(
    ([, perSecond, perPicture, kbits]) =>
      // Rates are measured: 29.97 may come as 30.01.
      macroblocks * Math.floor(frameRate * 0.99) <= perSecond && macroblocks <= perPicture && bitrate <= kbits * 1000,
  )
  return found?.[0] ?? 52
}
