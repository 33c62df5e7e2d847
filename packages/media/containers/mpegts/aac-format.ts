import { sameBytes } from '../../bytes/bytes.ts'
import { ADTS_HEAD, adtsFrameBytes, parseAdtsHeader } from '../../codecs/aac/adts.ts'
import { audioConfigFromAsc } from '../../codecs/aac/config.ts'
import { LatmReader, LOAS_HEAD, loasFrameBytes } from '../../codecs/aac/latm.ts'
import { MediaError } from '../../error.ts'
import type { AudioTrackConfig } from '../../track.ts'
import type { AudioFormat, SoundFrame } from './audio-format.ts'

/** Both syncs have a length of 13 bits. */
const LARGEST = 0x1fff + LOAS_HEAD

/** AAC with ADTS headers. */
export function createAdtsFormat(): AudioFormat {
  const configOf = createConfigMemory()
  return {
    largest: LARGEST,
    measure: (data, at) => (data.byteLength - at < ADTS_HEAD ? 0 : adtsFrameBytes(data, at)),
    read(unit) {
      const { headerBytes, asc, blocks } = parseAdtsHeader(unit)
      // Where blocks are told apart by nothing but decoding them.
      if (blocks > 1) throw new MediaError('unsupported', 'AAC with several blocks in one frame')
      return [frameOf(unit.subarray(headerBytes), configOf(asc))]
    },
  }
}

/** AAC in LATM, in the AudioSyncStream (LOAS). */
export function createLatmFormat(): AudioFormat {
  const configOf = createConfigMemory()
  const latm = new LatmReader()
  return {
    largest: LARGEST,
    measure: (data, at) => (data.byteLength - at < LOAS_HEAD ? 0 : loasFrameBytes(data, at)),
    read(unit) {
      const element = latm.read(unit.subarray(LOAS_HEAD))
      if (element === undefined) return []
      const config = configOf(element.asc)
      return element.frames.map((data) => frameOf(data, config))
    },
    lose: () => latm.lose(),
  }
}

function frameOf(data: Uint8Array, config: AudioTrackConfig): SoundFrame {
  return { data, config, samples: config.frameLength }
}

/** One object for as long as the bytes stay the same. */
function createConfigMemory(): (asc: Uint8Array) => AudioTrackConfig {
  let known: AudioTrackConfig | undefined
  return (asc) => {
    if (known === undefined || !sameBytes(known.decoderConfig, asc)) known = audioConfigFromAsc(asc)
    return known
  }
}
