import assert from 'node:assert/strict'
import { appendFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createDiskStore, type DiskStoreOptions } from './disk.ts'
import { epoch, part, partBytes, quietLog, retention, START, temporaryFolder, timing } from './fixtures/material.ts'
import { nodeIo, type StoreIo } from './io.ts'

/** What a start makes of files that were being written when the process died. */

function open(root: string, options: Partial<DiskStoreOptions> = {}) {
  const limits = { tickMs: 5, retryMs: 20, scanDelayMs: 1e6, ...options.limits }
  return createDiskStore({ root, log: quietLog, retention, ...options, limits })
}

/** A broadcast of `parts` on both tracks that has not ended and whose index did not reach the disk. */
async function unindexed(t: TestContext, parts: number, closedAt?: (i: number) => number): Promise<string> {
  const root = await temporaryFolder(t)
  const store = open(root)
  const writer = store.create('as_one', timing)
  writer.epoch(epoch(0))
  for (let i = 0; i < parts; i++) {
    for (const track of [1, 2]) {
      writer.part(part(track, i, closedAt === undefined ? {} : { closedAt: START + closedAt(i) }))
    }
  }
  await writer.suspend()
  await store.close()
  await rm(join(root, 'as_one', 'i-0000000000.idx'))
  return root
}

test('every whole part is found again, also when the clock was set back within a segment', async (t) => {
  const root = await unindexed(t, 6, (i) => [1_000, 2_000, 3_000, 4_000, 9_000, 5_000][i] ?? 0)
  for (const life of ['first', 'second']) {
    const store = open(root)
    const [found] = await store.recover()
    for (const { segments } of found?.tracks ?? []) {
      assert.deepEqual(
        segments.slice().map(({ firstPart, lastPart }) => [firstPart, lastPart]),
        [
          [0, 2],
          [3, 5],
        ],
        life,
      )
    }
    for (const track of [1, 2]) {
      for (let i = 0; i < 6; i++) assert.deepEqual(await store.read('as_one', track, i, i), partBytes(track, i))
    }
    await store.close()
  }
})

/** The real file system with one fault. */
function faulty(
  fault: { code: string | undefined },
  isHit: (path: string, mode: 'read' | 'write' | 'list') => boolean,
) {
  const check = (path: string, mode: 'read' | 'write' | 'list') => {
    if (fault.code === undefined || !isHit(path, mode)) return
    throw Object.assign(new TypeError(`injected ${fault.code}`), { code: fault.code })
  }
  const io: StoreIo = {
    ...nodeIo,
    async readdir(path) {
      check(path, 'list')
      return nodeIo.readdir(path)
    },
    async open(path, mode) {
      check(path, mode)
      return nodeIo.open(path, mode)
    },
  }
  return io
}

test('a start on a disk that takes no writes finds everything, and who goes on mends it', async (t) => {
  const root = await unindexed(t, 8)
  const media = join(root, 'as_one', 't001-0000000000.dat')
  await appendFile(media, 'torn')
  await appendFile(join(root, 'as_one', 'journal.log'), 'torn')
  const fault: { code: string | undefined } = { code: 'EROFS' }
  const store = open(root, { io: faulty(fault, (_, mode) => mode === 'write') })
  const [found] = await store.recover()
  assert.equal(store.isUnreadable('as_one'), false)
  assert.equal(found?.tracks[0]?.segments.at(-1)?.lastPart, 7)
  assert.equal((await store.read('as_one', 1, 3, 5))?.byteLength, [3, 4, 5].flatMap((i) => [...partBytes(1, i)]).length)
  fault.code = undefined
  await store.resume('as_one').end()
  assert.deepEqual(await store.read('as_one', 2, 7, 7), partBytes(2, 7))
  const usage = store.usage()
  await store.close()
  const next = open(root)
  assert.deepEqual(await next.recover(), [])
  assert.equal((await next.index('as_one'))?.ended, true)
  for (let i = 0; i < 8; i++) assert.deepEqual(await next.read('as_one', 1, i, i), partBytes(1, i))
  assert.equal(next.usage(), usage)
  await next.close()
})

test('what could not be mended gets no end mark: the next start finishes it', async (t) => {
  const root = await unindexed(t, 8)
  const store = open(root, {
    io: faulty({ code: 'ENOSPC' }, (path, mode) => mode === 'write' && path.endsWith('.idx')),
  })
  await store.recover()
  await store.resume('as_one').end()
  await store.close()
  const next = open(root)
  const [found] = await next.recover()
  assert.equal(found?.tracks[0]?.segments.at(-1)?.lastPart, 7)
  assert.deepEqual(await next.read('as_one', 1, 7, 7), partBytes(1, 7))
  await next.close()
})

test('a running broadcast that cannot be looked at is told apart from one that has ended or is not there', async (t) => {
  const root = await unindexed(t, 8)
  const fault: { code: string | undefined } = { code: 'EIO' }
  const store = open(root, { io: faulty(fault, (path, mode) => mode === 'list' && path.endsWith('as_one')) })
  assert.deepEqual(await store.recover(), [])
  assert.equal(await store.index('as_one'), undefined)
  assert.equal(store.isUnreadable('as_one'), true)
  assert.equal(store.isUnreadable('as_never'), false)
  await store.close()
  const next = open(root)
  const [found] = await next.recover()
  assert.equal(found?.tracks[0]?.segments.at(-1)?.lastPart, 7)
  assert.equal(next.isUnreadable('as_one'), false)
  await next.close()
})

test('only a recovery gives the newest parts, whoever has asked for the index before', async (t) => {
  const store = open(await unindexed(t, 8))
  const [early] = await Promise.all([store.recover(), store.index('as_one')])
  assert.deepEqual(
    early[0]?.tracks[0]?.recent?.map(({ number }) => number),
    [0, 1, 2, 3, 4, 5, 6, 7],
  )
  assert.ok((await store.index('as_one'))?.tracks.every((track) => track.recent === undefined))
  await store.close()
})
