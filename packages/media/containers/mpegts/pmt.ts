import { ByteReader } from '../../bytes/reader.ts'
import { ByteWriter } from '../../bytes/writer.ts'

export const PMT_TABLE = 2

/** Descriptor of a stream or a programme (ISO/IEC 13818-1 §2.6). */
export interface Descriptor {
  readonly tag: number
  readonly data: Uint8Array
}

/** One elementary stream of a programme map. */
export interface MapEntry {
  readonly pid: number
  /** stream_type of table 2-34. */
  readonly type: number
  readonly descriptors: readonly Descriptor[]
}

/** A programme map (§2.4.4.8). */
export interface ProgramMap {
  readonly pcrPid: number
  readonly streams: readonly MapEntry[]
}

/**
 * Body of a PMT section. Copies nothing: views on the body.
 * @throws MediaError `truncated`
 */
export function parsePmt(body: Uint8Array): ProgramMap {
  const reader = new ByteReader(body, 'mpegts.pmt')
  const pcrPid = reader.u16() & 0x1fff
  reader.skip(reader.u16() & 0xfff)
  const streams: MapEntry[] = []
  while (reader.remaining > 0) {
    const type = reader.u8()
    const pid = reader.u16() & 0x1fff
    const descriptors = parseDescriptors(reader.bytes(reader.u16() & 0xfff))
    streams.push({ pid, type, descriptors })
  }
  return { pcrPid, streams }
}

/** A descriptor that says to be longer than what there is ends the list: it only describes. */
function parseDescriptors(data: Uint8Array): Descriptor[] {
  const found: Descriptor[] = []
  for (let at = 0; at + 2 <= data.byteLength; ) {
    const end = at + 2 + (data[at + 1] ?? 0)
    if (end > data.byteLength) break
    found.push({ tag: data[at] ?? 0, data: data.subarray(at + 2, end) })
    at = end
  }
  return found
}

export function printPmt({ pcrPid, streams }: ProgramMap): Uint8Array {
  const writer = new ByteWriter()
  writer.u16(0xe000 | pcrPid).u16(0xf000)
  for (const { type, pid, descriptors } of streams) {
    const length = descriptors.reduce((sum, { data }) => sum + 2 + data.byteLength, 0)
    writer
      .u8(type)
      .u16(0xe000 | pid)
      .u16(0xf000 | length)
    for (const { tag, data } of descriptors) writer.u8(tag).u8(data.byteLength).bytes(data)
  }
  return writer.finish()
}
