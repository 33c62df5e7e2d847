import { concatBytes } from '../../../bytes/bytes.ts'
import { ByteReader } from '../../../bytes/reader.ts'
import { MediaError } from '../../../error.ts'
import type { Depacketizer } from './depacketizer.ts'

const structure = 'rtp.vp9'

/** VP9 (RFC 9628), its lowest spatial layer: frames of several would need an index of a superframe, and nobody was asked for them. */
export const vp9: Depacketizer = {
  beginsKeyFrame(payload) {
    try {
      const { isStart, isKey, layer } = read(payload)
      return isStart && isKey && layer === 0
    } catch (error) {
      if (error instanceof MediaError) return false
      throw error
    }
  },
  assemble(payloads) {
    const lowest = payloads.map(read).filter(({ layer }) => layer === 0)
    const [first, ...others] = lowest
    if (first === undefined) return undefined
    if (!first.isStart || others.some(({ isStart }) => isStart)) {
      throw new MediaError('malformed', `${structure}: a frame without its beginning`, { structure })
    }
    const data = concatBytes(lowest.map(({ body }) => body))
    return data.byteLength === 0 ? undefined : { data, key: first.isKey }
  },
}

/**
 *      0 1 2 3 4 5 6 7
 *     +-+-+-+-+-+-+-+-+
 *     |I|P|L|F|B|E|V|Z|   §4.2
 *     |M| PICTURE ID  |   with I: 7 bits, 15 with M
 *     | TID |U| SID |D|   with L
 *     |   TL0PICIDX   |   with L, without F
 *     | P_DIFF      |N|   with F and P: one more while N, three at most
 *     | SS …              with V
 */
function read(payload: Uint8Array) {
  const reader = new ByteReader(payload, structure)
  const first = reader.u8()
  const has = (bit: number) => (first & bit) !== 0
  const [isPredicted, isFlexible] = [has(0x40), has(0x10)]
  let layer = 0
  if (has(0x80) && reader.u8() >= 0x80) reader.skip(1)
  if (has(0x20)) {
    layer = (reader.u8() >> 1) & 7
    if (!isFlexible) reader.skip(1)
  }
  if (isFlexible && isPredicted) {
    for (let i = 0; i < 3 && (reader.u8() & 1) !== 0; i++);
  }
  if (has(0x02)) skipStructure(reader)
  return { isStart: has(0x08), isKey: !isPredicted, layer, body: reader.rest() }
}

/**
 *     | N_S |Y|G|-|-|-|   then, with Y, width and height of each layer; with G, N_G pictures of a group:
 *     | TID |U| R |-|-|   each with R references
 */
function skipStructure(reader: ByteReader): void {
  const head = reader.u8()
  if ((head & 0x10) !== 0) reader.skip(((head >> 5) + 1) * 4)
  if ((head & 0x08) === 0) return
  for (let left = reader.u8(); left > 0; left--) reader.skip((reader.u8() >> 2) & 3)
}
