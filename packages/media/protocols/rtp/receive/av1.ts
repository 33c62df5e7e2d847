import { concatBytes } from '../../../bytes/bytes.ts'
import { ByteReader } from '../../../bytes/reader.ts'
import { withObuSize } from '../../../codecs/av1/obu.ts'
import { scanTemporalUnit, toAv1Sample } from '../../../codecs/av1/temporal-unit.ts'
import { MediaError } from '../../../error.ts'
import type { Depacketizer } from './depacketizer.ts'
import { createParts, type Parts } from './parts.ts'

const structure = 'rtp.av1'

/** AV1 (RTP Payload Format For AV1, v1.0.0): OBUs without sizes in, a temporal unit of OBUs with sizes out. */
export const av1: Depacketizer = {
  // N: the first packet of a coded video sequence (§4.4), which begins with a key frame.
  beginsKeyFrame: (payload) => ((payload[0] ?? 0) & 0x88) === 0x08,
  assemble(payloads) {
    const parts = createParts(structure)
    for (const payload of payloads) add(payload, parts)
    const units = parts.finish().map((pieces) => concatBytes(pieces))
    const data = toAv1Sample(concatBytes(units.map((unit) => withObuSize(unit))))
    const { key, picture } = scanTemporalUnit(data)
    return picture ? { data, key } : undefined
  },
}

/**
 *      0 1 2 3 4 5 6 7
 *     +-+-+-+-+-+-+-+-+
 *     |Z|Y| W |N|-|-|-|   aggregation header (§4.4), then elements; each has its size in front but, with W, the last
 */
function add(payload: Uint8Array, parts: Parts): void {
  const reader = new ByteReader(payload, structure)
  const header = reader.u8()
  const goesOn = (header & 0x80) !== 0
  const isCut = (header & 0x40) !== 0
  const count = (header >> 4) & 3
  if (goesOn !== parts.isOpen) {
    const missing = goesOn ? 'beginning' : 'end'
    throw new MediaError('malformed', `${structure}: a fragment without its ${missing}`, { structure })
  }
  for (let i = 0; reader.remaining > 0; i++) {
    const element = count > 0 && i === count - 1 ? reader.rest() : reader.bytes(leb128(reader))
    if (i > 0 || !goesOn) parts.begin(element)
    else parts.goOn(element)
    if (reader.remaining > 0 || !isCut) parts.end()
  }
}

/** §4.10.5 of the bitstream's specification; sizes here need five bytes at most. */
function leb128(reader: ByteReader): number {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = reader.u8()
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return value
  }
  throw new MediaError('malformed', `${structure}: a size has no end`, { structure })
}
