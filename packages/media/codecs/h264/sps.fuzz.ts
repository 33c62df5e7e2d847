import { avcCodecString, parseSps } from './sps.ts'

/** A sequence parameter set NAL unit. */
export const target = {
  name: 'sps',
  corpus: new URL('corpus/sps/', import.meta.url),
  run(input: Uint8Array): void {
    const sps = parseSps(input)
    const values = [sps.width, sps.height, ...sps.sampleAspectRatio, sps.frameRate ?? 1]
    if (!values.every((value) => value > 0 && Number.isFinite(value))) throw new RangeError(values.join())
    if (!/^avc1\.[0-9a-f]{6}$/.test(avcCodecString(sps))) throw new RangeError(avcCodecString(sps))
  },
}
