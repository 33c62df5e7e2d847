import { ByteReader } from '../../bytes/reader.ts'
import { ByteWriter } from '../../bytes/writer.ts'

export const PAT_PID = 0
export const PAT_TABLE = 0

/** One programme of the association table (ISO/IEC 13818-1 §2.4.4.3): its number and where its map is. */
export interface Program {
  readonly number: number
  readonly mapPid: number
}

/** Programmes of a PAT section's body; programme 0, the network's table, is left out. A rest of less than an entry is ignored. */
export function parsePat(body: Uint8Array): Program[] {
  const reader = new ByteReader(body, 'mpegts.pat')
  const programs: Program[] = []
  while (reader.remaining >= 4) {
    const number = reader.u16()
    const mapPid = reader.u16() & 0x1fff
    if (number !== 0) programs.push({ number, mapPid })
  }
  return programs
}

export function printPat(programs: readonly Program[]): Uint8Array {
  const writer = new ByteWriter()
  for (const { number, mapPid } of programs) writer.u16(number).u16(0xe000 | mapPid)
  return writer.finish()
}
