import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDiskStore } from './disk.ts'
import { epoch, part, quietLog, temporaryFolder, timing, until } from './fixtures/material.ts'
import { nodeIo, type StoreIo } from './io.ts'
import type { StoreLimits } from './limits.ts'

const SHORT = { windowMs: 2_000, endedWindowMs: 0 }

/** A store with short spans that live playlists list little of, whose limit of bytes a test moves. */
function shedder(root: string, io: StoreIo = nodeIo, window: Partial<StoreLimits> = SHORT) {
  const retention = { maxBytes: 1e12, maxAgeMs: 1e15, minFreeBytes: 0 }
  const limits = { spanMs: 2_000, tickMs: 5, retryMs: 20, scanDelayMs: 1e6, ...window }
  const store = createDiskStore({ root, log: quietLog, retention, io, limits })
  return {
    store,
    /** Makes retention delete until a share of the bytes is left. */
    async shedTo(share: number): Promise<void> {
      await store.retain()
      retention.maxBytes = Math.round(store.usage() * share)
      await store.retain()
      retention.maxBytes = 1e12
    },
    async facts() {
      const index = await store.index('as_one')
      const segments = index?.tracks[0]?.segments
      const { segments: removed = 0, pauses } = index?.removed ?? {}
      return { removed, pauses, first: segments?.at(0)?.msn ?? 0, left: segments?.length ?? 0 }
    },
  }
}

/**
 * Begins a broadcast of 20 segments, each with a pause at the beginning of its pictures; gives its writer when they are on the
 * disk.
 */
async function begin({ store }: ReturnType<typeof shedder>) {
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  for (let i = 0; i < 60; i++) {
    const isPause = i % 3 === 0
    writer.part(
      part(1, i, isPause ? { gap: true, bytes: new Uint8Array(0), independent: false } : { independent: i % 3 === 1 }),
    )
    writer.part(part(2, i))
  }
  await until(async () => (await store.index('as_one'))?.tracks[0]?.segments.length === 20, 'written')
  return writer
}

function failing(fault: { code: string | undefined }): StoreIo {
  return {
    ...nodeIo,
    async open(path, mode) {
      const file = await nodeIo.open(path, mode)
      if (mode === 'read' || !path.endsWith('journal.log')) return file
      return {
        ...file,
        async write(buffers, position) {
          if (fault.code !== undefined) throw Object.assign(new TypeError('injected'), { code: fault.code })
          return file.write(buffers, position)
        },
      }
    },
  }
}

test('what was counted while a broadcast ran is counted on when its replay is shed by a later process', async (t) => {
  const root = await temporaryFolder(t)
  const first = shedder(root)
  const writer = await begin(first)
  await first.shedTo(0.7)
  await writer.end()
  const before = await first.facts()
  assert.ok(before.removed > 0)
  await first.store.close()
  const second = shedder(root)
  await second.store.recover()
  await second.shedTo(0.7)
  const after = await second.facts()
  assert.ok(after.first > before.first)
  assert.equal(after.removed - before.removed, after.first - before.first)
  assert.deepEqual([before.pauses, after.pauses], [{ 1: before.removed }, { 1: after.removed }])
  await second.store.close()
  const third = shedder(root)
  await third.store.recover()
  assert.deepEqual(await third.facts(), after)
  await third.store.close()
})

test('when a broadcast began is known also when its first epoch has been removed, by a later process too', async (t) => {
  const root = await temporaryFolder(t)
  const first = shedder(root)
  const writer = first.store.create('as_one', timing)
  for (const id of [0, 1]) {
    writer.epoch(epoch(id, id * 900_000))
    for (let i = 30 * id; i < 30 * id + 30; i++) for (const track of [1, 2]) writer.part(part(track, i, { epoch: id }))
  }
  await until(async () => (await first.store.index('as_one'))?.tracks[0]?.segments.length === 20, 'written')
  await first.shedTo(0.3)
  const facts = async (store: typeof first.store) => {
    const index = await store.index('as_one')
    return { epochs: index?.epochs.map(({ id }) => id), origin: index?.origin }
  }
  assert.deepEqual(await facts(first.store), { epochs: [1], origin: epoch(0).wallClock })
  await writer.end()
  await first.store.close()
  const second = shedder(root)
  await second.store.recover()
  await second.shedTo(0.5)
  assert.deepEqual(await facts(second.store), { epochs: [1], origin: epoch(0).wallClock })
  await second.store.close()
})

for (const how of ['running', 'ended'] as const) {
  test(`nothing is deleted that could not be noted, of a recording that is ${how}`, async (t) => {
    const root = await temporaryFolder(t)
    const fault: { code: string | undefined } = { code: undefined }
    const shed = shedder(root, failing(fault))
    const writer = await begin(shed)
    if (how === 'ended') await writer.end()
    const names = await readdir(join(root, 'as_one'))
    const before = await shed.facts()
    fault.code = 'EIO'
    await shed.shedTo(0.7)
    assert.deepEqual(await readdir(join(root, 'as_one')), names)
    assert.deepEqual(await shed.facts(), before)
    fault.code = undefined
    await shed.shedTo(0.7)
    const after = await shed.facts()
    assert.ok(after.first > 0 && after.removed === after.first)
    await shed.store.close()
  })
}

for (const how of ['running', 'ended', 'recovered'] as const) {
  test(`what live playlists may list stays, whatever the limit: ${how}`, async (t) => {
    const root = await temporaryFolder(t)
    const window = { windowMs: 10_000, endedWindowMs: 120_000 }
    let shed = shedder(root, nodeIo, window)
    const writer = await begin(shed)
    if (how === 'ended') await writer.end()
    if (how === 'recovered') {
      await shed.store.close()
      shed = shedder(root, nodeIo, window)
      await shed.store.recover()
    }
    await shed.shedTo(0)
    assert.deepEqual(await shed.facts(), { removed: 10, pauses: { 1: 10 }, first: 10, left: 10 })
    await shed.store.close()
  })
}

test('a recording that nobody lists live any more is deleted as a whole', async (t) => {
  const root = await temporaryFolder(t)
  const shed = shedder(root, nodeIo, { windowMs: 10_000, endedWindowMs: 0 })
  await (await begin(shed)).end()
  await shed.shedTo(0)
  assert.equal(await shed.store.index('as_one'), undefined)
  await shed.store.close()
})

for (const code of ['ENOSPC', 'EDQUOT']) {
  test(`a disk too full for a note is made room on (${code})`, async (t) => {
    const root = await temporaryFolder(t)
    const fault: { code: string | undefined } = { code: undefined }
    const unlink = async (path: string) => {
      await nodeIo.unlink(path)
      fault.code = undefined
    }
    const shed = shedder(root, { ...failing(fault), unlink })
    await (await begin(shed)).end()
    fault.code = code
    await shed.shedTo(0.9)
    const after = await shed.facts()
    assert.ok(after.first > 0 && after.removed === after.first)
    await shed.store.close()
    const next = shedder(root)
    await next.store.recover()
    assert.deepEqual(await next.facts(), after)
    await next.store.close()
  })
}

test('the limit is kept as bytes are written, not from time to time', async (t) => {
  const root = await temporaryFolder(t)
  const retention = { maxBytes: 60_000, maxAgeMs: 1e15, minFreeBytes: 0 }
  const limits = { tickMs: 5, scanDelayMs: 1, retentionMs: 1e9, ...SHORT }
  const store = createDiskStore({ root, log: quietLog, retention, limits })
  await store.recover()
  await new Promise((resolve) => setTimeout(resolve, 20))
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  /** Of two tracks, at most. */
  const segment = 6_000
  let most = 0
  for (let i = 0; i < 300; i++) {
    for (const track of [1, 2]) writer.part(part(track, i))
    await writer.written()
    most = Math.max(most, store.usage())
    // A live stream leaves this time, and far more.
    await until(() => store.usage() <= retention.maxBytes + segment, 'within the limit')
  }
  assert.ok(most > retention.maxBytes / 2 && most <= retention.maxBytes + 2 * segment, `${most} bytes`)
  const { segments } = (await store.index('as_one'))?.tracks[0] ?? {}
  assert.equal(segments?.at(-1)?.msn, 99)
  assert.ok((segments?.at(0)?.msn ?? 0) > 50)
  await store.close()
})

test('on a disk smaller than the limit the oldest hours of a running broadcast go, and the reserve is left', async (t) => {
  const root = await temporaryFolder(t)
  const retention = { maxBytes: 1e12, maxAgeMs: 1e15, minFreeBytes: 10_000 }
  const limits = { tickMs: 5, scanDelayMs: 1, retentionMs: 1e9, ...SHORT }
  const disk = 100_000
  let usage = () => 0
  const io = { ...nodeIo, free: async () => disk - usage() }
  const store = createDiskStore({ root, log: quietLog, retention, io, limits })
  usage = store.usage
  await store.recover()
  await new Promise((resolve) => setTimeout(resolve, 20))
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  for (let i = 0; i < 300; i++) {
    for (const track of [1, 2]) writer.part(part(track, i))
    await writer.written()
    await until(() => store.usage() <= disk - retention.minFreeBytes / 2, 'the reserve is left')
  }
  assert.equal(writer.state.recording, true)
  assert.equal((await store.index('as_one'))?.tracks[0]?.segments.at(-1)?.msn, 99)
  await store.close()
})
