import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openDatabase } from './open.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

test('nobody but the owner of the process can read the database, nor one that an earlier version has left open to all', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const name of ['new.db', 'old.db']) {
    const file = join(folder, name)
    if (name === 'old.db') for (const end of ['', '-wal']) await writeFile(file + end, '', { mode: 0o644 })
    const { database } = await openDatabase(file, silent)
    const row = { id: 'org_1', owner_name: 'Owner', secret_check: '', created_at: 1 }
    await database.insertInto('organisation').values(row).execute()
    for (const end of ['', '-wal', '-shm'])
      assert.equal(((await stat(file + end)).mode & 0o777).toString(8), '600', name + end)
    await database.destroy()
  }
})

test('what was answered survives a power cut: each commit waits for the disk', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const { database } = await openDatabase(join(folder, 'new.db'), silent)
  const { rows } = await sql<{ synchronous: number }>`PRAGMA synchronous`.execute(database)
  await database.destroy()
  // 2 is FULL.
  assert.deepEqual(rows, [{ synchronous: 2 }])
})
