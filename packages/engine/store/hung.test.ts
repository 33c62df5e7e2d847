import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quietLog, until } from './fixtures/material.ts'
import { STORE_LIMITS } from './limits.ts'
import { HUNG } from './trouble.ts'
import type { WriterTask } from './writer.ts'
import { createWriting } from './writing.ts'

/** When a write counts as one that the disk does not answer. */

const limits = { ...STORE_LIMITS, hungMs: 60, tickMs: 5 }

/** Writes of one broadcast that is told about trouble. */
function watched() {
  const told: (string | undefined)[] = []
  const writing = createWriting({ limits, now: Date.now, log: quietLog })
  const task: Partial<WriterTask> = { isDue: () => false, trouble: (reason) => void told.push(reason) }
  writing.tasks.set('as_one', task as WriterTask)
  return { writing, told }
}

test('a process that was kept busy does not take its own lateness for a disk that does not answer', async () => {
  const { writing, told } = watched()
  for (let i = 0; i < 3; i++) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = writing.run(() => promise)
    // The disk answers meanwhile; the answer is heard after the timers that are due.
    const end = Date.now() + 2 * limits.hungMs
    setImmediate(resolve)
    while (Date.now() < end);
    await done
  }
  assert.deepEqual(told, [])
  writing.close()
})

test('a write that is not answered is told about, also where the process is now and then busy, and when it is over', async () => {
  const { writing, told } = watched()
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = writing.run(() => promise)
  await until(() => {
    const end = Date.now() + 20
    while (Date.now() < end);
    return told.length > 0
  }, 'told')
  resolve()
  await done
  assert.deepEqual(told, [HUNG, undefined])
  writing.close()
})
