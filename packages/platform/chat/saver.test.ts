import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChatMessageTable } from '../database/schema.ts'
import { PlatformError } from '../error.ts'
import { startPlatform } from '../testing/start.ts'
import { SAVE_INTERVAL } from './limits.ts'
import { createSaver } from './saver.ts'

const row = (id: string, channelId: string): ChatMessageTable => ({
  id,
  org_id: 'org_1',
  channel_id: channelId,
  author_id: 'usr_1',
  author_name: 'Ada',
  author_owner: 0,
  address_hash: null,
  text: id,
  at: 0,
  hidden_at: null,
})
const line = () => {}
const log = { debug: line, info: line, warn: line, error: line }

test('what was said elsewhere is kept when a channel is deleted with its messages', async (t) => {
  const { asOwner, chat, platform } = await startPlatform(t)
  await asOwner('POST', '/channels', { slug: 'other' })
  const ada = await chat('/live/main/chat')
  const bob = await chat('/live/other/chat')
  for (const page of [ada, bob]) {
    page.send({ type: 'hello', chat: true, name: 'Someone' })
    await page.next('welcome')
  }
  // Not written by the interval: on a slow machine that may be in the middle of the deletion, which loses what is said there.
  const { setTimeout: later } = globalThis
  const hour = 3_600_000
  t.mock.method(globalThis, 'setTimeout', (done: () => void, ms?: number) =>
    later(done, ms === SAVE_INTERVAL ? hour : ms),
  )
  const deleted = asOwner('DELETE', '/channels/other')
  bob.send({ type: 'say', text: 'in other', clientId: 'b' })
  ada.send({ type: 'say', text: 'in main', clientId: 'a' })
  await ada.next('messages')
  assert.equal((await deleted).statusCode, 204)
  ada.socket.close()
  await ada.closed
  const again = await chat('/live/main/chat')
  again.send({ type: 'hello', chat: true })
  assert.deepEqual(
    (await again.next('welcome')).history.map(({ text }) => text),
    ['in main'],
  )
  assert.equal(platform.chat.stats().unsaved, 0)
})

test('a channel that is deleted while a batch is written costs the others nothing', async () => {
  const saved: string[] = []
  const saver = createSaver(async (rows) => {
    if (rows.some((one) => one.channel_id === 'gone')) throw new PlatformError('constraint', 'FOREIGN KEY')
    saved.push(...rows.map(({ id }) => id))
  }, log)
  for (const [id, channelId] of ['main', 'gone', 'second', 'main'].entries()) saver.add(row(String(id), channelId))
  await saver.flush()
  assert.deepEqual(saved.sort(), ['0', '2', '3'])
  assert.equal(saver.lost, 1)
})

test('a database that does not take a batch is not asked for each of its channels', async () => {
  let asked = 0
  const saver = createSaver(async () => {
    asked++
    throw new PlatformError('disk-full', 'the disk is full')
  }, log)
  for (const channelId of ['main', 'second']) saver.add(row(channelId, channelId))
  await saver.flush()
  assert.deepEqual([asked, saver.lost], [1, 2])
})

test('messages that are taken back are not written', async () => {
  const saved: string[] = []
  const saver = createSaver(async (rows) => void saved.push(...rows.map(({ id }) => id)), log)
  saver.add(row('a', 'main'))
  saver.add(row('b', 'gone'))
  saver.drop((one) => one.channel_id === 'gone')
  await saver.flush()
  assert.deepEqual(saved, ['a'])
})
