import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { type Kysely, sql } from 'kysely'
import type { Log } from '../ports.ts'
import { admitted, startPlatform } from '../testing/start.ts'
import { openClient } from './client.ts'
import { RESTART_FIRST, STATEMENTS_MAX, WATCH_INTERVAL, WATCH_ROUNDS } from './limits.ts'
import { migrate, migrations } from './migrate.ts'
import { openDatabase } from './open.ts'

async function path(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'bandstand.db')
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 30_000
  while (!condition()) {
    assert.ok(performance.now() < end, 'it did not come true')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const organisation = (id: string) => ({ id, owner_name: 'Owner', secret_check: '', created_at: 1 })

test('a transaction that fails leaves nothing behind, and the next one works', async (t) => {
  const { database } = await openDatabase(await path(t), silent)
  t.after(() => database.destroy())
  const failing = database.transaction().execute(async (tx) => {
    await tx.insertInto('organisation').values(organisation('org_1')).execute()
    await tx.insertInto('organisation').values(organisation('org_1')).execute()
  })
  await assert.rejects(failing, { code: 'constraint' })
  await database.transaction().execute((tx) => tx.insertInto('organisation').values(organisation('org_2')).execute())
  const rows = await database.selectFrom('organisation').select('id').execute()
  assert.deepEqual(
    rows.map(({ id }) => id),
    ['org_2'],
  )
})

test('nothing from outside gets into an open transaction', async (t) => {
  const { database } = await openDatabase(await path(t), silent)
  t.after(() => database.destroy())
  let outside: Promise<unknown> = Promise.resolve()
  const failing = database.transaction().execute(async (tx) => {
    await tx.insertInto('organisation').values(organisation('org_1')).execute()
    outside = database.insertInto('organisation').values(organisation('org_2')).execute()
    await tx.selectFrom('organisation').selectAll().execute()
    throw new DOMException('changed my mind')
  })
  await assert.rejects(failing, /changed my mind/)
  await outside
  const rows = await database.selectFrom('organisation').select('id').execute()
  assert.deepEqual(
    rows.map(({ id }) => id),
    ['org_2'],
  )
})

test('many transactions at once count right', async (t) => {
  const { database } = await openDatabase(await path(t), silent)
  t.after(() => database.destroy())
  await database.insertInto('organisation').values(organisation('org_1')).execute()
  await Promise.all(
    Array.from({ length: 50 }, () =>
      database.transaction().execute(async (tx) => {
        const { created_at } = await tx.selectFrom('organisation').select('created_at').executeTakeFirstOrThrow()
        await tx
          .updateTable('organisation')
          .set({ created_at: created_at + 1 })
          .execute()
      }),
    ),
  )
  const row = await database.selectFrom('organisation').select('created_at').executeTakeFirstOrThrow()
  assert.equal(row.created_at, 51)
})

test('statements that wait are bounded, and what was asked for before closing is done', async (t) => {
  const client = await openClient(await path(t), silent)
  const asked = Array.from({ length: STATEMENTS_MAX }, () => client.run('select 1 as one', []))
  await assert.rejects(client.run('select 1', []), { code: 'limit' })
  const closed = client.close()
  assert.equal((await Promise.all(asked)).length, STATEMENTS_MAX)
  await closed
  await assert.rejects(client.run('select 1', []), { code: 'closed' })
})

/** Fills the thread's heap, which ends it: nothing else in SQL does. */
const endThread = `with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
  select printf('%0100000d', i) as filling from n`

test('a thread that ends fails what it has not answered, refuses at once while it is away, and is started again', async (t) => {
  const logged: string[] = []
  const line = (_fields: object, message: string) => void logged.push(message)
  const client = await openClient(await path(t), { debug: line, info: line, warn: line, error: line })
  t.after(() => client.close())
  await client.run('create table a (b text)', [])
  const asked = [client.run(endThread, []), client.run("insert into a values ('lost')", [])]
  for (const { status, reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
    assert.equal(status, 'rejected')
    assert.equal(reason.code, 'unavailable')
  }
  assert.equal(client.isUp, false)
  assert.equal(client.waiting, 0)
  await assert.rejects(client.run('select 1', []), { code: 'unavailable' })
  await until(() => client.isUp)
  await client.run("insert into a values ('kept')", [])
  assert.deepEqual(
    (await client.run('select b from a', [])).rows.map((row) => ({ ...(row as object) })),
    [{ b: 'kept' }],
  )
  assert.deepEqual(logged, ['the database thread ended; it is started again', 'the database answers again'])
})

/** Takes the thread's time in SQLite, where nothing can interrupt it. */
const count = (rows: number) =>
  `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows}) select count(*) as rows from n`

test('a thread that gets nothing done any more is given up at once, and started again when it has gone', async (t) => {
  const logged: string[] = []
  const line = (_fields: object, message: string) => void logged.push(message)
  const client = await openClient(await path(t), { debug: line, info: line, warn: line, error: line })
  t.after(() => client.close())
  // Looks are made here: by a clock, a busy machine's next thread could be given up as well.
  t.mock.timers.enable({ apis: ['setInterval'] })
  client.watch()
  const asked = [client.run(count(12_000_000), []), client.run('select 1', [])]
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.mock.timers.tick(WATCH_INTERVAL * (WATCH_ROUNDS + 1))
  for (const { status, reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
    assert.equal(status, 'rejected')
    assert.equal(reason.code, 'unavailable')
  }
  assert.equal(client.isUp, false)
  assert.equal(client.waiting, 0)
  await until(() => client.isUp)
  assert.equal((await client.run('select 1', [])).rows.length, 1)
  assert.deepEqual(logged, [
    'the database thread gets nothing done; it is ended',
    'the database thread ended; it is started again',
    'the database answers again',
  ])
})

test('a thread with much to do is left alone while statement after statement gets done, and while it rests', async (t) => {
  const client = await openClient(await path(t), silent)
  t.after(() => client.close())
  t.mock.timers.enable({ apis: ['setInterval'] })
  client.watch()
  t.mock.timers.tick(WATCH_INTERVAL * (WATCH_ROUNDS + 2))
  // One message to the thread, which answers all of them together.
  // Each short: a busy machine may take ten times as long for it.
  const asked = Array.from({ length: 160 }, () => client.run(count(60_000), []))
  const done = Promise.all(asked)
  // It is looked at by the time of processors, which nothing else takes here: one that is given none gets nothing done.
  const begun = process.cpuUsage()
  let [looked, looks] = [0, 0]
  for (; client.waiting > 0; await new Promise((resolve) => setTimeout(resolve, 5))) {
    const { user, system } = process.cpuUsage(begun)
    if (user + system - looked < 50_000) continue
    looked = user + system
    looks++
    t.mock.timers.tick(WATCH_INTERVAL)
  }
  await done
  assert.ok(looks > WATCH_ROUNDS, `${looks} looks`)
  assert.equal(client.session, 0)
})

test('a transaction whose thread has ended stores nothing in the next one', async (t) => {
  const { database, state } = await openDatabase(await path(t), silent)
  t.after(() => database.destroy())
  const failing = database.transaction().execute(async (tx) => {
    await tx.insertInto('organisation').values(organisation('org_1')).execute()
    await assert.rejects(sql.raw(endThread).execute(tx), { code: 'unavailable' })
    await until(() => state.isUp)
    await tx.insertInto('organisation').values(organisation('org_2')).execute()
  })
  await assert.rejects(failing, { code: 'unavailable' })
  await database.transaction().execute((tx) => tx.insertInto('organisation').values(organisation('org_3')).execute())
  const rows = await database.selectFrom('organisation').select('id').execute()
  assert.deepEqual(
    rows.map(({ id }) => id),
    ['org_3'],
  )
})

test('a database that is closed while its thread is away does not start it again', async (t) => {
  const client = await openClient(await path(t), silent)
  await assert.rejects(client.run(endThread, []), { code: 'unavailable' })
  await client.close()
  await new Promise((resolve) => setTimeout(resolve, RESTART_FIRST + 100))
  assert.equal(client.isUp, false)
  await assert.rejects(client.run('select 1', []), { code: 'closed' })
})

test('errors name the statement and never its values', async (t) => {
  const client = await openClient(await path(t), silent)
  t.after(() => client.close())
  await client.run('create table a (b text primary key)', [])
  await client.run('insert into a values (?)', ['secret value'])
  const error = await client.run('insert into a values (?)', ['secret value']).catch((e) => e)
  assert.equal(error.code, 'constraint')
  assert.doesNotMatch(`${error.message} ${JSON.stringify(error.context)}`, /secret value/)
  await assert.rejects(client.run('nonsense', []), { code: 'database' })
})

test('a file that is no database is refused and left alone', async (t) => {
  const file = await path(t)
  await writeFile(file, 'not a database at all, but something that somebody may want back')
  await assert.rejects(openDatabase(file, silent), { code: 'data-folder' })
  assert.match(await readFile(file, 'utf8'), /want back/)
})

test('a database of a newer version is refused with a word on what to do, and left alone', async (t) => {
  const file = await path(t)
  const { database } = await openDatabase(file, silent)
  await sql`insert into kysely_migration values ('9999-future', '2030-01-01')`.execute(database)
  await database.destroy()
  await assert.rejects(openDatabase(file, silent), { code: 'database-newer', message: /newer version.*9999-future/ })
})

test('a migration that fails changes nothing, and runs again when it is mended', async (t) => {
  const { database } = await openDatabase(await path(t), silent)
  t.after(() => database.destroy())
  const broken = async (db: Kysely<unknown>) => {
    await db.schema.createTable('half').addColumn('id', 'text').execute()
    await sql`nonsense`.execute(db)
  }
  await assert.rejects(migrate(database, { ...migrations, '9999-next': { up: broken } }), { code: 'database' })
  const up = async (db: Kysely<unknown>) => {
    await db.schema.createTable('half').addColumn('id', 'text').execute()
  }
  await migrate(database, { ...migrations, '9999-next': { up } })
  await migrate(database, { ...migrations, '9999-next': { up } })
})

test('the data of the first release is all there after an update', async (t) => {
  const file = await path(t)
  const dataDir = join(file, '..')
  const saved = new DatabaseSync(file)
  saved.exec(await readFile(new URL('./fixtures/v1.sql', import.meta.url), 'utf8'))
  saved.close()
  await writeFile(join(dataDir, 'secret'), `${'1'.repeat(64)}\n`)

  const { platform, app, asOwner, chat } = await startPlatform(t, {
    dataDir,
    settings: { ownerPassword: 'password of the first release' },
  })
  assert.equal(platform.firstStart, undefined)
  assert.equal((await admitted(platform.directory, 'key-of-the-first-release'))?.slug, 'main')
  assert.equal((await asOwner('GET', '/channels/main/key')).json().key, 'key-of-the-first-release')
  const { slug, latency } = (await app.inject('/api/v1/channels/first')).json()
  assert.deepEqual([slug, latency], ['main', 'low'])
  assert.deepEqual(
    (await platform.broadcasts.open()).map(({ assetId }) => assetId),
    ['as_second'],
  )
  assert.equal((await app.inject('/api/v1/assets/as_first')).json().bytes, 123456)
  assert.equal((await asOwner('GET', '/channels/main/chat/bans')).json().bans[0].name, 'Bob')
  const client = await chat()
  client.send({ type: 'hello', chat: true })
  assert.deepEqual(
    (await client.next('welcome')).history.map(({ text }) => text),
    ['hello from the first release'],
  )
})
