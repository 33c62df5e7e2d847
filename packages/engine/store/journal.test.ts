import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epoch, timing } from './fixtures/material.ts'
import {
  type JournalRecord,
  parseJournal,
  type WrittenTracks,
  writeJournalHeader,
  writeJournalRecord,
} from './journal.ts'
import { parseReserved, writeReserved } from './reserved.ts'

const records: JournalRecord[] = [
  { type: 'begin', timing, recording: true, at: 1, channelId: 'ch_1' },
  { type: 'epoch', epoch: epoch(0) },
  { type: 'shed', msn: 10, segments: 9, discontinuities: 1 },
  { type: 'shed', msn: 20, segments: 19, discontinuities: 1, pauses: { 1: 2 } },
  { type: 'epoch', epoch: epoch(1, 900_000) },
  { type: 'end', at: 2 },
]

/** As one process writes them. */
function written(): Uint8Array[] {
  const tracks: WrittenTracks = new Map()
  return records.map((record) => writeJournalRecord(record, tracks))
}

const journal = () => Buffer.concat([writeJournalHeader(), ...written()])

test('a journal has the layout that is drawn', () => {
  assert.equal(Buffer.from(writeJournalHeader()).toString('hex'), '42534a4c00000001')
  const bytes = Buffer.from(writeJournalRecord({ type: 'end', at: 2 }))
  assert.equal(bytes.toString('hex', 0, 4), '00000008') // length of the payload
  assert.equal(bytes.toString('hex', 8, 12), '04000000') // type
  assert.equal(bytes.toString('latin1', 12), '{"at":2}')
})

test('records come back as they were written, byte strings too', () => {
  const bytes = journal()
  assert.deepEqual(parseJournal(bytes), { records, bytes: bytes.byteLength })
})

test('cut at any byte, a journal gives the records that are whole and where to go on', () => {
  const bytes = journal()
  const ends = [8]
  for (const record of written()) ends.push((ends.at(-1) ?? 0) + record.byteLength)
  for (let length = 0; length < bytes.byteLength; length++) {
    const whole = ends.filter((end) => end <= length).length - 1
    const parsed = parseJournal(bytes.subarray(0, length))
    assert.equal(parsed.records.length, Math.max(0, whole))
    assert.equal(parsed.bytes, whole < 0 ? 0 : ends[whole])
  }
})

test('a damaged bit ends the journal before it', () => {
  const bytes = journal()
  for (let at = 0; at < bytes.byteLength; at += 7) {
    const damaged = Uint8Array.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 0x10
    assert.ok(parseJournal(damaged).bytes <= at)
  }
})

test('of two slots the newest whole one counts, so that a torn write costs nothing', () => {
  const file = new Uint8Array(544)
  for (let count = 1; count <= 5; count++) {
    const { bytes, position } = writeReserved({ msn: count * 10, part: count * 100, count, isShown: count % 3 === 0 })
    assert.equal(position, count % 2 === 0 ? 0 : 512)
    const before = count === 1 ? undefined : { msn: (count - 1) * 10, part: (count - 1) * 100, count: count - 1 }
    for (let torn = 1; torn < 32; torn++) {
      const partly = file.slice()
      partly.set(bytes.subarray(0, torn), position)
      const found = parseReserved(partly)
      // The first bytes may be the same as before, or the whole slot's difference already be written.
      assert.ok(found === undefined ? before === undefined : found.count >= count - 1, `count ${count} torn at ${torn}`)
    }
    file.set(bytes, position)
    assert.deepEqual(parseReserved(file), { msn: count * 10, part: count * 100, count, isShown: count % 3 === 0 })
  }
  const golden = Buffer.from(writeReserved({ msn: 3, part: 4, count: 2, isShown: true }).bytes)
  assert.equal(
    golden.toString('hex', 4),
    ['00010001', '0000000000000002', '0000000000000003', '0000000000000004'].join(''),
  )
})
