import assert from 'node:assert/strict'
import { mkdir, readdir, rm, rmdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Log } from '../ports.ts'
import { createDiskStore, type DiskStoreOptions } from './disk.ts'
import { epoch, part, partBytes, quietLog, retention, temporaryFolder, timing, until } from './fixtures/material.ts'
import { nodeIo, type StoreIo } from './io.ts'

/** What a start looks at, and when. */

function open(root: string, options: Partial<DiskStoreOptions> = {}) {
  const limits = { tickMs: 5, retryMs: 20, scanDelayMs: 1e6, ...options.limits }
  return createDiskStore({ root, log: quietLog, retention, ...options, limits })
}

type Store = ReturnType<typeof open>

/** A recording of 2 segments for each of some spans. */
async function record(store: Store, assetId: string, end: 'end' | 'suspend' = 'end', closedAt?: number) {
  const writer = store.create(assetId, timing)
  writer.epoch(epoch(0))
  for (let i = 0; i < 12; i++) for (const track of [1, 2]) writer.part(part(track, i, closedAt ? { closedAt } : {}))
  await writer[end]()
}

/** The real file system, and what is asked of it. */
function watched() {
  const calls: string[] = []
  const note = (what: string, path: string) => void calls.push(`${what} ${path.split('/').slice(-2).join('/')}`)
  const io: StoreIo = {
    ...nodeIo,
    open: (path, mode) => (note('open', path), nodeIo.open(path, mode)),
    stat: (path) => (note('stat', path), nodeIo.stat(path)),
    readdir: (path) => (note('readdir', path), nodeIo.readdir(path)),
  }
  return { calls, io }
}

test('a start touches nothing of a recording that has ended, and finds it when somebody asks', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  await record(store, 'as_ended')
  await record(store, 'as_running', 'suspend')
  await store.close()
  const { calls, io } = watched()
  const next = open(root, { io })
  const found = await next.recover()
  assert.deepEqual(
    found.map(({ assetId }) => assetId),
    ['as_running'],
  )
  assert.deepEqual(
    calls.filter((call) => call.includes('as_ended')),
    [],
  )
  assert.throws(() => next.create('as_ended', timing), /exists already/)
  assert.equal((await next.index('as_ended'))?.ended, true)
  assert.deepEqual(await next.read('as_ended', 1, 3, 3), partBytes(1, 3))
  await next.close()
})

test('the rest is looked at later, with one listing and one file for each recording', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root, { limits: { spanMs: 2_000 } })
  const names = Array.from({ length: 5 }, (_, i) => `as_${i}`)
  for (const name of names) await record(store, name)
  const before = store.usage()
  await store.close()
  const { calls, io } = watched()
  const next = open(root, { io, limits: { scanDelayMs: 1 } })
  await next.recover()
  await until(() => next.usage() === before, 'counted')
  for (const name of names) {
    assert.deepEqual(
      calls.filter((call) => call.includes(name)).map((call) => call.replace(/ .*\//, ' ')),
      ['stat journal.log', 'open journal.log', `readdir ${name}`],
    )
  }
  await next.close()
})

test('retention waits until the oldest recording is known', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  const now = Date.now()
  for (const [name, age] of [
    ['as_a', 1_000],
    ['as_b', 9_000],
    ['as_c', 5_000],
  ] as const) {
    await record(store, name, 'end', now - age)
  }
  const size = store.usage() / 3
  await store.close()
  const next = open(root, { retention: { ...retention, maxBytes: size * 2.5 } })
  await next.recover()
  assert.equal(next.usage(), 0)
  await next.retain()
  assert.deepEqual((await readdir(root)).sort(), ['.running', 'as_a', 'as_c'])
  await next.close()
})

test('without marks, as an older server or a copy leaves them, every recording is looked at', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  await record(store, 'as_ended')
  await record(store, 'as_running', 'suspend')
  await store.close()
  await rm(join(root, '.running'), { recursive: true })
  const next = open(root)
  assert.deepEqual(
    (await next.recover()).map(({ assetId }) => assetId),
    ['as_running'],
  )
  assert.equal(next.usage() > 0, true)
  await next.close()
})

test('a recording that lost its mark is finished when it is found', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  await record(store, 'as_lost', 'suspend')
  await store.close()
  await rm(join(root, '.running', 'as_lost'))
  const next = open(root)
  assert.deepEqual(await next.recover(), [])
  await next.retain()
  assert.equal((await next.index('as_lost'))?.ended, true)
  assert.deepEqual(
    await next.read('as_lost', 2, 9, 11),
    new Uint8Array(Buffer.concat([9, 10, 11].map((i) => partBytes(2, i)))),
  )
  await next.close()
  const last = open(root)
  assert.deepEqual(await last.recover(), [])
  assert.equal((await last.index('as_lost'))?.ended, true)
  await last.close()
})

test('marks that are left over are taken away', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  await record(store, 'as_ended')
  await store.close()
  await writeFile(join(root, '.running', 'as_ended'), '')
  await writeFile(join(root, '.running', 'as_never'), '')
  const next = open(root)
  assert.deepEqual(await next.recover(), [])
  assert.deepEqual(await readdir(join(root, '.running')), [])
  await next.close()
})

for (const end of ['end', 'suspend'] as const) {
  test(`what the disk did not give at the start is looked at again, and used (${end})`, async (t) => {
    const root = await temporaryFolder(t)
    const store = open(root)
    await record(store, 'as_late', end)
    const bytes = store.usage()
    await store.close()
    let isAway = true
    let looks = 0
    const io: StoreIo = {
      ...nodeIo,
      open: async (path, mode) => {
        if (path.endsWith('as_late/journal.log')) looks++
        if (isAway && path.includes('as_late/')) throw Object.assign(new TypeError('away'), { code: 'EIO' })
        return nodeIo.open(path, mode)
      },
    }
    const errors: string[] = []
    const log: Log = { ...quietLog, error: (_, text) => errors.push(text) }
    const next = open(root, { io, log, limits: { lookAgainMs: 2, scanDelayMs: 1 } })
    assert.deepEqual(await next.recover(), [])
    await until(() => looks >= 4, 'looked at again')
    assert.equal(next.isUnreadable('as_late'), true)
    assert.equal(errors.length, 1)
    isAway = false
    await until(async () => (await next.index('as_late'))?.ended === true, 'found')
    assert.equal(next.isUnreadable('as_late'), false)
    assert.deepEqual(await next.read('as_late', 2, 11, 11), partBytes(2, 11))
    assert.ok(next.usage() >= bytes)
    await until(async () => (await readdir(join(root, '.running'))).length === 0, 'no mark is left')
    await next.close()
    const last = open(root)
    assert.deepEqual(await last.recover(), [])
    assert.equal((await last.index('as_late'))?.ended, true)
    await last.close()
  })
}

test('a recording that is deleted while it is looked at again stays deleted', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root)
  await record(store, 'as_late')
  await store.close()
  let isAway = true
  const held: (() => void)[] = []
  const io: StoreIo = {
    ...nodeIo,
    open: async (path, mode) => {
      if (isAway && path.includes('as_late/')) throw Object.assign(new TypeError('away'), { code: 'EIO' })
      if (path.includes('as_late/') && mode === 'read') await new Promise<void>((resolve) => held.push(resolve))
      return nodeIo.open(path, mode)
    },
  }
  const next = open(root, { io, limits: { lookAgainMs: 2 } })
  await next.recover()
  await next.index('as_late')
  assert.equal(next.isUnreadable('as_late'), true)
  isAway = false
  await until(() => held.length > 0, 'looking')
  await next.remove('as_late')
  for (const go of held) go()
  await new Promise((resolve) => setImmediate(resolve))
  await next.retain()
  assert.equal(next.usage(), 0)
  assert.equal(await next.index('as_late'), undefined)
  await next.close()
})

/** A folder that looks like a recording and takes `bytes`, as old as can be. */
async function makeOld(root: string, assetId: string, bytes: number): Promise<string> {
  const media = join(root, assetId, 't001-0000000000.dat')
  await mkdir(join(root, assetId))
  await writeFile(join(root, assetId, 'journal.log'), '')
  await writeFile(media, new Uint8Array(bytes))
  for (const path of [media, join(root, assetId, 'journal.log')]) await utimes(path, 1.5e9, 1.5e9)
  return media
}

test('a recording that cannot be read counts, is not offered, and is deleted when it is the oldest', async (t) => {
  const root = await temporaryFolder(t)
  const lines: string[] = []
  const removed: string[] = []
  const log: Log = { ...quietLog, error: (fields, text) => lines.push(`${JSON.stringify(fields)} ${text}`) }
  const store = open(root)
  await record(store, 'as_new', 'end', Date.now())
  const size = store.usage()
  await store.close()
  await makeOld(root, 'as_broken', 50_000)
  const isBroken = (path: string) => path.endsWith('as_broken/journal.log')
  const io: StoreIo = {
    ...nodeIo,
    open: async (path, mode) => {
      if (isBroken(path)) throw Object.assign(new TypeError('bad sector'), { code: 'EIO' })
      return nodeIo.open(path, mode)
    },
  }
  const limits = { ...retention, maxBytes: size + 50_000 }
  const next = open(root, { io, log, retention: limits, onRemoved: (assetId) => removed.push(assetId) })
  await next.recover()
  assert.equal(await next.index('as_broken'), undefined)
  assert.equal(await next.read('as_broken', 1, 0, 0), undefined)
  await next.retain()
  assert.equal(next.usage(), size + 50_000)
  assert.match(lines.join('\n'), /as_broken.*bad sector.*cannot be read/)
  assert.deepEqual(removed, [])
  limits.maxBytes--
  await next.retain()
  assert.deepEqual(removed, ['as_broken'])
  assert.equal(next.usage(), size)
  assert.deepEqual((await readdir(root)).sort(), ['.running', 'as_new'])
  await next.close()
})

test('a recording that cannot be deleted goes on counting and does not keep others from being deleted', async (t) => {
  const root = await temporaryFolder(t)
  const removed: string[] = []
  const store = open(root)
  await record(store, 'as_new', 'end', Date.now())
  await store.close()
  await makeOld(root, 'as_stuck', 50_000)
  // A folder cannot be unlinked, whoever tries.
  await mkdir(join(root, 'as_stuck', 'x'))
  const next = open(root, {
    retention: { ...retention, maxBytes: 10_000 },
    onRemoved: (assetId) => removed.push(assetId),
  })
  await next.recover()
  await next.index('as_stuck')
  await assert.rejects(next.remove('as_stuck'))
  assert.equal(await next.index('as_stuck'), undefined)
  await next.retain()
  assert.deepEqual(removed, ['as_new'])
  assert.equal(next.usage(), 50_000)
  await rmdir(join(root, 'as_stuck', 'x'))
  await next.retain()
  assert.deepEqual(removed, ['as_new', 'as_stuck'])
  assert.equal(next.usage(), 0)
  await next.close()
})

test('a later process knows which recordings have ended, and whose they are', async (t) => {
  const root = await temporaryFolder(t)
  const store = open(root, { now: () => 7_000 })
  const writer = store.create('as_b', timing, { channelId: 'ch_1' })
  writer.epoch(epoch(0))
  for (let i = 0; i < 3; i++) for (const track of [1, 2]) writer.part(part(track, i))
  await writer.end()
  await record(store, 'as_a')
  await record(store, 'as_running', 'suspend')
  await store.close()
  const next = open(root)
  await next.recover()
  assert.deepEqual(await next.ended(), ['as_a', 'as_b'])
  assert.deepEqual((await next.index('as_b'))?.begun, { channelId: 'ch_1', at: 7_000 })
  assert.equal((await next.index('as_a'))?.begun?.channelId, undefined)
  await next.close()
})
