import { concatBytes } from '../../../bytes/bytes.ts'
import { ByteReader } from '../../../bytes/reader.ts'
import { MediaError } from '../../../error.ts'
import type { Depacketizer } from './depacketizer.ts'

const structure = 'rtp.vp8'

/** VP8 (RFC 7741). */
export const vp8: Depacketizer = {
  beginsKeyFrame(payload) {
    try {
      const { isStart, body } = read(payload)
      return isStart && isKey(body)
    } catch (error) {
      if (error instanceof MediaError) return false
      throw error
    }
  },
  assemble(payloads) {
    const descriptors = payloads.map(read)
    const [first, ...others] = descriptors
    if (first === undefined) return undefined
    if (!first.isStart || others.some(({ isStart }) => isStart)) {
      throw new MediaError('malformed', `${structure}: a frame without its beginning`, { structure })
    }
    const data = concatBytes(descriptors.map(({ body }) => body))
    return data.byteLength === 0 ? undefined : { data, key: isKey(data) }
  },
}

/** The frame tag's first bit (RFC 6386 §9.1). */
const isKey = (body: Uint8Array): boolean => body[0] !== undefined && (body[0] & 1) === 0

/**
 *      0 1 2 3 4 5 6 7
 *     +-+-+-+-+-+-+-+-+
 *     |X|R|N|S|R| PID |   §4.2
 *     |I|L|T|K| RSV   |   with X
 *     |M| PictureID   |   with I: 7 bits, 15 with M
 *     |   TL0PICIDX   |   with L
 *     |TID|Y| KEYIDX  |   with T or K
 */
function read(payload: Uint8Array): { readonly isStart: boolean; readonly body: Uint8Array } {
  const reader = new ByteReader(payload, structure)
  const first = reader.u8()
  if ((first & 0x80) !== 0) {
    const has = reader.u8()
    if ((has & 0x80) !== 0 && reader.u8() >= 0x80) reader.skip(1)
    if ((has & 0x40) !== 0) reader.skip(1)
    if ((has & 0x30) !== 0) reader.skip(1)
  }
  return { isStart: (first & 0x17) === 0x10, body: reader.rest() }
}
