import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { createSecrets } from '../access/secrets.ts'
import { Room } from './room.ts'
import { createChat } from './service.ts'
import type { ChatStore } from './store.ts'

/** A chat over a store that gives the history of a room when it is told to, from the second time on. */
async function start(t: TestContext) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let asked = 0
  const channel = {
    id: 'ch_1',
    orgId: 'org_1',
    slug: 'main',
    title: '',
    chat: { enabled: true, slowMode: 0 },
    aliases: [],
  }
  const store = {
    async history() {
      if (++asked > 1) await released
      return []
    },
    bans: async () => [],
    forgetAddresses: async () => {},
    save: async () => {},
  } satisfies Partial<ChatStore> as unknown as ChatStore
  const line = () => {}
  const log = { debug: line, info: line, warn: line, error: line }
  const chat = createChat({
    store,
    channels: { byId: () => channel, bySlug: () => channel, view: () => undefined, formerSlugs: () => [] },
    secrets: createSecrets(Buffer.alloc(32)),
    orgId: 'org_1',
    ...{ log, strangerLog: log },
    now: Date.now,
    identify: async () => ({ kind: 'anonymous' }),
    clientOf: () => ({ address: '192.0.2.1', host: '' }),
    publicUrl: undefined,
    ownerName: 'Owner',
    saveOwnerName: async () => {},
    limits: {},
  })
  const server = createServer().on('upgrade', chat.upgrade).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pages: WebSocket[] = []
  t.after(async () => {
    for (const page of pages) page.terminate()
    await chat.close()
    server.close()
  })
  return {
    chat,
    release,
    asked: () => asked,
    async open() {
      const page = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/live/main/chat`)
      pages.push(page)
      await once(page, 'open')
      return page
    },
  }
}

/** Turns of the loop until it is so; the limit of the test file ends a wait for what never comes. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}

test('a page that left while its room was opened is not joined to it', async (t) => {
  const { asked, chat, open, release } = await start(t)
  const hello = '{"type":"hello","chat":true}'
  const first = await open()
  const second = await open()
  first.send(hello)
  await once(first, 'message')
  first.close()
  // The room is closed with its last reader: the second page has not said hello.
  await until(() => chat.stats().rooms === 0)
  const join = t.mock.method(Room.prototype, 'join')
  second.send(hello)
  await until(() => asked() === 2)
  second.terminate()
  await until(() => chat.stats().connections === 0)
  release()
  await until(() => chat.stats().rooms === 1)
  await new Promise(setImmediate)
  assert.equal(join.mock.callCount(), 0)
})
