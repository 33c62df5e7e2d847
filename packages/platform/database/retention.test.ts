import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { PRUNE_BATCH } from './limits.ts'
import { type Database, openDatabase } from './open.ts'
import { createRetention, type RetentionOptions } from './retention.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** A database with two channels, `ch_1` and `ch_2`. */
async function start(t: TestContext): Promise<Database> {
  const folder = await mkdtemp(join(tmpdir(), 'bandstand-'))
  const { database } = await openDatabase(join(folder, 'bandstand.db'), silent)
  t.after(async () => {
    await database.destroy()
    await rm(folder, { recursive: true, force: true })
  })
  const made = { created_at: 1, updated_at: 1 }
  await database
    .insertInto('organisation')
    .values({ id: 'org_1', owner_name: 'Owner', secret_check: '', created_at: 1 })
    .execute()
  for (const id of ['ch_1', 'ch_2']) {
    const texts = { slug: id, title: '', description: '', offline_text: '', offline_image: null }
    const rest = {
      chat_enabled: 1,
      chat_slow_mode: 0,
      signing_number: 1,
      latency: 'low' as const,
      key_cipher: '',
      key_digest: id,
      key_setting: null,
    }
    await database
      .insertInto('channel')
      .values({ id, org_id: 'org_1', ...texts, ...rest, ...made })
      .execute()
  }
  return database
}

const pad = (i: number) => String(i).padStart(6, '0')

/** Messages `from` to `to`, said at as many ms, each with its event. */
async function say(database: Database, channel: string, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  const author = { author_id: 'usr_1', author_name: 'Ada', author_owner: 0, address_hash: null }
  for (let i = 0; i < numbers.length; i += 500) {
    const some = numbers.slice(i, i + 500)
    await database
      .insertInto('chat_message')
      .values(
        some.map((at) => ({
          ...{ id: `msg_${channel}_${pad(at)}`, org_id: 'org_1', channel_id: channel, ...author },
          ...{ text: 'hello', at, hidden_at: null },
        })),
      )
      .execute()
    await database
      .insertInto('event')
      .values(
        some.map((at) => ({
          ...{ id: `ev_${pad(at)}_${channel}`, org_id: 'org_1', type: 'chat.said' },
          ...{ subject: `msg_${channel}_${pad(at)}`, at, data: '{}' },
        })),
      )
      .execute()
  }
}

const messages = async (database: Database, channel: string) =>
  (
    await database.selectFrom('chat_message').select('at').where('channel_id', '=', channel).orderBy('id').execute()
  ).map(({ at }) => at)
const events = async (database: Database) =>
  (await database.selectFrom('event').select('id').orderBy('id').execute()).map(({ id }) => id)

const retain = (t: TestContext, database: Database, options: Partial<RetentionOptions>) => {
  const always = { rows: 1e6, age: 1e6 }
  const retention = createRetention({
    ...{ database, orgId: 'org_1', channels: () => ['ch_1', 'ch_2'], log: silent, now: () => 1000 },
    ...{ messages: always, events: always },
    ...options,
  })
  t.after(() => retention.close())
  return retention
}

test('of each channel the newest messages stay, and the events about the others go with them', async (t) => {
  const database = await start(t)
  await say(database, 'ch_1', 1, 12)
  await say(database, 'ch_2', 1, 3)
  await retain(t, database, { messages: { rows: 10, age: 1e6 } }).run()
  assert.deepEqual(await messages(database, 'ch_1'), [3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  assert.deepEqual(await messages(database, 'ch_2'), [1, 2, 3])
  assert.equal((await events(database)).length, 13)
  assert.equal((await events(database))[0], 'ev_000001_ch_2')
})

test('messages that are too old go, however few there are', async (t) => {
  const database = await start(t)
  await say(database, 'ch_1', 899, 902)
  await retain(t, database, { messages: { rows: 10, age: 100 } }).run()
  assert.deepEqual(await messages(database, 'ch_1'), [900, 901, 902])
})

test('events are bounded too, by number and by age', async (t) => {
  const database = await start(t)
  const row = { org_id: 'org_1', type: 'channel.updated', subject: 'ch_1', data: '{}' }
  for (let at = 1; at <= 9; at++)
    await database
      .insertInto('event')
      .values({ ...row, id: `ev_${at}`, at })
      .execute()
  await retain(t, database, { events: { rows: 6, age: 1e6 } }).run()
  assert.deepEqual(await events(database), ['ev_4', 'ev_5', 'ev_6', 'ev_7', 'ev_8', 'ev_9'])
  await retain(t, database, { events: { rows: 6, age: 993 } }).run()
  assert.deepEqual(await events(database), ['ev_7', 'ev_8', 'ev_9'])
})

test('events of one type push out none of another: a flood of chat leaves what the owner did', async (t) => {
  const database = await start(t)
  const row = { org_id: 'org_1', subject: 'owner', data: '{}', at: 1 }
  await database
    .insertInto('event')
    .values([
      { ...row, id: 'ev_000000_in', type: 'owner.signed-in' },
      { ...row, id: 'ev_000000_password', type: 'owner.password-changed' },
    ])
    .execute()
  await say(database, 'ch_1', 1, PRUNE_BATCH + 10)
  await retain(t, database, { events: { rows: 5, age: 1e6 } }).run()
  assert.deepEqual(await events(database), [
    'ev_000000_in',
    'ev_000000_password',
    ...[6, 7, 8, 9, 10].map((i) => `ev_${pad(PRUNE_BATCH + i)}_ch_1`),
  ])
})

test('what is deleted is found by an index, not by going through all that is kept', async (t) => {
  const database = await start(t)
  const { rows } = await sql<{ detail: string }>`explain query plan
    select id from event where org_id = 'org_1' and type = 'chat.said' order by id desc limit 1 offset 5`.execute(
    database,
  )
  assert.match(rows.map(({ detail }) => detail).join(), /COVERING INDEX event_type/)
  assert.doesNotMatch(rows.map(({ detail }) => detail).join(), /TEMP B-TREE/)
})

test('more than a batch goes in several, between which others are served', async (t) => {
  const database = await start(t)
  await say(database, 'ch_1', 1, 2 * PRUNE_BATCH + 110)
  const state = { over: false }
  const run = retain(t, database, { messages: { rows: 100, age: 1e6 } })
    .run()
    .finally(() => {
      state.over = true
    })
  const seen = new Set<number>()
  while (!state.over) seen.add((await messages(database, 'ch_1')).length)
  await run
  seen.add((await messages(database, 'ch_1')).length)
  for (const left of [100 + PRUNE_BATCH + 10, 110, 100]) assert.ok(seen.has(left), `${left} left`)
})

test('closed it deletes no more', async (t) => {
  const database = await start(t)
  await say(database, 'ch_1', 1, 2 * PRUNE_BATCH)
  const retention = retain(t, database, { messages: { rows: 0, age: 1e6 } })
  const run = retention.run()
  retention.close()
  await run
  assert.ok((await messages(database, 'ch_1')).length >= PRUNE_BATCH)
})
