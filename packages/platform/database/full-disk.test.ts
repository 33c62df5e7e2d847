import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import type { Log } from '../ports.ts'
import { PASSWORD, startPlatform } from '../testing/start.ts'
import { openDatabase } from './open.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** A folder on a disk of its own; `undefined` where this user cannot mount one. */
async function smallDisk(t: TestContext, size: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'bandstand-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    await rm(folder, { recursive: true })
    return undefined
  }
  t.after(() => {
    execFileSync('umount', ['-l', folder])
    return rm(folder, { recursive: true })
  })
  return folder
}

/** Takes all room that is left. @returns its file */
async function fill(folder: string): Promise<string> {
  const file = join(folder, 'filling')
  for (let size = 2 ** 20; size >= 4096; size /= 2) {
    while (
      await writeFile(file, Buffer.alloc(size), { flag: 'a' }).then(
        () => true,
        () => false,
      )
    );
  }
  return file
}

test('a transaction that finds the disk full says so, and the next one works', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const { database } = await openDatabase(join(folder, 'bandstand.db'), silent)
  t.after(() => database.destroy())
  const limit = (pages: number) => sql`pragma max_page_count = ${sql.raw(String(pages))}`.execute(database)
  const insert = (id: string, owner_name: string) =>
    database.transaction().execute(async (tx) => {
      await tx.insertInto('organisation').values({ id, owner_name, secret_check: '', created_at: 1 }).execute()
    })
  // To SQLite the same as a disk without room, and where this user can mount none.
  await limit(1)
  await assert.rejects(insert('org_1', 'x'.repeat(100_000)), { code: 'disk-full' })
  await limit(1_000_000)
  await insert('org_2', 'Owner')
  const rows = await database.selectFrom('organisation').select('id').execute()
  assert.deepEqual(
    rows.map(({ id }) => id),
    ['org_2'],
  )
})

test('on a full disk the owner signs in, is told why nothing can be changed, and deletes a replay', async (t) => {
  const dataDir = await smallDisk(t, '4m')
  if (dataDir === undefined) return t.skip('needs a user that may mount')
  const { app, platform, logged } = await startPlatform(t, { dataDir })
  const channelId = platform.directory.findBySlug('main')?.id ?? ''
  await platform.broadcasts.started({ assetId: 'as_1', channelId, startedAt: 1000 })
  await platform.broadcasts.ended({ assetId: 'as_1', endedAt: 1500, duration: 499, bytes: 7 })
  const filling = await fill(dataDir)
  const signedIn = await app.inject({ method: 'POST', url: '/api/v1/session', payload: { password: PASSWORD } })
  assert.equal(signedIn.statusCode < 300, true, signedIn.body)
  const cookie = String(signedIn.headers['set-cookie']).split(';')[0] ?? ''
  const change = { method: 'PATCH', url: '/api/v1/channels/main', headers: { cookie } } as const
  const refused = await app.inject({ ...change, payload: { description: 'x'.repeat(1000) } })
  assert.equal(refused.statusCode, 507)
  assert.equal(refused.json().code, 'disk-full')
  assert.match(refused.json().detail, /disk .* is full.* delete/)
  assert.doesNotMatch(logged.join(), /cannot rollback/)

  const remove = () => app.inject({ method: 'DELETE', url: '/api/v1/assets/as_1', headers: { cookie } })
  // The engine has deleted its files, but here something else still fills the disk.
  assert.equal((await remove()).statusCode, 507)
  await rm(filling)
  assert.equal((await remove()).statusCode, 204)
  assert.equal((await app.inject({ ...change, payload: { title: 'Stage' } })).statusCode, 200)
  const signOut = await app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { cookie } })
  assert.equal(signOut.statusCode, 204)
  const after = await app.inject({ ...change, payload: { title: 'Main' } })
  assert.equal(after.statusCode, 401)
})
