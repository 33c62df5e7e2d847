import { ByteReader } from '../../../bytes/reader.ts'
import { scanHevcAccessUnit } from '../../../codecs/hevc/access-unit.ts'
import { MediaError } from '../../../error.ts'
import type { Depacketizer } from './depacketizer.ts'
import { createParts, type Parts, withLengths } from './parts.ts'

/** `nal_unit_type` of ITU-T H.265 table 7-1 and payload structures of RFC 7798 §4.4. */
const TYPE = { vps: 32, sps: 33, aggregate: 48, fragment: 49 } as const

const structure = 'rtp.hevc'

const typeOf = (firstByte: number): number => (firstByte >> 1) & 0x3f

/** HEVC without decoding order numbers (RFC 7798 with sprop-max-don-diff 0): single NAL units, aggregates (AP) and fragments (FU). */
export const hevc: Depacketizer = {
  beginsKeyFrame(payload) {
    const type = typeOf(payload[0] ?? 0)
    const first = type === TYPE.aggregate ? typeOf(payload[4] ?? 0) : type
    return first === TYPE.vps || first === TYPE.sps
  },
  assemble(payloads) {
    const parts = createParts(structure)
    for (const payload of payloads) add(payload, parts)
    const nals = parts.finish()
    const data = withLengths(nals)
    const { key, picture } = scanHevcAccessUnit(data, 4)
    return picture ? { data, key } : undefined
  },
}

function add(payload: Uint8Array, parts: Parts): void {
  if (payload.byteLength < 3)
    throw new MediaError('truncated', `${structure}: ${payload.byteLength} bytes`, { structure })
  const type = typeOf(payload[0] ?? 0)
  if (type < TYPE.aggregate) return parts.whole(payload)
  if (type === TYPE.aggregate) return aggregate(payload, parts)
  if (type === TYPE.fragment) return fragment(payload, parts)
  throw new MediaError('unsupported', `${structure}: payload structure ${type}`, { structure })
}

/**
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     |    PayloadHdr (Type=48)       |         NALU 1 Size           |   §4.4.2
 *     |          NALU 1 HDR           |         NALU 1 Data …
 */
function aggregate(payload: Uint8Array, parts: Parts): void {
  const reader = new ByteReader(payload.subarray(2), structure)
  while (reader.remaining > 0) {
    const nal = reader.bytes(reader.u16())
    if (nal.byteLength > 0) parts.whole(nal)
  }
}

/**
 *     |    PayloadHdr (Type=49)       |S|E|  FuType   |   §4.4.3
 */
function fragment(payload: Uint8Array, parts: Parts): void {
  const header = payload[2] ?? 0
  if ((header & 0x80) !== 0) {
    const first = ((payload[0] ?? 0) & 0x81) | ((header & 0x3f) << 1)
    parts.begin(Uint8Array.of(first, payload[1] ?? 0))
  }
  parts.goOn(payload.subarray(3))
  if ((header & 0x40) !== 0) parts.end()
}
