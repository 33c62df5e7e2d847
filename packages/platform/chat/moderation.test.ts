import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ChatMessage } from '@bandstand/contract/chat/model.ts'
import { createId } from '@bandstand/contract/ids.ts'
import { openDatabase } from '../database/open.ts'
import { startPlatform } from '../testing/start.ts'
import { createBanList, createModeration, type Effects } from './moderation.ts'
import { type Reader, Room } from './room.ts'
import { createSaver } from './saver.ts'
import { createChatStore } from './store.ts'

const line = () => {}
const log = { debug: line, info: line, warn: line, error: line }

/** Moderation of a room over a database, in which somebody does `meanwhile` between the steps of a ban. */
async function start(t: TestContext, meanwhile: (say: (author: string) => string) => void) {
  const { dataDir } = await startPlatform(t)
  const { database } = await openDatabase(join(dataDir, 'bandstand.db'), log)
  t.after(() => database.destroy())
  const channel = await database.selectFrom('channel').select(['id', 'org_id']).executeTakeFirstOrThrow()
  const store = createChatStore(database)
  const saver = createSaver(store.save, log)
  const room = new Room(1, [])
  t.after(() => room.close())
  const bans = createBanList([])
  const say = (author: string): string => {
    const id = createId('message')
    if (bans.has(author, null)) return id
    const at = Date.now()
    room.say({ id, at: new Date(at).toISOString(), author: { id: author, name: author, owner: false }, text: id })
    const by = { author_id: author, author_name: author, author_owner: 0, address_hash: null }
    saver.add({ id, org_id: channel.org_id, channel_id: channel.id, ...by, text: id, at, hidden_at: null })
    return id
  }
  const hidden: string[] = []
  const effects: Effects = {
    hidden(_channel, ids) {
      hidden.push(...ids)
      room.hide(ids)
    },
    shown: (_channel, chatterId) => room.saidBy(chatterId),
    banned: (_channel, ban) => bans.add(ban),
    unbanned: (_channel, id) => bans.remove(id),
  }
  const between = async <T>(step: Promise<T>): Promise<T> => {
    meanwhile(say)
    const result = await step
    meanwhile(say)
    return result
  }
  const moderation = createModeration({
    store: {
      ...store,
      message: (channelId, id) => between(store.message(channelId, id)),
      bans: (channelId) => between(store.bans(channelId)),
      ban: (row, hide) => between(store.ban(row, hide)),
      hideSince: (ban) => between(store.hideSince(ban)),
    },
    ...{ saver, orgId: channel.org_id, now: Date.now, effects },
  })
  const authors = (messages: readonly ChatMessage[]) => [...new Set(messages.map(({ author }) => author.id))]
  return {
    say,
    hidden,
    ban: (messageId: string, hideMessages: boolean) =>
      moderation.ban(channel.id, { messageId, address: false, hideMessages }),
    async left() {
      await saver.flush()
      const reader: Reader = { from: 0, chat: true, write() {} }
      return [authors(room.join(reader)), authors(await store.history(channel.id, 100))]
    },
  }
}

test('what is said while a ban is made goes with the rest, from pages and from the database', async (t) => {
  const said: string[] = []
  const { ban, hidden, left, say } = await start(t, (speak) => {
    said.push(speak('usr_spam'))
    speak('usr_other')
  })
  const first = say('usr_spam')
  await ban(first, true)
  assert.deepEqual(await left(), [['usr_other'], ['usr_other']])
  assert.equal(new Set(hidden).size, hidden.length)
  for (const id of hidden) assert.ok(id === first || said.includes(id))
})

test('a ban that leaves the messages leaves those that are said while it is made', async (t) => {
  const { ban, hidden, left, say } = await start(t, (speak) => speak('usr_spam'))
  await ban(say('usr_spam'), false)
  assert.deepEqual(await left(), [['usr_spam'], ['usr_spam']])
  assert.deepEqual(hidden, [])
})
