import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { startPlatform } from '../testing/start.ts'

/** A platform whose channel `main` has so many recordings, with ids in order. */
async function withRecordings(t: TestContext, count: number) {
  const dataDir = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const started = await startPlatform(t, { dataDir })
  const ids = Array.from({ length: count }, (_, i) => `as_${String(i).padStart(5, '0')}`)
  // One by one, as broadcasts begin, takes a transaction each.
  const database = new DatabaseSync(join(dataDir, 'bandstand.db'), { timeout: 10_000 })
  database.exec('begin immediate')
  const insert = database.prepare(
    `insert into asset (id, org_id, channel_id, title, started_at, ended_at, duration, bytes)
     select ?, org_id, id, title, 1000, 2000, 1000, 7 from channel where slug = 'main'`,
  )
  for (const id of ids) insert.run(id)
  database.exec('commit')
  database.close()
  return { ...started, ids }
}

test('all recordings of a channel are deleted before it goes, however many there are', async (t) => {
  const { asOwner, engine, ids } = await withRecordings(t, 5003)
  assert.equal((await asOwner('DELETE', '/channels/main')).statusCode, 204)
  assert.deepEqual(
    engine.calls.slice(1),
    ids.map((id) => `delete ${id}`),
  )
})

test('a channel of which a recording cannot be deleted stays, and so does what leads to that one', async (t) => {
  const { app, asOwner, engine } = await withRecordings(t, 3)
  const tried: string[] = []
  engine.deleteAsset = async (id) => {
    tried.push(id)
    if (id === 'as_00001') throw new DOMException('the disk is read-only')
  }
  assert.equal((await asOwner('DELETE', '/channels/main')).statusCode, 500)
  assert.deepEqual(tried, ['as_00000', 'as_00001'])
  assert.equal((await app.inject('/api/v1/channels/main')).statusCode, 200)
  assert.equal((await app.inject('/api/v1/assets/as_00001')).statusCode, 200)
})
