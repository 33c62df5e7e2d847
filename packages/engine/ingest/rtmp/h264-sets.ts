import { scanAccessUnit, toFourByteLengths } from '@bandstand/media/codecs/h264/access-unit.ts'
import { avcCFromParameterSets, parseAvcC } from '@bandstand/media/codecs/h264/avcc.ts'
import { videoConfigFromAvcC } from '@bandstand/media/codecs/h264/config.ts'
import { ppsId, spsId } from '@bandstand/media/codecs/h264/parameter-sets.ts'
import type { NalCodec } from './nal-reader.ts'

/** H.264: sequence and picture parameter sets. */
export const h264: NalCodec = {
  idsOf: [spsId, ppsId],
  parseRecord(record) {
    const { lengthSize, sps, pps } = parseAvcC(record)
    return { lengthSize, sets: [sps, pps] }
  },
  printRecord: ([sps = [], pps = []]) => avcCFromParameterSets(sps, pps),
  configOf: videoConfigFromAvcC,
  scan(data, lengthSize) {
    const scan = scanAccessUnit(data, lengthSize)
    return scan.sps.length === 0 && scan.pps.length === 0 ? scan : { ...scan, sets: [scan.sps, scan.pps] }
  },
  strip: toFourByteLengths,
}
