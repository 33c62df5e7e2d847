import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './fixtures/material.ts'
import { nodeIo } from './io.ts'

test('a file system whose folders cannot be flushed is written to all the same', async (t) => {
  // The kernel's own answer to fsync is EINVAL there.
  if (!existsSync('/proc/self')) return t.skip('needs /proc')
  await nodeIo.syncFolder('/proc/self')
})

test('a folder that cannot be flushed for any other reason is told', async (t) => {
  await assert.rejects(nodeIo.syncFolder(join(await temporaryFolder(t), 'missing')), { code: 'ENOENT' })
})
