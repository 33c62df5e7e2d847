import { MediaError } from '../../error.ts'

/** `nal_unit_type` of ITU-T H.264 table 7-1, those that are told apart here. */
export const NAL = {
  slice: 1,
  partitionA: 2,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  fillerData: 12,
  spsExtension: 13,
} as const

/** Type of a NAL unit from its first byte. */
export function nalType(firstByte: number): number {
  return firstByte & 0x1f
}

/**
 * Raw byte sequence payload of a NAL unit: without its header and without `emulation_prevention_three_byte`
 * (§7.4.1). A view where there is nothing to remove.
 * @param limit bytes of the result at most; a longer payload is cut, for readers that need the beginning only.
 * @param header bytes of the header: 1, and 2 in HEVC.
 */
export function rbsp(nal: Uint8Array, limit: number = nal.byteLength, header = 1): Uint8Array {
  const first = findEmulation(nal, header)
  if (first === -1) return nal.subarray(header, Math.min(nal.byteLength, header + limit))
  const out = new Uint8Array(Math.max(0, Math.min(nal.byteLength - header, limit)))
  let length = 0
  let zeros = 0
  for (let i = header; i < nal.byteLength && length < out.byteLength; i++) {
    const byte = nal[i] ?? 0
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    out[length++] = byte
  }
  return out.subarray(0, length)
}

function findEmulation(nal: Uint8Array, from: number): number {
  for (let i = nal.indexOf(3, from + 2); i !== -1; i = nal.indexOf(3, i + 1)) {
    if (nal[i - 1] === 0 && nal[i - 2] === 0) return i
  }
  return -1
}

/**
 * Size of the NAL unit whose length field starts at `offset`. Throws `truncated` when field or unit runs past the end.
 * @param lengthSize 1, 2 or 4 bytes (`lengthSizeMinusOne` + 1).
 */
export function nalSizeAt(data: Uint8Array, offset: number, lengthSize: number): number {
  let size = 0
  for (let i = 0; i < lengthSize; i++) size = size * 256 + (data[offset + i] ?? 0)
  if (offset + lengthSize + size > data.byteLength) {
    throw new MediaError(
      'truncated',
      `access unit: NAL unit of ${size} bytes at offset ${offset} runs past the end (${data.byteLength})`,
      { offset, structure: 'access-unit' },
    )
  }
  return size
}
