import { ByteReader } from '../../../bytes/reader.ts'
import { ByteWriter } from '../../../bytes/writer.ts'
import { MediaError } from '../../../error.ts'
import { concatenated } from './concatenated.ts'
import type { Depacketizer } from './depacketizer.ts'
import { createParts, type Parts } from './parts.ts'

/** `obu_type` of the AV1 bitstream specification §6.2.2. */
const OBU = { sequenceHeader: 1, temporalDelimiter: 2, frameHeader: 3, frame: 6, tileList: 8, padding: 15 } as const

const structure = 'rtp.av1'

/** AV1 (RTP Payload Format For AV1, v1.0.0): OBUs without sizes in, a temporal unit of OBUs with sizes out. */
export const av1: Depacketizer = {
  // N: the first packet of a coded video sequence (§4.4), which begins with a key frame.
  beginsKeyFrame: (payload) => ((payload[0] ?? 0) & 0x88) === 0x08,
  assemble(payloads) {
    const parts = createParts(structure)
    for (const payload of payloads) add(payload, parts)
    const writer = new ByteWriter()
    let key = false
    let picture = false
    for (const pieces of parts.finish()) {
      const type = write(writer, pieces.length === 1 ? (pieces[0] as Uint8Array) : concatenated(pieces))
      if (type === OBU.sequenceHeader) key = true
      if (type === OBU.frame || type === OBU.frameHeader) picture = true
    }
    return picture ? { data: writer.finish(), key } : undefined
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
    throw new MediaError('malformed', `${structure}: a fragment without its ${goesOn ? 'beginning' : 'end'}`, {
      structure,
    })
  }
  for (let i = 0; reader.remaining > 0; i++) {
    if (count > 0 && i === count)
      throw new MediaError('malformed', `${structure}: more than ${count} elements`, { structure })
    const element = count > 0 && i === count - 1 ? reader.rest() : reader.bytes(leb128(reader))
    if (i > 0 || !goesOn) parts.begin(element)
    else parts.goOn(element)
    if (reader.remaining > 0 || !isCut) parts.end()
  }
}

/** Writes an OBU with its size; those that mean nothing in a sample are left out. @returns its type */
function write(writer: ByteWriter, obu: Uint8Array): number | undefined {
  const reader = new ByteReader(obu, structure)
  if (obu.byteLength === 0) return undefined
  const header = reader.u8()
  const type = (header >> 3) & 15
  const extension = (header & 4) === 0 ? undefined : reader.u8()
  const body = (header & 2) === 0 ? reader.rest() : reader.bytes(leb128(reader))
  if (type === OBU.temporalDelimiter || type === OBU.tileList || type === OBU.padding) return undefined
  writer.u8(header | 2)
  if (extension !== undefined) writer.u8(extension)
  writeLeb128(writer, body.byteLength)
  writer.bytes(body)
  return type
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

function writeLeb128(writer: ByteWriter, value: number): void {
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) writer.u8((rest & 0x7f) | 0x80)
  writer.u8(rest)
}
