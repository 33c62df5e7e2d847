import { audioConfigFromMp3Header } from '../../codecs/mp3/config.ts'
import { MP3_HEADER_BYTES, mp3FrameBytes, parseMp3FrameHeader } from '../../codecs/mp3/frame-header.ts'
import type { AudioTrackConfig } from '../../track.ts'
import type { AudioFormat } from './audio-format.ts'

/** Layer III at 320 kbit/s and 32 kHz has 1440. */
const LARGEST = 1441
/** PES packets in a row that begin with a frame of another layer, until that is believed: frames need not begin with the packet. */
const PROOF = 3
const LAYER_3 = 1

/** MPEG audio of layer III. Layers I and II are of the same stream types, and told apart by their frames alone. */
export function createMp3Format(): AudioFormat {
  let config: AudioTrackConfig | undefined
  let others = 0
  return {
    largest: LARGEST,
    begin(payload) {
      const [first = 0, second = 0] = payload
      const layer = (second >> 1) & 3
      if (first !== 0xff || (second & 0xe0) !== 0xe0 || layer === 0) return undefined
      others = layer === LAYER_3 ? 0 : others + 1
      return others >= PROOF ? `MPEG audio of layer ${layer === 2 ? 'II' : 'I'}` : undefined
    },
    measure(data, at) {
      if (data.byteLength - at < MP3_HEADER_BYTES) return 0
      return data[at] === 0xff ? mp3FrameBytes(data, at) : -1
    },
    read(data) {
      const header = parseMp3FrameHeader(data)
      if (config === undefined || config.sampleRate !== header.sampleRate || config.channels !== header.channels) {
        config = audioConfigFromMp3Header(header)
      }
      return [{ data, config, samples: header.frameLength }]
    },
  }
}
