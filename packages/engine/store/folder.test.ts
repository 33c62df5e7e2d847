import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './fixtures/material.ts'
import { makeFolder, whyUnusable } from './folder.ts'

const words = (path: string) => makeFolder(path).then(() => 'made', whyUnusable)

test('a folder is made with all that is missing above it, and may be there already', async (t) => {
  const path = join(await temporaryFolder(t), 'a', 'b', 'c')
  await makeFolder(path, 0o700)
  await makeFolder(path, 0o700)
  assert.equal(statSync(path).mode & 0o777, 0o700)
})

test('a file in the way is named as such', async (t) => {
  const file = join(await temporaryFolder(t), 'file')
  writeFileSync(file, '')
  assert.match(await words(file), /is a file/)
  assert.match(await words(join(file, 'below')), /is a file/)
})

test('a file system that takes no folders is told, not asked for ever', { timeout: 10_000 }, async (t) => {
  if (!existsSync('/proc/self')) return t.skip('needs /proc')
  assert.match(await words('/proc/bandstand/data'), /no folder can be made/)
})

test('a disk that is mounted read-only is told, also of folders that are missing on it', async (t) => {
  const disk = join(await temporaryFolder(t), 'disk')
  await mkdir(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    return t.skip('needs a user that may mount')
  }
  try {
    assert.match(await words(join(disk, 'a', 'b')), /read-only/)
  } finally {
    execFileSync('umount', [disk])
  }
})
