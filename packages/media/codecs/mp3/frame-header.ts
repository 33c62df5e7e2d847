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

/** Why no frame of layer III begins somewhere. */
interface Fault {
  readonly code: 'malformed' | 'unsupported'
  readonly what: string
}

const NO_FRAME: Fault = { code: 'malformed', what: 'no frame begins here' }
const RESERVED: Fault = { code: 'malformed', what: 'a reserved version or sample rate' }
const RESERVED_RATE: Fault = { code: 'malformed', what: 'a reserved bit rate' }
const OTHER_LAYER: Fault = { code: 'unsupported', what: 'a layer other than III' }
const FREE_FORMAT: Fault = { code: 'unsupported', what: 'free format' }

/** Reads the header at `offset`. Throws `truncated`, `malformed`, or `unsupported` for other layers and the free format. */
export function parseMp3FrameHeader(bytes: Uint8Array, offset = 0): Mp3FrameHeader {
  if (bytes.byteLength - offset < MP3_HEADER_BYTES) throw new MediaError('truncated', 'mp3: header is cut', { offset })
  const read = readHeader(bytes, offset)
  if ('code' in read) throw new MediaError(read.code, `mp3: ${read.what}`, { offset, structure: 'mp3' })
  return read
}

/**
 * Bytes of the frame at `offset`, −1 where none begins. `MP3_HEADER_BYTES` must be there. For who looks at each byte of what may be no MP3
 * at all: an error for each would take a hundred times as long.
 */
export function mp3FrameBytes(bytes: Uint8Array, offset: number): number {
  const read = readHeader(bytes, offset)
  return 'code' in read ? -1 : read.frameBytes
}

function readHeader(bytes: Uint8Array, offset: number): Mp3FrameHeader | Fault {
  const [first = 0, second = 0, third = 0, fourth = 0] = [
    bytes[offset],
    bytes[offset + 1],
    bytes[offset + 2],
    bytes[offset + 3],
  ]
  if (first !== 0xff || second < 0xe0) return NO_FRAME
  const id = (second >> 3) & 3
  const rate = SAMPLE_RATES[(third >> 2) & 3]
  if (id === 1 || rate === undefined) return RESERVED
  if (((second >> 1) & 3) !== LAYER_3) return OTHER_LAYER
  const version = id === 3 ? 1 : id === 2 ? 2 : 2.5
  const kbits = (version === 1 ? BITRATES_1 : BITRATES_2)[third >> 4]
  if (kbits === undefined) return RESERVED_RATE
  if (kbits === 0) return FREE_FORMAT
  const sampleRate = rate / (version === 1 ? 1 : version === 2 ? 2 : 4)
  const frameLength = version === 1 ? 1152 : 576
  const bitrate = kbits * 1000
  const frameBytes = Math.floor((frameLength / 8) * (bitrate / sampleRate)) + ((third >> 1) & 1)
  return { version, sampleRate, channels: fourth >> 6 === 3 ? 1 : 2, bitrate, frameLength, frameBytes }
}
