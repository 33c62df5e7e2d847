import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError } from '../error.ts'
import { temporaryFolder } from './fixtures/material.ts'
import { holderOfDataFolder, lockDataFolder } from './lock.ts'

const inUse = (error: unknown) =>
  error instanceof EngineError && error.code === 'data-folder' && /in use/.test(error.message)

/** Another process that holds the folder until it ends. @param within program and arguments to start it with */
async function holder(t: TestContext, folder: string, within: readonly string[] = []): Promise<ChildProcess> {
  const module = new URL('lock.ts', import.meta.url).href
  const code = `globalThis.lock = await (await import(${JSON.stringify(module)})).lockDataFolder(${JSON.stringify(folder)})
    console.log('locked')
    setInterval(() => {}, 1000)`
  const [program, ...args] = [...within, process.execPath, '--input-type=module', '-e', code]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child
}

/** The lock, as soon as nobody has it. */
async function unlocked(folder: string): ReturnType<typeof lockDataFolder> {
  for (const end = performance.now() + 20_000; ; await sleep(10)) {
    try {
      return await lockDataFolder(folder)
    } catch (error) {
      if (!inUse(error) || performance.now() > end) throw error
    }
  }
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('close', resolve))
}

test('a second server on the same folder is refused until the first has gone', async (t) => {
  const folder = await temporaryFolder(t)
  const lock = await lockDataFolder(folder)
  await assert.rejects(lockDataFolder(folder), inUse)
  await assert.rejects(lockDataFolder(folder), new RegExp(`process ${process.pid} on ${hostname()}`))
  await lock.release()
  await lock.release()
  await (await lockDataFolder(folder)).release()
  assert.deepEqual(await readdir(folder), ['lock.db'])
})

test('a living process holds its lock whatever the note of it says; a killed one does not', async (t) => {
  const folder = await temporaryFolder(t)
  const child = await holder(t, folder)
  for (const note of [`{"pid":${child.pid},"host":"a"}`, '{"pid":999999999,"host":"a"}', '{"pid":', '']) {
    await writeFile(join(folder, 'bandstand.lock'), note)
    await assert.rejects(lockDataFolder(folder), inUse)
  }
  await kill(child)
  await (await lockDataFolder(folder)).release()
})

test('who holds a folder is told without taking it', async (t) => {
  const folder = await temporaryFolder(t)
  assert.equal(await holderOfDataFolder(join(folder, 'none')), undefined)
  assert.equal(await holderOfDataFolder(folder), undefined)
  assert.deepEqual(await readdir(folder), [])
  const child = await holder(t, folder)
  assert.equal(await holderOfDataFolder(folder), `process ${child.pid} on ${hostname()}`)
  await writeFile(join(folder, 'bandstand.lock'), '{"pid":')
  assert.equal(await holderOfDataFolder(folder), 'a process')
  await assert.rejects(lockDataFolder(folder), inUse)
  await kill(child)
  assert.equal(await holderOfDataFolder(folder), undefined)
  const lock = await lockDataFolder(folder)
  assert.equal(await holderOfDataFolder(folder), `process ${process.pid} on ${hostname()}`)
  await lock.release()
  assert.equal(await holderOfDataFolder(folder), undefined)
})

test('two containers on one volume: a process that this one cannot see holds its lock', async (t) => {
  const apart = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']
  const [program = '', ...args] = apart
  if (spawnSync(program, [...args, 'true']).status !== 0) return t.skip('this user may make no process namespaces')
  const folder = await temporaryFolder(t)
  const child = await holder(t, folder, apart)
  // Known there as 1 or 2.
  await assert.rejects(lockDataFolder(folder), /in use by another server \(process \d /)
  await kill(child)
  // It was not our own child that held it: the files of one that dies are closed one by one, its lock behind its output.
  await (await unlocked(folder)).release()
})

test('of many servers that start at once only one gets the folder', async (t) => {
  const folder = await temporaryFolder(t)
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => lockDataFolder(folder)))
  const locks = results.filter((result) => result.status === 'fulfilled')
  assert.equal(locks.length, 1)
  await locks[0]?.value.release()
})

test('a folder that cannot be used is said so', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'file')
  await writeFile(file, '')
  const unusable = (error: unknown) => error instanceof EngineError && /cannot be used: .+ --data/.test(error.message)
  await assert.rejects(lockDataFolder(file), unusable)
  await writeFile(join(folder, 'lock.db'), 'no database, and nothing that may be overwritten')
  await assert.rejects(lockDataFolder(folder), unusable)
  assert.equal(existsSync(join(folder, 'bandstand.lock')), false)
})
