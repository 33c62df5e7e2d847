import { MediaError } from '../error.ts'

/** Bytes of a start code without the zero byte that may be in front (ITU-T H.264 annex B, H.265 annex B). */
const START_CODE = 3
const LENGTH = 4

/** Units of one picture: what encoders make has some hundred at most. */
const MAX_UNITS = 4096

/**
 * NAL units between start codes as NAL units with 4-byte lengths, for H.264 and HEVC. Zero bytes behind a unit (`trailing_zero_8bits`)
 * and empty units are left out, and so is what stands before the first start code. Throws `malformed` where there is none, `too-large` for
 * more units than any encoder makes of a picture.
 *
 * @param isKept by a unit's first byte; all without.
 */
export function lengthsFromAnnexB(data: Uint8Array, isKept: (firstByte: number) => boolean = () => true): Uint8Array {
  const first = nextStartCode(data, 0)
  if (first === -1) {
    throw new MediaError('malformed', 'access unit: no start code', { offset: 0, structure: 'annex-b' })
  }
  /** Start and end of each unit, one after the other. */
  const units: number[] = []
  let total = 0
  for (let start = first + START_CODE; start <= data.byteLength; ) {
    const next = nextStartCode(data, start)
    let end = next === -1 ? data.byteLength : next
    while (end > start && data[end - 1] === 0) end--
    if (end > start && isKept(data[start] ?? 0)) {
      if (units.length === 2 * MAX_UNITS) {
        throw new MediaError('too-large', `access unit: more than ${MAX_UNITS} NAL units`, { structure: 'annex-b' })
      }
      units.push(start, end)
      total += LENGTH + end - start
    }
    if (next === -1) break
    start = next + START_CODE
  }
  const out = new Uint8Array(total)
  const view = new DataView(out.buffer)
  let at = 0
  for (let i = 0; i < units.length; i += 2) {
    const start = units[i] ?? 0
    const end = units[i + 1] ?? 0
    view.setUint32(at, end - start)
    out.set(data.subarray(start, end), at + LENGTH)
    at += LENGTH + end - start
  }
  return out
}

/** Offset of 00 00 01 from `from` on, -1 without. */
function nextStartCode(data: Uint8Array, from: number): number {
  for (let one = data.indexOf(1, from + 2); one !== -1; one = data.indexOf(1, one + 1)) {
    if (data[one - 1] === 0 && data[one - 2] === 0) return one - 2
  }
  return -1
}
