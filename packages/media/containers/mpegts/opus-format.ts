import { audioConfigFromOpusChannels } from '../../codecs/opus/config.ts'
import { opusDuration } from '../../codecs/opus/packet.ts'
import { MediaError } from '../../error.ts'
import type { AudioTrackConfig } from '../../track.ts'
import type { AudioFormat } from './audio-format.ts'
import type { Descriptor } from './pmt.ts'

const EXTENSION = 0x7f
/** Extended tag of the Opus descriptor, of those that are the user's to define. */
const OPUS = 0x80
/** An access unit may be as long as a PES packet. */
const LARGEST = 0xffff

/**
 * Opus as "Encapsulation of Opus in MPEG-TS" (ETSI TS draft 0.1.3, the form of ffmpeg and OBS) has it: an access unit is a control
 * header and an Opus packet.
 *
 * ```
 * | 0x3ff 11 | start trim 1 | end trim 1 | extension 1 | 2 | size: 0xff … last | [trim 16] [trim 16] [length 8, bytes] | packet |
 * ```
 * @throws MediaError `unsupported` for other channels than 1 to 8 in the usual order.
 */
export function createOpusFormat(descriptors: readonly Descriptor[]): AudioFormat {
  const channels = channelsOf(descriptors)
  // Of the first packet: an encoder that mixes lengths is not told anew at each of them.
  let config: AudioTrackConfig | undefined
  return {
    largest: LARGEST,
    measure(data, at) {
      const head = readControl(data, at)
      return typeof head === 'number' ? head : head.headerBytes + head.packetBytes
    },
    read(unit) {
      const head = readControl(unit, 0)
      if (typeof head === 'number')
        throw new MediaError('malformed', 'opus: no control header', { structure: 'mpegts.opus' })
      const data = unit.subarray(head.headerBytes)
      const samples = opusDuration(data)
      config ??= audioConfigFromOpusChannels(channels, samples)
      return [{ data, config, samples }]
    },
  }
}

interface ControlHeader {
  readonly headerBytes: number
  readonly packetBytes: number
}

/** 0 when more bytes are needed, −1 when no access unit begins here. */
function readControl(data: Uint8Array, at: number): ControlHeader | 0 | -1 {
  if (data.byteLength - at < 3) return 0
  const flags = data[at + 1] ?? 0
  if (data[at] !== 0x7f || (flags & 0xe0) !== 0xe0) return -1
  let end = at + 2
  let packetBytes = 0
  for (let byte = 0xff; byte === 0xff; end++) {
    if (end >= data.byteLength) return 0
    byte = data[end] ?? 0
    packetBytes += byte
    // It would be waited for, and gone through again with each packet that comes.
    if (packetBytes > LARGEST) return -1
  }
  if ((flags & 0x10) !== 0) end += 2
  if ((flags & 0x08) !== 0) end += 2
  if ((flags & 0x04) !== 0) {
    if (end >= data.byteLength) return 0
    end += 1 + (data[end] ?? 0)
  }
  return { headerBytes: end - at, packetBytes }
}

/** channel_config_code: 1 to 8 channels in Vorbis' order; 0 is two of their own, which are played as stereo. */
function channelsOf(descriptors: readonly Descriptor[]): number {
  const own = descriptors.find(({ tag, data }) => tag === EXTENSION && data[0] === OPUS)
  const code = own?.data[1] ?? 2
  if (code > 8) throw new MediaError('unsupported', `Opus with channel configuration ${code}`)
  return code === 0 ? 2 : code
}
