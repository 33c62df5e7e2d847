import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createDiskStore } from '../store/disk.ts'
import { quietLog, retention, temporaryFolder, until } from '../store/fixtures/material.ts'
import { createDownloads, type DownloadRequest } from './downloads.ts'
import { createTestBroadcast, smallClip } from './fixtures/broadcast.ts'
import { limits } from './limits.ts'

const stays: DownloadRequest = { network: '192.0.2.1', gone: new AbortController().signal }

/** A store of one broadcast with what has been read for plans, and a hold on it. */
async function fixture(t: TestContext) {
  const disk = createDiskStore({ root: await temporaryFolder(t), log: quietLog, retention })
  t.after(() => disk.close())
  const broadcast = createTestBroadcast(disk, 'as_one')
  const segments = async () => (await disk.index('as_one'))?.tracks[0]?.segments.length ?? 0
  const state = { now: 0, reads: 0, hold: undefined as Promise<void> | undefined }
  const store: Parameters<typeof createDownloads>[0] = {
    index: disk.index,
    read: disk.read,
    async parts(...what) {
      state.reads++
      await state.hold
      return disk.parts(...what)
    },
  }
  return {
    state,
    store,
    broadcast,
    downloads: createDownloads(store, undefined, () => state.now),
    /** The broadcast goes on, and what is new of it is in the index. */
    async grow() {
      const before = await segments()
      broadcast.send(smallClip(), 2)
      await until(async () => (await segments()) > before + 1, 'segments')
    },
  }
}

test('a plan that takes more than all the room is made once for the ranges of one player', async (t) => {
  const { store, broadcast } = await fixture(t)
  broadcast.send(smallClip(), 2)
  await broadcast.writer().end()
  const downloads = createDownloads(store, 1)
  const first = await downloads.get('as_one', stays)
  assert.ok(first?.download !== undefined)
  assert.equal((await downloads.get('as_one', stays))?.download, first.download)
})

test('a running broadcast is planned again after a while, for longer where that took long, and at once when it has ended', async (t) => {
  const { state, downloads, broadcast, grow } = await fixture(t)
  await grow()
  const first = await downloads.get('as_one', stays)
  assert.ok(first?.download !== undefined)
  await grow()
  state.now = limits.planFresh - 1
  assert.deepEqual(await downloads.get('as_one', stays), first)

  state.now = limits.planFresh
  const { promise, resolve } = Promise.withResolvers<void>()
  state.hold = promise
  const before = state.reads
  const planned = downloads.get('as_one', stays)
  await until(async () => state.reads > before, 'a read')
  const tookMs = limits.planFresh
  state.now += tookMs
  resolve()
  const second = await planned
  assert.notEqual(second?.key, first.key)
  assert.ok((second?.download?.total ?? 0) > first.download.total)
  await grow()
  state.now += tookMs * limits.planRest - 1
  assert.equal((await downloads.get('as_one', stays))?.key, second?.key)
  // Who is in the earlier file stays in it.
  assert.deepEqual(await downloads.get('as_one', { ...stays, wanted: first.key }), first)

  await broadcast.writer().end()
  const last = await downloads.get('as_one', stays)
  assert.ok((last?.download?.total ?? 0) > (second?.download?.total ?? 0))
})

test('whoever asks while a broadcast is being planned gets that plan, and the whole of it where it has ended meanwhile', async (t) => {
  const { state, downloads, broadcast, grow } = await fixture(t)
  await grow()
  const { promise, resolve } = Promise.withResolvers<void>()
  state.hold = promise
  const first = downloads.get('as_one', stays)
  await until(async () => state.reads > 0, 'a read')
  await grow()
  const second = downloads.get('as_one', stays)
  await broadcast.writer().end()
  const third = downloads.get('as_one', stays)
  resolve()
  const [one, two, three] = await Promise.all([first, second, third])
  assert.ok(one?.download !== undefined)
  assert.equal(two?.download, one.download)
  assert.notEqual(three?.key, one?.key)
  assert.ok((three?.download?.total ?? 0) > (one?.download?.total ?? 0))
})

test('a running broadcast keeps few plans', async (t) => {
  const { state, downloads, grow } = await fixture(t)
  const keys: string[] = []
  for (let i = 0; i <= limits.plansPerAsset; i++) {
    await grow()
    keys.push((await downloads.get('as_one', stays))?.key ?? '')
    state.now += limits.planFresh
  }
  const [oldest = '', next = ''] = keys
  const reads = state.reads
  assert.equal((await downloads.get('as_one', { ...stays, wanted: next }))?.key, next)
  assert.equal(state.reads, reads)
  assert.notEqual((await downloads.get('as_one', { ...stays, wanted: oldest }))?.key, oldest)
})

test('what has begun is finished when who asked has gone, and whoever asks again waits for it', async (t) => {
  const { state, downloads, grow } = await fixture(t)
  await grow()
  const { promise, resolve } = Promise.withResolvers<void>()
  state.hold = promise
  const gone = new AbortController()
  const first = downloads.get('as_one', { ...stays, gone: gone.signal })
  await until(async () => state.reads > 0, 'a read')
  gone.abort()
  const again = downloads.get('as_one', stays)
  resolve()
  assert.equal((await again)?.download, (await first)?.download)
})
