import { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'
import { NAL, nalSizeAt, nalType, rbsp } from './nal.ts'
import { readSei, type SeiFacts } from './sei.ts'

/** What the engine wants to know of a coded picture. */
export interface AccessUnitScan {
  /**
   * Decoding may start here: an IDR picture, or one of intra slices only that an SEI message calls a recovery point with
   * `recovery_frame_cnt` 0 (ITU-T H.264 §D.2.8), which is how open-GOP encoders mark their key frames. Firefox and
   * Safari start at one, Chromium waits for an IDR picture (w3c/webcodecs issue 650, web-platform-tests 59019). Periodic
   * intra refresh has counts above 0 and no intra picture: not a key frame.
   */
  readonly key: boolean
  /** There is a coded slice; units without (parameter sets alone, end of sequence) are nothing to show. */
  readonly picture: boolean
  /** In-band parameter sets, views on the unit. */
  readonly sps: readonly Uint8Array[]
  readonly pps: readonly Uint8Array[]
}

const NOTHING: readonly Uint8Array[] = []
/** The answer for nearly every picture, made once. */
const INTER_PICTURE: AccessUnitScan = { key: false, picture: true, sps: NOTHING, pps: NOTHING }

/**
 * Looks at the NAL unit headers of one access unit; more only where a header asks for it. Throws `truncated` when a NAL
 * unit runs past the end, `too-large` above 288 parameter sets.
 * @param lengthSize bytes of the NAL unit lengths: 1, 2 or 4.
 */
export function scanAccessUnit(data: Uint8Array, lengthSize: number): AccessUnitScan {
  let slices = 0
  let idr = false
  let intra = true
  let special = false
  for (let at = 0; at < data.byteLength; ) {
    const size = nalSizeAt(data, at, lengthSize)
    const start = at + lengthSize
    at = start + size
    if (size === 0) continue
    const type = nalType(data[start] ?? 0)
    if (type === NAL.idr) {
      slices++
      idr = true
    } else if (type === NAL.slice || type === NAL.partitionA) {
      slices++
      intra &&= isIntraSlice(data.subarray(start, start + Math.min(size, SLICE_HEAD)))
    } else if (type === NAL.sps || type === NAL.pps || type === NAL.sei) {
      special = true
    }
  }
  // Only IDR pictures, recovery points and units with parameter sets get past here.
  if (!special) return idr ? { ...INTER_PICTURE, key: true } : slices > 0 ? INTER_PICTURE : NO_PICTURE
  return scanClosely(data, lengthSize, slices > 0, idr, slices > 0 && intra)
}

/** Parameter sets of one access unit: as many as there are ids. */
const MAX_SETS = 32 + 256

const NO_PICTURE: AccessUnitScan = { key: false, picture: false, sps: NOTHING, pps: NOTHING }

function scanClosely(
  data: Uint8Array,
  lengthSize: number,
  picture: boolean,
  idr: boolean,
  intra: boolean,
): AccessUnitScan {
  const sps: Uint8Array[] = []
  const pps: Uint8Array[] = []
  const facts: SeiFacts = {}
  for (let at = 0; at < data.byteLength; ) {
    const size = nalSizeAt(data, at, lengthSize)
    const start = at + lengthSize
    at = start + size
    if (size === 0) continue
    if (sps.length + pps.length > MAX_SETS) {
      throw new MediaError('too-large', `h264: more than ${MAX_SETS} parameter sets in an access unit`)
    }
    const type = nalType(data[start] ?? 0)
    if (type === NAL.sps) sps.push(data.subarray(start, at))
    else if (type === NAL.pps) pps.push(data.subarray(start, at))
    else if (type === NAL.sei && intra && !idr) readSei(data.subarray(start, at), facts)
  }
  const key = idr || (intra && facts.recoveryFrames === 0)
  return { key, picture, sps, pps }
}

/** Enough for first_mb_in_slice and slice_type, with escapes. */
const SLICE_HEAD = 12

/** slice_type I or SI, alone or for the whole picture (table 7-6). */
function isIntraSlice(head: Uint8Array): boolean {
  // first_mb_in_slice 0 is one bit, so the usual P slice shows in the second: no reader needed for it.
  const second = head[1] ?? 0
  if ((second & 0xc0) === 0xc0) return false // 1 1…: slice_type 0
  try {
    const bits = new BitReader(rbsp(head), 'slice')
    bits.ue()
    const type = bits.ue() % 5
    return type === 2 || type === 4
  } catch (error) {
    if (error instanceof MediaError) return false
    throw error
  }
}

/** Where an ISO BMFF sample may not have them (ISO/IEC 14496-15 §5.3.2, §5.4.2 for `avc1`), or needs none. */
function belongsInSample(type: number): boolean {
  return type !== NAL.sps && type !== NAL.pps && type !== NAL.spsExtension && type !== NAL.fillerData
}

/**
 * The access unit as an `avc1` sample holds it: 4-byte lengths, without parameter sets (they are in the track's
 * configuration: look at `scanAccessUnit` first), without filler data (a constant-bitrate encoder's padding, which viewers
 * need not download) and without empty NAL units (Chromium takes them for an error). `data` itself when it is so already.
 * Throws `truncated` as `scanAccessUnit`.
 */
export function toFourByteLengths(data: Uint8Array, lengthSize: number): Uint8Array {
  let total = 0
  let kept = true
  for (let at = 0; at < data.byteLength; ) {
    const size = nalSizeAt(data, at, lengthSize)
    const keep = size > 0 && belongsInSample(nalType(data[at + lengthSize] ?? 0))
    if (keep) total += 4 + size
    else kept = false
    at += lengthSize + size
  }
  if (kept && lengthSize === 4) return data
  const out = new Uint8Array(total)
  const view = new DataView(out.buffer)
  let to = 0
  for (let at = 0; at < data.byteLength; ) {
    const size = nalSizeAt(data, at, lengthSize)
    const start = at + lengthSize
    at = start + size
    if (size === 0 || !belongsInSample(nalType(data[start] ?? 0))) continue
    view.setUint32(to, size)
    out.set(data.subarray(start, at), to + 4)
    to += 4 + size
  }
  return out
}
