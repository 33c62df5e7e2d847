import { MediaError } from '../../error.ts'
import { nalSizeAt } from '../h264/nal.ts'
import { HEVC_NAL, HEVC_NAL_HEADER, hevcLayer, hevcNalType } from './nal.ts'

/** What the engine wants to know of a coded picture. */
export interface HevcAccessUnitScan {
  /**
   * Decoding may start here: an IRAP picture (IDR, BLA or CRA, ITU-T H.265 §3.73). A CRA picture is what open groups of pictures begin
   * with, as recovery points in H.264: pictures that are decoded after it and shown before it (RASL) need what came earlier, and a
   * decoder that starts here leaves them out by itself (§8.1.3).
   */
  readonly key: boolean
  /** There is a coded slice; units without (parameter sets alone, end of sequence) are nothing to show. */
  readonly picture: boolean
  /** In-band parameter sets, views on the unit. */
  readonly vps: readonly Uint8Array[]
  readonly sps: readonly Uint8Array[]
  readonly pps: readonly Uint8Array[]
}

const NOTHING: readonly Uint8Array[] = []
const KEY_PICTURE: HevcAccessUnitScan = { key: true, picture: true, vps: NOTHING, sps: NOTHING, pps: NOTHING }
const INTER_PICTURE: HevcAccessUnitScan = { ...KEY_PICTURE, key: false }
const NO_PICTURE: HevcAccessUnitScan = { ...INTER_PICTURE, picture: false }

/** Parameter sets of one access unit: as many as there are ids. */
const MAX_SETS = 16 + 16 + 64

/**
 * Looks at the NAL unit headers of one access unit. Throws `truncated` when a NAL unit runs past the end, `too-large` above 96 parameter
 * sets.
 * @param lengthSize bytes of the NAL unit lengths: 1, 2 or 4.
 */
export function scanHevcAccessUnit(data: Uint8Array, lengthSize: number): HevcAccessUnitScan {
  let picture = false
  let key = true
  let sets: { vps: Uint8Array[]; sps: Uint8Array[]; pps: Uint8Array[] } | undefined
  for (let at = 0; at < data.byteLength; ) {
    const size = nalSizeAt(data, at, lengthSize)
    const start = at + lengthSize
    at = start + size
    if (!isOfPicture(data, start, size)) continue
    const type = hevcNalType(data[start] ?? 0)
    if (type <= HEVC_NAL.lastSlice) {
      picture = true
      key &&= type >= HEVC_NAL.blaWLp && type <= HEVC_NAL.lastIrap
    } else if (type >= HEVC_NAL.vps && type <= HEVC_NAL.pps) {
      sets ??= { vps: [], sps: [], pps: [] }
      if (sets.vps.length + sets.sps.length + sets.pps.length === MAX_SETS) {
        throw new MediaError('too-large', `hevc: more than ${MAX_SETS} parameter sets in an access unit`)
      }
      const nal = data.subarray(start, at)
      if (type === HEVC_NAL.vps) sets.vps.push(nal)
      else if (type === HEVC_NAL.sps) sets.sps.push(nal)
      else sets.pps.push(nal)
    }
  }
  if (sets !== undefined) return { key: picture && key, picture, ...sets }
  return picture ? (key ? KEY_PICTURE : INTER_PICTURE) : NO_PICTURE
}

/** Not empty, and of the base layer: further layers (other views, enhancements) are left out. */
function isOfPicture(data: Uint8Array, start: number, size: number): boolean {
  return size >= HEVC_NAL_HEADER && hevcLayer(data[start] ?? 0, data[start + 1] ?? 0) === 0
}

/** Where an `hvc1` sample may not have them (ISO/IEC 14496-15 §8.3.2, §8.4.1.1.1), or needs none. */
function belongsInSample(data: Uint8Array, start: number, size: number): boolean {
  if (!isOfPicture(data, start, size)) return false
  const type = hevcNalType(data[start] ?? 0)
  return (type < HEVC_NAL.vps || type > HEVC_NAL.pps) && type !== HEVC_NAL.fillerData
}

/**
 * The access unit as an `hvc1` sample holds it: 4-byte lengths, without parameter sets (they are in the track's configuration: look at
 * `scanHevcAccessUnit` first), filler data, empty NAL units, and units of other layers than the base. `data` itself when it is so
 * already. Throws `truncated` as `scanHevcAccessUnit`.
 */
export function toHevcSample(data: Uint8Array, lengthSize: number): Uint8Array {
  let total = 0
  let kept = true
  for (let at = 0; at < data.byteLength; ) {
    const size = nalSizeAt(data, at, lengthSize)
    if (belongsInSample(data, at + lengthSize, size)) total += 4 + size
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
    if (!belongsInSample(data, start, size)) continue
    view.setUint32(to, size)
    out.set(data.subarray(start, at), to + 4)
    to += 4 + size
  }
  return out
}
