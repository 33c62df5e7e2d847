import { sameBytes } from '../../bytes/bytes.ts'
import { scanAccessUnit, toFourByteLengths } from '../../codecs/h264/access-unit.ts'
import { avcCFromParameterSets } from '../../codecs/h264/avcc.ts'
import { videoConfigFromAvcC } from '../../codecs/h264/config.ts'
import { NAL, nalType } from '../../codecs/h264/nal.ts'
import { mergeParameterSets, ppsId, spsId } from '../../codecs/h264/parameter-sets.ts'
import type { VideoTrackConfig } from '../../track.ts'
import type { Picture, PictureFormat } from './video-stream.ts'

const LENGTHS = 4

/** H.264: its parameter sets come in the stream. */
export function createH264Format(): PictureFormat {
  let sps: readonly Uint8Array[] = []
  let pps: readonly Uint8Array[] = []
  let config: VideoTrackConfig | undefined

  function learn(foundSps: readonly Uint8Array[], foundPps: readonly Uint8Array[]): void {
    const nextSps = mergeParameterSets(sps, foundSps, spsId)
    const nextPps = mergeParameterSets(pps, foundPps, ppsId)
    if (nextSps === sps && nextPps === pps) return
    if (nextSps.length > 0 && nextPps.length > 0) {
      const next = videoConfigFromAvcC(avcCFromParameterSets([...nextSps], [...nextPps]))
      if (config === undefined || !sameBytes(next.decoderConfig, config.decoderConfig)) config = next
    }
    sps = nextSps
    pps = nextPps
  }

  return {
    isDelimiter: (firstByte) => nalType(firstByte) === NAL.accessUnitDelimiter,
    read(unit): Picture {
      const scan = scanAccessUnit(unit, LENGTHS)
      if (scan.sps.length > 0 || scan.pps.length > 0) learn(scan.sps, scan.pps)
      return { picture: scan.picture, key: scan.key, data: toFourByteLengths(unit, LENGTHS) }
    },
    get config() {
      return config
    },
  }
}
