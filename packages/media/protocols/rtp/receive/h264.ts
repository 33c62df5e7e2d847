import { ByteReader } from '../../../bytes/reader.ts'
import { scanAccessUnit } from '../../../codecs/h264/access-unit.ts'
import { NAL, nalType } from '../../../codecs/h264/nal.ts'
import { MediaError } from '../../../error.ts'
import type { Depacketizer } from './depacketizer.ts'
import { createParts, type Parts, withLengths } from './parts.ts'

/** RFC 6184 table 1. */
const STAP_A = 24
const FU_A = 28
const FORBIDDEN = 0x80
const NRI = 0x60

const structure = 'rtp.h264'

/** H.264 in packetization modes 0 and 1 (RFC 6184 §6.2, §6.3): single NAL units, STAP-A and FU-A. */
export const h264: Depacketizer = {
  beginsKeyFrame(payload) {
    const type = nalType(payload[0] ?? 0)
    // An aggregate's first NAL unit stands behind the indicator and its own size.
    const first = type === STAP_A ? nalType(payload[3] ?? 0) : type
    return first === NAL.sps || (first === NAL.accessUnitDelimiter && aggregateHas(payload, NAL.sps))
  },
  assemble(payloads) {
    const parts = createParts(structure)
    for (const payload of payloads) add(payload, parts)
    const nals = parts.finish()
    if (nals.length === 0) return undefined
    const data = withLengths(nals)
    const { key, picture } = scanAccessUnit(data, 4)
    return picture ? { data, key } : undefined
  },
}

function aggregateHas(payload: Uint8Array, wanted: number): boolean {
  if (nalType(payload[0] ?? 0) !== STAP_A) return false
  for (let at = 1; at + 2 < payload.byteLength; ) {
    if (nalType(payload[at + 2] ?? 0) === wanted) return true
    at += 2 + (payload[at] ?? 0) * 256 + (payload[at + 1] ?? 0)
  }
  return false
}

function add(payload: Uint8Array, parts: Parts): void {
  const first = payload[0] ?? 0
  const type = nalType(first)
  if (type >= 1 && type < STAP_A) return parts.whole(payload)
  if (type === STAP_A) return aggregate(payload, parts)
  if (type === FU_A) return fragment(payload, parts)
  throw new MediaError('unsupported', `${structure}: payload structure ${type}`, { structure })
}

/**
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     |STAP-A NAL HDR |         NALU 1 Size           | NALU 1 HDR    |   §5.7.1
 */
function aggregate(payload: Uint8Array, parts: Parts): void {
  const reader = new ByteReader(payload.subarray(1), structure)
  while (reader.remaining > 0) {
    const nal = reader.bytes(reader.u16())
    if (nal.byteLength > 0) parts.whole(nal)
  }
}

/**
 *     +---------------+---------------+
 *     |F|NRI| Type=28 |S|E|R|  Type   |   §5.8
 */
function fragment(payload: Uint8Array, parts: Parts): void {
  const indicator = payload[0] ?? 0
  const header = payload[1]
  if (header === undefined) throw new MediaError('truncated', `${structure}: a fragment without header`, { structure })
  const isStart = (header & 0x80) !== 0
  const isEnd = (header & 0x40) !== 0
  const body = payload.subarray(2)
  if (isStart) {
    parts.begin(Uint8Array.of((indicator & (FORBIDDEN | NRI)) | (header & 0x1f)))
    parts.goOn(body)
  } else parts.goOn(body)
  if (isEnd) parts.end()
}
