import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDiskStore } from './disk.ts'
import { epoch, part, quietLog, retention, temporaryFolder, timing, until } from './fixtures/material.ts'
import { nodeIo, type StoreFile, type StoreIo } from './io.ts'
import { parseJournal, type WrittenTracks, writeJournalHeader, writeJournalRecord } from './journal.ts'
import { STORE_LIMITS } from './limits.ts'
import { readJournal } from './scan.ts'

/** An encoder that reconnects again and again. */

const DAY = 86_400

/** The same encoder each time, or one of two in turn. */
function nextEpoch(id: number) {
  const tracks = epoch(id % 2).tracks
  return { id, start: id * 90_000, wallClock: 1_700_000_000_123.456 + id * 1_000, tracks }
}

test('a day of one reconnect a second, two encoders in turn, stays far below the bound of a journal', () => {
  const written: WrittenTracks = new Map()
  const records = [writeJournalHeader(), writeJournalRecord({ type: 'begin', timing, recording: true, at: 1 })]
  for (let id = 0; id < DAY; id++) records.push(writeJournalRecord({ type: 'epoch', epoch: nextEpoch(id) }, written))
  const bytes = Buffer.concat(records)
  assert.ok(bytes.byteLength < STORE_LIMITS.journalBytes / 4, `${bytes.byteLength} bytes`)
  const parsed = parseJournal(bytes)
  assert.equal(parsed.records.length, DAY + 1)
  const last = parsed.records.at(-1)
  assert.deepEqual(last?.type === 'epoch' && last.epoch, nextEpoch(DAY - 1))
})

test('a long journal is read in turns with everything else', async () => {
  const written: WrittenTracks = new Map()
  const records = [writeJournalHeader(), writeJournalRecord({ type: 'begin', timing, recording: true, at: 1 })]
  for (let id = 0; id < 10_000; id++) records.push(writeJournalRecord({ type: 'epoch', epoch: nextEpoch(id) }, written))
  const bytes = Buffer.concat(records)
  // A disk that answers at once, so that turns are those of the reader.
  const file = {
    read: async (target: Uint8Array) => (target.set(bytes), bytes.byteLength),
    close: async () => undefined,
  } as Partial<StoreFile>
  const stat = async () => ({ bytes: bytes.byteLength, modifiedAt: 0 })
  const io: StoreIo = { ...nodeIo, stat, open: async () => file as StoreFile }
  let turns = 0
  let isReading = true
  const count = () => {
    turns++
    if (isReading) setImmediate(count)
  }
  setImmediate(count)
  const journal = await readJournal({ io, limits: STORE_LIMITS }, '')
  isReading = false
  assert.equal(journal.records.length, 10_001)
  assert.equal(journal.bytes, bytes.byteLength)
  const needed = Math.floor(bytes.byteLength / STORE_LIMITS.journalTurnBytes)
  assert.ok(needed > 10 && turns >= needed, `${turns} turns, ${needed} needed`)
})

test('more encoders than are remembered are all told apart', () => {
  const written: WrittenTracks = new Map()
  const epochs = Array.from({ length: 300 }, (_, id) => ({ ...epoch(id % 100), id }))
  const records = epochs.map((each) => writeJournalRecord({ type: 'epoch', epoch: each }, written))
  assert.ok(written.size <= 64)
  const parsed = parseJournal(Buffer.concat([writeJournalHeader(), ...records])).records
  assert.deepEqual(
    parsed.map((record) => record.type === 'epoch' && record.epoch),
    epochs,
  )
})

test('at the bound of the journal recording stops with a message, and what is there stays', async (t) => {
  const root = await temporaryFolder(t)
  const limits = { tickMs: 5, journalBytes: 4_000 }
  const store = createDiskStore({ root, log: quietLog, retention, limits })
  const writer = store.create('as_one', timing)
  let id = 0
  for (; writer.state.recording && id < 1_000; id++) {
    writer.epoch({ ...nextEpoch(id), tracks: epoch(0).tracks })
    for (const track of [1, 2]) writer.part(part(track, id, { epoch: id, msn: id, last: true }))
    await until(async () => !writer.state.recording || (await store.index('as_one'))?.epochs.at(-1)?.id === id, 'noted')
  }
  assert.match(writer.state.reason ?? '', /reconnected more often/)
  assert.equal(writer.state.droppedParts, 2)
  assert.ok(id > 10 && id < 1_000, `${id} epochs`)
  await writer.end()
  assert.ok((await stat(join(root, 'as_one', 'journal.log'))).size < 4_400)
  await store.close()
  const next = createDiskStore({ root, log: quietLog, retention, limits })
  assert.deepEqual(await next.recover(), [])
  const index = await next.index('as_one')
  assert.equal(index?.ended, true)
  assert.equal(index?.tracks[0]?.segments.length, id - 1)
  await next.close()
})
