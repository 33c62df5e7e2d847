import { parseAvcC } from '../../codecs/h264/avcc.ts'
import { nalSizeAt } from '../../codecs/h264/nal.ts'
import { parseHvcC } from '../../codecs/hevc/hvcc.ts'

const START_CODE = Uint8Array.of(0, 0, 0, 1)
/** Access unit delimiters that allow all kinds of slices: ISO/IEC 13818-1 §2.14.1 and §2.17.1 ask for one in front of each picture. */
const DELIMITER = {
  h264: Uint8Array.of(0, 0, 0, 1, 0x09, 0xf0),
  hevc: Uint8Array.of(0, 0, 0, 1, 0x46, 0x01, 0x50),
}

/** What a PES packet has of a unit, in order. */
export type UnitPieces = (unit: { readonly key: boolean; readonly data: Uint8Array }) => readonly Uint8Array[]

/** Pictures in the byte stream format, parameter sets in front of each key frame. Throws as the configuration's parser. */
export function createPictureWriter(codec: 'h264' | 'hevc', decoderConfig: Uint8Array): UnitPieces {
  const delimiter = DELIMITER[codec]
  const sets = parameterSets(codec, decoderConfig).flatMap((set) => [START_CODE, set])
  return ({ key, data }) => {
    const pieces: Uint8Array[] = [delimiter]
    if (key) pieces.push(...sets)
    for (let at = 0; at < data.byteLength; ) {
      const size = nalSizeAt(data, at, 4)
      pieces.push(START_CODE, data.subarray(at + 4, at + 4 + size))
      at += 4 + size
    }
    return pieces
  }
}

function parameterSets(codec: 'h264' | 'hevc', decoderConfig: Uint8Array): readonly Uint8Array[] {
  if (codec === 'h264') {
    const { sps, pps, spsExtensions } = parseAvcC(decoderConfig)
    return [...sps, ...spsExtensions, ...pps]
  }
  const { vps, sps, pps } = parseHvcC(decoderConfig)
  return [...vps, ...sps, ...pps]
}
