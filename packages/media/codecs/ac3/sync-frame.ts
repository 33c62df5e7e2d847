import { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'

/** A synchronisation frame of AC-3 (ETSI TS 102 366 §4.3) or Enhanced AC-3 (annex E §E.1.2): what its first bytes say. */
export interface SyncFrame {
  readonly codec: 'ac3' | 'eac3'
  /** Bytes of the frame, syncword included. */
  readonly frameBytes: number
  /** `fscod`: 0 is 48, 1 is 44.1, 2 is 32 kHz; 3 (E-AC-3 only) half of the one that follows. */
  readonly fscod: number
  readonly sampleRate: number
  /** Blocks of 256 samples: 6, in E-AC-3 also 1, 2 and 3. */
  readonly blocks: number
  readonly bsid: number
  readonly bsmod: number
  readonly acmod: number
  readonly lfe: boolean
  /** AC-3: index of the bit rate, `frmsizecod >> 1`. */
  readonly bitRateCode: number
  /** E-AC-3: 0 independent, 1 dependent, 2 independent without one of its own before it. */
  readonly streamType: number
  readonly substream: number
  /** E-AC-3, dependent: locations of its channels (§E.1.3.1.8), `undefined` where it says none. */
  readonly channelMap?: number
}

export const SAMPLES_PER_BLOCK = 256
/** Bytes from which a frame is known. */
export const SYNC_FRAME_HEAD = 16

const SAMPLE_RATES = [48_000, 44_100, 32_000]
const BLOCKS = [1, 2, 3, 6]
/** kbit/s by `frmsizecod >> 1` (table 4.13). */
export const AC3_BIT_RATES = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640]
/** Full-bandwidth channels by `acmod` (table 4.3); 0 is two programmes of one channel. */
export const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5]
const DEPENDENT = 1

/** Reads the frame at `offset`. Throws `truncated`, `malformed`, `unsupported`. */
export function parseSyncFrame(bytes: Uint8Array, offset = 0): SyncFrame {
  const bits = new BitReader(bytes.subarray(offset, offset + SYNC_FRAME_HEAD), 'ac3')
  if (bits.u(16) !== 0x0b77) throw malformed('no frame begins here', offset)
  // bsid is at the same place in both, 24 bits behind the syncword.
  const bsid = (bytes[offset + 5] ?? 0) >> 3
  if (bits.remaining < 32) throw new MediaError('truncated', 'ac3: frame header is cut', { offset, structure: 'ac3' })
  if (bsid <= 8) return readAc3(bits, offset)
  if (bsid > 10 && bsid <= 16) return readEac3(bits, offset)
  throw new MediaError('unsupported', `ac3: bit stream ${bsid}`, { offset, structure: 'ac3' })
}

function readAc3(bits: BitReader, offset: number): SyncFrame {
  bits.skip(16) // crc1
  const fscod = bits.u(2)
  const sizeCode = bits.u(6)
  const bsid = bits.u(5)
  const bsmod = bits.u(3)
  const acmod = bits.u(3)
  if ((acmod & 1) !== 0 && acmod !== 1) bits.skip(2) // cmixlev
  if ((acmod & 4) !== 0) bits.skip(2) // surmixlev
  if (acmod === 2) bits.skip(2) // dsurmod
  const lfe = bits.flag()
  const sampleRate = SAMPLE_RATES[fscod]
  const kbits = AC3_BIT_RATES[sizeCode >> 1]
  if (sampleRate === undefined || kbits === undefined) throw malformed('a reserved sample or bit rate', offset)
  // Words of 16 bits (table 4.13); at 44.1 kHz a frame may be one longer.
  const words = Math.floor((kbits * 96_000) / sampleRate) + (fscod === 1 ? sizeCode & 1 : 0)
  return {
    codec: 'ac3',
    frameBytes: words * 2,
    fscod,
    sampleRate,
    blocks: 6,
    bsid,
    bsmod,
    acmod,
    lfe,
    bitRateCode: sizeCode >> 1,
    streamType: 0,
    substream: 0,
  }
}

function readEac3(bits: BitReader, offset: number): SyncFrame {
  const streamType = bits.u(2)
  const substream = bits.u(3)
  const frameBytes = (bits.u(11) + 1) * 2
  const fscod = bits.u(2)
  const second = bits.u(2)
  const base = SAMPLE_RATES[fscod === 3 ? second : fscod]
  const blocks = fscod === 3 ? 6 : BLOCKS[second]
  const acmod = bits.u(3)
  const lfe = bits.flag()
  const bsid = bits.u(5)
  if (base === undefined || blocks === undefined || streamType === 3) throw malformed('a reserved value', offset)
  if (frameBytes < SYNC_FRAME_HEAD / 2) throw malformed(`a frame of ${frameBytes} bytes`, offset)
  const channelMap = streamType === DEPENDENT ? readChannelMap(bits, acmod) : undefined
  return {
    codec: 'eac3',
    frameBytes,
    fscod,
    sampleRate: fscod === 3 ? base / 2 : base,
    blocks,
    bsid,
    bsmod: 0,
    acmod,
    lfe,
    bitRateCode: 0,
    streamType,
    substream,
    ...(channelMap === undefined ? {} : { channelMap }),
  }
}

/** §E.1.2.2: dialnorm and compr, twice where there are two programmes, then chanmap. */
function readChannelMap(bits: BitReader, acmod: number): number | undefined {
  for (let i = 0; i < (acmod === 0 ? 2 : 1); i++) {
    bits.skip(5)
    if (bits.flag()) bits.skip(8)
  }
  return bits.flag() ? bits.u(16) : undefined
}

function malformed(what: string, offset: number): MediaError {
  return new MediaError('malformed', `ac3: ${what}`, { offset, structure: 'ac3' })
}
