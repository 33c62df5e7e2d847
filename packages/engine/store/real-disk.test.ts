import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import * as fs from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDiskStore } from './disk.ts'
import { epoch, part, partBytes, quietLog, retention, temporaryFolder, timing, until } from './fixtures/material.ts'
import { nodeIo, type StoreIo } from './io.ts'
import type { AssetWriter } from './port.ts'

/** What injected faults stand for in the other tests, here by the kernel's own doing. */

/** A disk that is busy with much else may take longer than `hungMs` for a write now and then: an end waits for it. */
const limits = { tickMs: 5, retryMs: 10, hungMs: 200 }

function write(writer: AssetWriter, from: number, to: number): void {
  for (let i = from; i < to; i++) for (const track of [1, 2]) writer.part(part(track, i))
}

function runs(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Makes a folder read-only and gives what undoes it; `undefined` where this user cannot. */
function makeReadOnly(folder: string): (() => unknown) | undefined {
  if (process.getuid?.() !== 0) {
    fs.chmodSync(folder, 0o500)
    return () => fs.chmodSync(folder, 0o700)
  }
  // Permissions do not stop root: a read-only mount over the folder does, or the flag for files that never change.
  if (runs('mount', '-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder)) return () => runs('umount', folder)
  if (runs('chattr', '+i', folder)) return () => runs('chattr', '-i', folder)
  return undefined
}

test('a folder that is read-only stops recording with a message, and recording begins when it is not any more', async (t) => {
  const root = join(await temporaryFolder(t), 'media')
  await mkdir(root)
  const undo = makeReadOnly(root)
  if (undo === undefined) return t.skip('needs another user than root, or mount or chattr')
  const store = createDiskStore({ root, log: quietLog, retention, limits })
  let writer: AssetWriter
  try {
    assert.deepEqual(await store.recover(), [])
    writer = store.create('as_one', timing)
    writer.epoch(epoch(0))
    write(writer, 0, 6)
    const isTold = () => /cannot be written \((EROFS|EACCES|EPERM)\)/.test(writer.state.reason ?? '')
    await until(isTold, 'told')
    assert.equal(writer.state.recording, false)
  } finally {
    undo()
  }
  await until(() => writer.state.recording, 'recording again')
  write(writer, 6, 9)
  await writer.end()
  for (let i = 0; i < 9; i++) assert.deepEqual(await store.read('as_one', 1, i, i), partBytes(1, i))
  await store.close()
})

test('a disk that really hangs takes one thread for writing, and everybody else goes on', async (t) => {
  if (process.platform === 'win32') return t.skip('needs a FIFO')
  const root = await temporaryFolder(t)
  const fifo = join(await temporaryFolder(t), 'fifo')
  execFileSync('mkfifo', [fifo])
  let isHanging = true
  const io: StoreIo = {
    ...nodeIo,
    async open(path, mode) {
      // Opening a FIFO that nobody reads holds the calling thread of Node's pool in the kernel.
      if (isHanging && path.includes('as_hung') && path.endsWith('.dat')) {
        const fd = await new Promise<number>((resolve, reject) => {
          fs.open(fifo, 'w', (error, opened) => (error === null ? resolve(opened) : reject(error)))
        })
        fs.closeSync(fd)
      }
      return nodeIo.open(path, mode)
    },
  }
  const store = createDiskStore({ root, io, log: quietLog, retention, limits })
  await store.recover()
  const good = store.create('as_good', timing)
  good.epoch(epoch(0))
  write(good, 0, 6)
  await until(async () => (await store.read('as_good', 2, 5, 5)) !== undefined, 'written')
  const hung = store.create('as_hung', timing)
  hung.epoch(epoch(0))
  write(hung, 0, 6)
  await until(() => /does not answer/.test(hung.state.reason ?? ''), 'noticed')
  // All broadcasts share the disk, and none of them waits for it.
  assert.match(good.state.reason ?? '', /does not answer/)
  write(good, 6, 12)
  // Three threads are left: many reads of the store, of others, and name lookups, all at once.
  const reads = Array.from({ length: 50 }, () => store.read('as_good', 1, 0, 2))
  const others = Array.from({ length: 50 }, () => readFile(new URL(import.meta.url)))
  const lookups = Array.from({ length: 10 }, () => lookup('localhost'))
  const whole = Buffer.concat([0, 1, 2].map((i) => partBytes(1, i)))
  for (const bytes of await Promise.all(reads)) assert.ok(whole.equals(bytes ?? new Uint8Array(0)))
  await Promise.all([...others, ...lookups])
  assert.match(hung.state.reason ?? '', /does not answer/)

  isHanging = false
  const reader = fs.openSync(fifo, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  await until(() => hung.state.recording && good.state.recording, 'recording again')
  fs.closeSync(reader)
  await Promise.all([good.end(), hung.end()])
  for (let i = 0; i < 12; i++) assert.deepEqual(await store.read('as_good', 2, i, i), partBytes(2, i))
  for (let i = 0; i < 6; i++) assert.deepEqual(await store.read('as_hung', 1, i, i), partBytes(1, i))
  await store.close()
})

test('files that really hang when they are read take two threads, and everybody else goes on', async (t) => {
  if (process.platform === 'win32') return t.skip('needs a FIFO')
  const root = await temporaryFolder(t)
  const first = createDiskStore({ root, log: quietLog, retention, limits })
  for (const name of ['as_hung', 'as_good']) {
    const writer = first.create(name, timing)
    writer.epoch(epoch(0))
    write(writer, 0, 6)
    await writer.end()
  }
  await first.close()
  const store = createDiskStore({ root, log: quietLog, retention, limits })
  await store.recover()
  for (const name of ['as_hung', 'as_good']) await store.index(name)
  const pipes = [1, 2].map((track) => join(root, 'as_hung', `t00${track}-0000000000.dat`))
  for (const pipe of pipes) {
    fs.unlinkSync(pipe)
    execFileSync('mkfifo', [pipe])
  }
  const stuck = [1, 2].map((track) => store.read('as_hung', track, 0, 2))
  const waiting = store.read('as_good', 1, 0, 2)
  // Writing has a lane of its own, and a thread is left for others.
  const writer = store.create('as_new', timing)
  writer.epoch(epoch(0))
  write(writer, 0, 6)
  await writer.end()
  assert.equal(writer.state.droppedParts, 0)
  await Promise.all(Array.from({ length: 20 }, () => readFile(new URL(import.meta.url))))
  const state = await Promise.race([
    waiting.then(() => 'read'),
    new Promise((resolve) => setImmediate(resolve, 'waits')),
  ])
  assert.equal(state, 'waits')
  // Somebody writes to them at last: an end of file at once.
  for (const pipe of pipes) fs.closeSync(fs.openSync(pipe, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK))
  for (const answer of await Promise.allSettled(stuck)) {
    assert.notEqual(answer.status === 'fulfilled' && answer.value?.byteLength, partBytes(1, 0).byteLength)
  }
  assert.ok((await waiting) !== undefined)
  await store.close()
})
