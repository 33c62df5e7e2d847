import { MediaError } from '../../error.ts'

/** Header of an MPEG audio frame of layer III (ISO/IEC 11172-3 §2.4.1.3, ISO/IEC 13818-3, and the lower rates of "MPEG-2.5"). */
export interface Mp3FrameHeader {
  /** 1, 2 or 2.5. */
  readonly version: 1 | 2 | 2.5
  readonly sampleRate: number
  readonly channels: 1 | 2
  /** Bits a second. */
  readonly bitrate: number
  /** Samples of a frame: 1152, half of that below 32 kHz. */
  readonly frameLength: number
  /** Bytes of the frame, header included. */
  readonly frameBytes: number
}

export const MP3_HEADER_BYTES = 4

/** kbit/s by bitrate_index, of layer III; 0 is "free format". */
const BITRATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const BITRATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
const SAMPLE_RATES = [44_100, 48_000, 32_000]
const LAYER_3 = 1

/** Reads the header at `offset`. Throws `truncated`, `malformed`, or `unsupported` for other layers and the free format. */
export function parseMp3FrameHeader(bytes: Uint8Array, offset = 0): Mp3FrameHeader {
  if (bytes.byteLength - offset < MP3_HEADER_BYTES) throw new MediaError('truncated', 'mp3: header is cut', { offset })
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(offset, offset + MP3_HEADER_BYTES)
  if (first !== 0xff || second < 0xe0) throw malformed('no frame begins here', offset)
  const id = (second >> 3) & 3
  const rate = SAMPLE_RATES[(third >> 2) & 3]
  if (id === 1 || rate === undefined) throw malformed('a reserved version or sample rate', offset)
  if (((second >> 1) & 3) !== LAYER_3) {
    throw new MediaError('unsupported', 'mp3: a layer other than III', { offset, structure: 'mp3' })
  }
  const version = id === 3 ? 1 : id === 2 ? 2 : 2.5
  const kbits = (version === 1 ? BITRATES_1 : BITRATES_2)[third >> 4]
  if (kbits === undefined) throw malformed('a reserved bit rate', offset)
  if (kbits === 0) throw new MediaError('unsupported', 'mp3: free format', { offset, structure: 'mp3' })
  const sampleRate = rate / (version === 1 ? 1 : version === 2 ? 2 : 4)
  const frameLength = version === 1 ? 1152 : 576
  const bitrate = kbits * 1000
  const frameBytes = Math.floor((frameLength / 8) * (bitrate / sampleRate)) + ((third >> 1) & 1)
  return { version, sampleRate, channels: fourth >> 6 === 3 ? 1 : 2, bitrate, frameLength, frameBytes }
}

function malformed(what: string, offset: number): MediaError {
  return new MediaError('malformed', `mp3: ${what}`, { offset, structure: 'mp3' })
}
