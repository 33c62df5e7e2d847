import { MediaError } from '../../error.ts'

/**
 * The byte stream format of H.264 and HEVC (annex B of both): NAL units behind start codes `00 00 01`, with any number of zero
 * bytes before a start code and behind a unit.
 *
 * @param limit NAL units at most. Throws `too-large` beyond.
 * @returns start and end of each NAL unit in turn; empty ones are left out. What stands before the first start code is no unit.
 */
export function findNalUnits(data: Uint8Array, limit: number): number[] {
  const borders: number[] = []
  const length = data.byteLength
  let start = -1
  let at = 0
  while (at + 2 < length) {
    const third = data[at + 2] as number
    // Of three bytes the last says most: above 1 none of them can begin a start code.
    if (third > 1) at += 3
    else if (third === 0 || data[at] !== 0 || data[at + 1] !== 0) at++
    else {
      if (start !== -1) addUnit(data, borders, start, at, limit)
      start = at + 3
      at += 3
    }
  }
  if (start !== -1) addUnit(data, borders, start, length, limit)
  return borders
}

function addUnit(data: Uint8Array, borders: number[], start: number, next: number, limit: number): void {
  let end = next
  // trailing_zero_8bits; a NAL unit itself never ends with a zero byte.
  while (end > start && data[end - 1] === 0) end--
  if (end === start) return
  if (borders.length === 2 * limit) {
    throw new MediaError('too-large', `a picture of more than ${limit} NAL units`, {
      structure: 'annex-b',
      offset: start,
    })
  }
  borders.push(start, end)
}

/**
 * NAL units with 4-byte lengths, copied.
 * @param borders from `findNalUnits`.
 * @param isKept by the unit's first byte.
 */
export function toLengthPrefixed(
  data: Uint8Array,
  borders: readonly number[],
  isKept: (firstByte: number) => boolean,
): Uint8Array<ArrayBuffer> {
  let total = 0
  for (let i = 0; i < borders.length; i += 2) {
    const start = borders[i] as number
    if (isKept(data[start] as number)) total += 4 + (borders[i + 1] as number) - start
  }
  const out = new Uint8Array(total)
  const view = new DataView(out.buffer)
  let to = 0
  for (let i = 0; i < borders.length; i += 2) {
    const start = borders[i] as number
    const end = borders[i + 1] as number
    if (!isKept(data[start] as number)) continue
    view.setUint32(to, end - start)
    out.set(data.subarray(start, end), to + 4)
    to += 4 + end - start
  }
  return out
}
