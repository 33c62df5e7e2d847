import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { EngineError } from '../error.ts'
import { temporaryFolder } from './fixtures/material.ts'
import { lockDataFolder } from './lock.ts'

const inUse = (error: unknown) =>
  error instanceof EngineError && error.code === 'data-folder' && /in use/.test(error.message)

test('a second server on the same folder is refused until the first has gone', async (t) => {
  const folder = await temporaryFolder(t)
  const lock = await lockDataFolder(folder)
  await assert.rejects(lockDataFolder(folder), inUse)
  await lock.release()
  await (await lockDataFolder(folder)).release()
  assert.deepEqual(await readdir(folder), [])
})

test('a folder that is made is for its owner alone', async (t) => {
  const folder = join(await temporaryFolder(t), 'data')
  const lock = await lockDataFolder(folder)
  assert.equal(((await stat(folder)).mode & 0o777).toString(8), '700')
  await lock.release()
})

test('the lock of a killed process is taken over, that of a living one is not', async (t) => {
  const folder = await temporaryFolder(t)
  const module = new URL('lock.ts', import.meta.url).href
  const code = `await (await import(${JSON.stringify(module)})).lockDataFolder(${JSON.stringify(folder)}); console.log('locked'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  await assert.rejects(lockDataFolder(folder), inUse)
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('close', resolve))
  await (await lockDataFolder(folder)).release()
})

test('a reused pid, another boot and a torn lock file are no holders', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'bandstand.lock')
  const lock = await lockDataFolder(folder)
  const own = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  await lock.release()
  for (const stale of [{ ...own, started: '1' }, { ...own, boot: 'another' }, '{"pid":', '']) {
    await writeFile(path, typeof stale === 'string' ? stale : JSON.stringify(stale))
    await (await lockDataFolder(folder)).release()
  }
  assert.deepEqual(await readdir(folder), [])
})

test('of many servers that find a stale lock only one gets the folder', async (t) => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'bandstand.lock'), '{"pid":999999999}')
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => lockDataFolder(folder)))
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
})
