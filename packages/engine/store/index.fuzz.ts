import { crc32 } from 'node:zlib'
import { EngineError } from '../error.ts'
import { createMemory } from './asset.ts'
import { parseJournal } from './journal.ts'
import { parseRecords, parseSpanHeader, RECORD_BYTES } from './record.ts'
import { parseReserved } from './reserved.ts'

/**
 * Input: one byte that says which file it is, then the file. Recovery must take any bytes without an exception, and give
 * no more than they can hold.
 */
export const target = {
  name: 'store-index',
  corpus: new URL('corpus/', import.meta.url),
  run(input: Uint8Array): void {
    const file = input.subarray(1)
    switch ((input[0] ?? 0) % 3) {
      case 0:
        index(file)
        index(signIndex(file))
        break
      case 1:
        journal(file)
        journal(signJournal(file))
        break
      default:
        parseReserved(file)
    }
  },
}

function index(file: Uint8Array): void {
  parseSpanHeader(file)
  const records = parseRecords(file, new Map([1, 2].map((track) => [track, 2 ** 40])))
  check(records.length * RECORD_BYTES <= file.byteLength, 'more records than bytes')
  const begin = { type: 'begin', timing: { targetDuration: 4, partTarget: 0.35 }, recording: true, at: 0 } as const
  const memory = createMemory([begin], 8)
  for (const [i, record] of records.entries()) memory?.assembler.add(record, i)
  memory?.assembler.finish()
  check((memory?.rows.length ?? 0) <= records.length, 'more rows than records')
}

function journal(file: Uint8Array): void {
  const { records, bytes } = parseJournal(file)
  check(bytes <= file.byteLength, 'goes on behind the end')
  createMemory(records, 8)
}

/** The same with right checksums, so that what is behind them is reached too. */
function signIndex(file: Uint8Array): Uint8Array {
  const bytes = file.slice()
  const view = new DataView(bytes.buffer)
  if (bytes.byteLength >= RECORD_BYTES) view.setUint32(60, crc32(bytes.subarray(0, 60)))
  for (let at = RECORD_BYTES; at + RECORD_BYTES <= bytes.byteLength; at += RECORD_BYTES) {
    view.setUint32(at, crc32(bytes.subarray(at + 4, at + RECORD_BYTES)))
  }
  return bytes
}

function signJournal(file: Uint8Array): Uint8Array {
  const bytes = file.slice()
  const view = new DataView(bytes.buffer)
  for (let at = 8; at + 12 <= bytes.byteLength; ) {
    const end = at + 12 + view.getUint32(at)
    if (end > bytes.byteLength) break
    view.setUint32(at + 4, crc32(bytes.subarray(at + 8, end)))
    at = end
  }
  return bytes
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new EngineError('disk', what)
}
