import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { test } from 'node:test'
import { createDiskStore } from '../store/disk.ts'
import { createFaultyIo } from '../store/fixtures/faulty-io.ts'
import { quietLog, retention, temporaryFolder, until } from '../store/fixtures/material.ts'
import { encode } from './fixtures/encoder.ts'
import { createStudio } from './fixtures/studio.ts'

/** Segments that the disk is away for: 2 s each. */
const AWAY = 8

test('a process killed while the disk hangs never shows a number twice', async (t) => {
  const root = await temporaryFolder(t)
  const io = createFaultyIo()
  const store = createDiskStore({ root, io, log: quietLog, retention, limits: { tickMs: 5, endMs: 100 } })
  const studio = createStudio({ sinks: (timing) => [store.create('as_one', timing)] })
  studio.connect()
  const sent = [...encode({ seconds: 20 + 2 * AWAY, gop: 60 })]
  const split = sent.findIndex(({ at }) => at >= 20)
  studio.send(sent.slice(0, split))
  const index = () => store.index('as_one')
  await until(async () => ((await index())?.tracks[0]?.segments.length ?? 0) >= 8, 'written')
  const reserved = studio.recorded.reserved.at(-1)?.msn
  await until(async () => (await index())?.next.msn === (reserved ?? 0) + 1, 'reserved')
  io.fault = 'hang'
  studio.send(sent.slice(split).map((one) => ({ ...one, at: one.at - 20 })))
  const shown = studio.recorded.parts.at(-1)
  assert.ok((shown?.msn ?? 0) >= 10 + AWAY - 1, `only up to segment ${shown?.msn}`)

  // What a killed process leaves.
  const copy = await temporaryFolder(t)
  await cp(root, copy, { recursive: true })
  const next = createDiskStore({ root: copy, log: quietLog, retention })
  const [found] = await next.recover()
  const highest = Math.max(...studio.recorded.parts.map(({ msn }) => msn))
  assert.ok((found?.next.msn ?? 0) > highest, `${found?.next.msn} comes again: ${highest} was shown`)
  await next.close()
  io.fault = undefined
  io.release()
  await store.close()
})

test('reservations are rare: one for several segments', () => {
  const studio = createStudio()
  studio.stream({ seconds: 120, gop: 60 })
  assert.ok(studio.recorded.reserved.length <= 10, `${studio.recorded.reserved.length} for 60 segments`)
})
