import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type LargeReads, streamFile } from './large-file.ts'
import { LARGE_FILE_CHUNK } from './limits.ts'
import { createLookups } from './lookups.ts'
import { stampOf } from './stamp.ts'

async function fixture(t: TestContext, bytes: Buffer) {
  const folder = await mkdtemp(join(tmpdir(), 'large-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'film.mp4')
  await writeFile(path, bytes)
  return { path, stamp: stampOf(path, await stat(path)) }
}

const film = Buffer.from(Array.from({ length: 3 * LARGE_FILE_CHUNK + 5 }, (_, i) => i % 251))

test('any bytes of a file are sent in chunks', async (t) => {
  const { path, stamp } = await fixture(t, film)
  const reads: LargeReads = createLookups()
  for (const [start, end] of [
    [0, film.length],
    [1, 2],
    [LARGE_FILE_CHUNK - 1, 2 * LARGE_FILE_CHUNK + 1],
    [film.length - 1, film.length],
  ] as const) {
    const chunks = await Array.fromAsync<Buffer>(streamFile(reads, path, stamp, start, end))
    assert.ok(Buffer.concat(chunks).equals(film.subarray(start, end)), `${start} to ${end}`)
  }
})

test('who takes nothing costs two chunks, and who has gone reads no more', async (t) => {
  const { path, stamp } = await fixture(t, film)
  const shared: LargeReads = createLookups()
  let count = 0
  const reads: LargeReads = {
    share(key, look) {
      count++
      return shared.share(key, look)
    },
  }
  const stream = streamFile(reads, path, stamp, 0, film.length)
  await new Promise((resolve) => stream.once('readable', resolve))
  stream.destroy()
  await new Promise((resolve) => stream.once('close', resolve))
  assert.ok(count <= 2, `${count} chunks were read`)
})

test('a file that is replaced while it is sent ends there, and no bytes of the other follow', async (t) => {
  const { path, stamp } = await fixture(t, film)
  const got: Buffer[] = []
  const sending = async () => {
    for await (const chunk of streamFile(createLookups(), path, stamp, 0, film.length)) {
      got.push(chunk as Buffer)
      if (got.length > 1) continue
      await writeFile(`${path}.new`, Buffer.alloc(film.length, 1))
      await rename(`${path}.new`, path)
    }
  }
  await assert.rejects(sending(), { code: 'disk' })
  const sent = Buffer.concat(got)
  assert.ok(sent.length < film.length && film.subarray(0, sent.length).equals(sent))
})

test('a file that became shorter ends there', async (t) => {
  const { path, stamp } = await fixture(t, film)
  await writeFile(path, 'short')
  await assert.rejects(Array.fromAsync(streamFile(createLookups(), path, stamp, 0, film.length)), { code: 'disk' })
})
