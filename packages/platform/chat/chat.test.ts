import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { serverMessage } from '@bandstand/contract/chat/server.ts'
import { type ChatClient, type Started, startPlatform } from '../testing/start.ts'

async function join_(
  started: Started,
  name: string,
  token?: string,
  headers = {},
): Promise<ChatClient & { token: string; id: string }> {
  const client = await started.chat('/live/main/chat', headers)
  client.send({ type: 'hello', chat: true, name, ...(token && { token }) })
  const { you } = await client.next('welcome')
  return Object.assign(client, { token: you?.token ?? '', id: you?.id ?? '' })
}

const say = (client: ChatClient, text: string, clientId = 'c') => client.send({ type: 'say', text, clientId })

test('what one says everybody reads, the speaker too', async (t) => {
  const started = await startPlatform(t)
  const ada = await join_(started, 'Ada')
  const bob = await join_(started, 'Bob')
  say(ada, ' hello\u202e  there ', 'mine-1')
  for (const client of [ada, bob]) {
    const frame = await client.next('messages')
    serverMessage.parse(frame)
    assert.equal(frame.messages.length, 1)
    const [message] = frame.messages
    assert.deepEqual(
      [message?.text, message?.clientId, message?.author],
      ['hello there', 'mine-1', { id: ada.id, name: 'Ada', owner: false }],
    )
  }
})

test('who joins later reads what was said before, and nothing twice', async (t) => {
  const started = await startPlatform(t)
  const ada = await join_(started, 'Ada')
  say(ada, 'one')
  say(ada, 'two')
  const late = await started.chat()
  late.send({ type: 'hello', chat: true, name: 'Late' })
  const seen: string[] = []
  const { history } = await late.next('welcome')
  seen.push(...history.map(({ text }) => text))
  say(ada, 'three')
  while (!seen.includes('three')) seen.push(...(await late.next('messages')).messages.map(({ text }) => text))
  assert.deepEqual(seen, ['one', 'two', 'three'])
})

test('history survives a restart and the last reader leaving, and so does who one is', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const first = await startPlatform(t, { dataDir })
  const ada = await join_(first, 'Ada')
  say(ada, 'before')
  await ada.next('messages')
  ada.socket.close()
  await ada.closed
  const again = await first.chat()
  again.send({ type: 'hello', chat: true })
  assert.deepEqual(
    (await again.next('welcome')).history.map(({ text }) => text),
    ['before'],
  )
  await first.stop()

  const second = await startPlatform(t, { dataDir })
  const back = await second.chat()
  back.send({ type: 'hello', chat: true, name: 'Ada', token: ada.token })
  const { you, history } = await back.next('welcome')
  assert.equal(you?.id, ada.id)
  assert.deepEqual(
    history.map(({ text, author }) => [text, author.id]),
    [['before', ada.id]],
  )
})

test('a token that was not given out makes a stranger', async (t) => {
  const started = await startPlatform(t)
  const ada = await join_(started, 'Ada')
  const forged = [
    `${ada.id}.`,
    `${ada.id}.${'A'.repeat(43)}`,
    `${ada.token}x`,
    'x',
    '.',
    ada.token.replace('usr_0', 'usr_1'),
  ]
  for (const token of forged) assert.notEqual((await join_(started, 'Eve', token)).id, ada.id, token)
})

test('without a name nobody speaks, and an owner-like name is refused', async (t) => {
  const started = await startPlatform(t)
  const client = await started.chat()
  client.send({ type: 'hello', chat: true, name: 'Оwner' })
  assert.equal((await client.next('welcome')).you?.name, null)
  assert.equal((await client.next('error')).code, 'name-taken')
  say(client, 'hi', 'x1')
  const error = await client.next('error')
  assert.deepEqual([error.code, error.clientId], ['bad-name', 'x1'])
  client.send({ type: 'rename', name: 'Olga' })
  assert.equal((await client.next('renamed')).name, 'Olga')
  say(client, 'hi', 'x2')
  assert.equal((await client.next('messages')).messages[0]?.author.name, 'Olga')
})

test('after a renaming nobody takes the old name of the channel, by which it is still found', async (t) => {
  const started = await startPlatform(t)
  await started.asOwner('PATCH', '/channels/main', { slug: 'stage', title: 'Stage' })
  for (const name of ['Main', 'Stage']) {
    const client = await started.chat('/live/stage/chat')
    client.send({ type: 'hello', chat: true, name })
    assert.equal((await client.next('error')).code, 'name-taken', name)
  }
})

test('the owner speaks with a badge when signed in on a page of ours, and only then', async (t) => {
  const started = await startPlatform(t)
  const cookie = await started.signIn()
  const owner = await join_(started, 'Ada', undefined, { cookie, origin: started.origin })
  owner.send({ type: 'rename', name: 'Maria' })
  await owner.next('renamed')
  say(owner, 'welcome')
  assert.deepEqual((await owner.next('messages')).messages[0]?.author, { id: owner.id, name: 'Maria', owner: true })

  const embedded = await started.chat('/live/main/chat', { cookie, origin: 'https://other.example' })
  embedded.send({ type: 'hello', chat: true, name: 'Mаria' })
  assert.equal((await embedded.next('welcome')).you?.owner, false)
  assert.equal((await embedded.next('error')).code, 'name-taken')
})

test('the owner has one name, whatever a browser remembers; a new one is that of each page, and stays', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const started = await startPlatform(t, { dataDir })
  await started.asOwner('POST', '/channels', { slug: 'other' })
  const headers = { cookie: await started.signIn(), origin: started.origin }
  const open = async (channel: string, name: string) => {
    const page = await started.chat(`/live/${channel}/chat`, headers)
    page.send({ type: 'hello', chat: true, name })
    return { page, name: (await page.next('welcome')).you?.name }
  }
  const first = await open('main', 'Somebody')
  const second = await open('other', 'Somebody else')
  assert.deepEqual([first.name, second.name], ['Owner', 'Owner'])

  first.page.send({ type: 'rename', name: 'Maria' })
  for (const { page } of [first, second]) assert.equal((await page.next('renamed')).name, 'Maria')
  say(second.page, 'hello')
  assert.equal((await second.page.next('messages')).messages[0]?.author.name, 'Maria')
  await started.stop()

  const again = await startPlatform(t, { dataDir })
  const page = await again.chat('/live/main/chat', { cookie: headers.cookie, origin: again.origin })
  page.send({ type: 'hello', chat: true, name: 'Somebody' })
  assert.equal((await page.next('welcome')).you?.name, 'Maria')
})

test('who writes too fast is told how long to wait', async (t) => {
  const now = Date.now()
  const started = await startPlatform(t, { now: () => now })
  const ada = await join_(started, 'Ada')
  for (let i = 0; i < 6; i++) say(ada, `m${i}`, `c${i}`)
  const error = await ada.next('error')
  assert.deepEqual([error.code, error.clientId], ['rate-limited', 'c5'])
  assert.ok((error.retryAfter ?? 0) > 0 && (error.retryAfter ?? 0) <= 1000)
})

test('one chatter, and one address with the names that pages come with, has names compared so often and no more', async (t) => {
  const now = Date.now()
  const started = await startPlatform(t, { now: () => now, chatLimits: { nameRate: { burst: 8, interval: 1000 } } })
  const ada = await join_(started, 'Ada')
  for (let i = 0; i < 6; i++) ada.send({ type: 'rename', name: `Ada ${i}` })
  for (let i = 0; i < 5; i++) assert.equal((await ada.next('renamed')).name, `Ada ${i}`)
  const error = await ada.next('error')
  assert.deepEqual([error.code, error.retryAfter], ['rate-limited', 2000])

  for (const name of ['Bob', 'Eve']) await join_(started, name)
  const late = await started.chat()
  late.send({ type: 'hello', chat: true, name: 'Late' })
  assert.equal((await late.next('welcome')).you?.name, null)
  assert.equal((await late.next('error')).code, 'rate-limited')
  const owner = await started.chat('/live/main/chat', { cookie: await started.signIn(), origin: started.origin })
  owner.send({ type: 'hello', chat: true })
  assert.equal((await owner.next('welcome')).you?.name, 'Owner')
})

test('slow mode holds chatters, not the owner', async (t) => {
  let ahead = 0
  const started = await startPlatform(t, { now: () => Date.now() + ahead })
  const ada = await join_(started, 'Ada')
  ahead += 60_000
  await started.asOwner('PATCH', '/channels/main', { chat: { slowMode: 60 } })
  say(ada, 'one')
  await ada.next('messages')
  say(ada, 'two')
  assert.ok(((await ada.next('error')).retryAfter ?? 0) > 50_000)
  const owner = await join_(started, 'Maria', undefined, { cookie: await started.signIn(), origin: started.origin })
  say(owner, 'one')
  say(owner, 'two')
  const said: string[] = []
  while (said.length < 2) said.push(...(await owner.next('messages')).messages.map(({ text }) => text))
  assert.deepEqual(said, ['one', 'two'])
})

test('in slow mode who is new waits once before the first message, from joining on, and who comes back does not', async (t) => {
  let ahead = 0
  const started = await startPlatform(t, { now: () => Date.now() + ahead })
  await started.asOwner('PATCH', '/channels/main', { chat: { slowMode: 60 } })
  const ada = await join_(started, 'Ada')
  say(ada, 'one')
  const { code, clientId, retryAfter = 0, text } = await ada.next('error')
  assert.deepEqual([code, clientId], ['rate-limited', 'c'])
  assert.ok(retryAfter > 50_000 && retryAfter <= 60_000, `${retryAfter} ms`)
  assert.match(text, /slow mode is on: you can write in \d\d s/)
  // Without the token it is somebody new who comes; with it, who has waited.
  const stranger = await join_(started, 'Ada')
  say(stranger, 'two')
  assert.equal((await stranger.next('error')).code, 'rate-limited')
  ahead += 60_000
  const back = await join_(started, 'Ada', ada.token)
  say(back, 'three')
  assert.deepEqual(
    (await back.next('messages')).messages.map((message) => message.text),
    ['three'],
  )
})

test('a clock that is set back holds nobody in slow mode for as long', async (t) => {
  let ahead = 0
  const started = await startPlatform(t, { now: () => Date.now() + ahead })
  await started.asOwner('PATCH', '/channels/main', { chat: { slowMode: 60 } })
  const ada = await join_(started, 'Ada')
  ahead = -3_600_000
  say(ada, 'one')
  await ada.next('messages')
})

test('a chat that is switched off is silent', async (t) => {
  const started = await startPlatform(t)
  const ada = await join_(started, 'Ada')
  await started.asOwner('PATCH', '/channels/main', { chat: { enabled: false } })
  assert.equal((await ada.next('settings')).settings.enabled, false)
  say(ada, 'one')
  assert.equal((await ada.next('error')).code, 'chat-off')
})

test('a hidden message goes from every page and from history', async (t) => {
  const started = await startPlatform(t)
  const ada = await join_(started, 'Ada')
  say(ada, 'bad')
  const id = (await ada.next('messages')).messages[0]?.id ?? ''
  const reply = await started.asOwner('POST', `/channels/main/chat/messages/${id}/hide`)
  assert.equal(reply.statusCode, 204)
  assert.deepEqual((await ada.next('hidden')).ids, [id])
  const bob = await started.chat()
  bob.send({ type: 'hello', chat: true })
  assert.deepEqual((await bob.next('welcome')).history, [])
  assert.equal((await started.asOwner('POST', '/channels/main/chat/messages/msg_none/hide')).statusCode, 404)
})

test('who is banned is out at once, with what they wrote, and stays out until the ban is lifted', async (t) => {
  const started = await startPlatform(t, {
    clientOf: ({ headers }) => ({
      address: String(headers['x-test-address'] ?? '192.0.2.1'),
      host: headers.host ?? '',
    }),
  })
  const bob = await join_(started, 'Bob', undefined, { 'x-test-address': '192.0.2.2' })
  const ada = await join_(started, 'Ada')
  say(ada, 'bad')
  const id = (await bob.next('messages')).messages[0]?.id ?? ''
  const ban = (await started.asOwner('POST', '/channels/main/chat/bans', { messageId: id })).json()
  assert.deepEqual([ban.name, ban.chatterId, ban.address], ['Ada', ada.id, true])
  await ada.next('banned')
  assert.equal(await ada.closed, 4003)
  assert.deepEqual((await bob.next('hidden')).ids, [id])

  // As somebody new from the same address, and as the same from another.
  const attempts: [string, string | undefined][] = [
    ['192.0.2.1', undefined],
    ['192.0.2.3', ada.token],
  ]
  for (const [address, token] of attempts) {
    const again = await started.chat('/live/main/chat', { 'x-test-address': address })
    again.send({ type: 'hello', chat: true, name: 'Eve', ...(token && { token }) })
    await again.next('banned')
    assert.equal(await again.closed, 4003)
  }
  const watching = await started.chat()
  watching.send({ type: 'hello', chat: false })
  await watching.next('channel')

  assert.equal((await started.asOwner('GET', '/channels/main/chat/bans')).json().bans.length, 1)
  assert.equal((await started.asOwner('DELETE', `/channels/main/chat/bans/${ban.id}`)).statusCode, 204)
  await join_(started, 'Ada', ada.token)
})

test('a ban never holds for the machine itself, from which all come by a proxy that is not trusted', async (t) => {
  let address = '::ffff:127.0.0.1'
  const started = await startPlatform(t, { clientOf: ({ headers }) => ({ address, host: headers.host ?? '' }) })
  const ada = await join_(started, 'Ada')
  const bob = await join_(started, 'Bob')
  say(ada, 'bad')
  const id = (await bob.next('messages')).messages[0]?.id ?? ''
  const ban = (await started.asOwner('POST', '/channels/main/chat/bans', { messageId: id, address: true })).json()
  assert.equal(ban.address, false)
  assert.equal(await ada.closed, 4003)
  say(bob, 'still here')
  await bob.next('messages')
  for (address of ['127.0.0.1', '::1']) await join_(started, 'Eve')
})

test('pages are told at once that the channel is live, renamed or gone', async (t) => {
  const started = await startPlatform(t)
  const id = started.platform.directory.findBySlug('main')?.id ?? ''
  const page = await started.chat()
  page.send({ type: 'hello', chat: false })
  assert.equal((await page.next('welcome')).you, null)
  assert.equal((await page.next('channel')).live, false)
  started.engine.running.set(id, { assetId: 'as_1', startedAt: 5000, viewers: 1, generation: 3 })
  started.platform.channelChanged(id)
  const event = await page.next('channel')
  serverMessage.parse(event)
  assert.deepEqual(
    [event.live, event.assetId, event.generation, event.startedAt],
    [true, 'as_1', 3, '1970-01-01T00:00:05.000Z'],
  )
  await started.asOwner('PATCH', '/channels/main', { slug: 'other', title: 'New' })
  const renamed = await page.next('channel')
  assert.deepEqual([renamed.slug, renamed.title], ['other', 'New'])
  await started.asOwner('DELETE', '/channels/other')
  assert.equal(await page.closed, 4004)
})

test('a channel that does not exist says so, an old name leads to the channel', async (t) => {
  const started = await startPlatform(t)
  assert.equal(await (await started.chat('/live/none/chat')).closed, 4004)
  await started.asOwner('PATCH', '/channels/main', { slug: 'other' })
  const page = await started.chat('/live/main/chat')
  page.send({ type: 'hello', chat: false })
  assert.equal((await page.next('channel')).slug, 'other')
})

test('frames that are not of the protocol are refused, large ones end the connection', async (t) => {
  const started = await startPlatform(t)
  const client = await started.chat()
  for (const frame of [
    '',
    '{',
    '[]',
    'null',
    '{"type":"say"}',
    '{"type":"hello","chat":true,"owner":true}',
    Buffer.of(1, 2),
  ]) {
    client.socket.send(frame)
    assert.equal((await client.next('error')).code, 'bad-request')
  }
  say(client, 'before hello')
  assert.equal((await client.next('error')).code, 'bad-request')
  client.send({ type: 'hello', chat: true, name: 'Olga' })
  await client.next('welcome')
  for (const length of [1500, 5000, 20_000]) {
    say(client, 'x'.repeat(length), `x${length}`)
    const { code, clientId } = await client.next('error')
    assert.deepEqual([code, clientId], ['bad-text', `x${length}`])
  }
  client.socket.send('x'.repeat(100_000))
  assert.equal(await client.closed, 1009)
})

test('a flood of frames ends the connection', async (t) => {
  const started = await startPlatform(t)
  const client = await join_(started, 'Ada')
  for (let i = 0; i < 60; i++) client.send({ type: 'ping' })
  assert.equal(await client.closed, 4008)
})

test('connections are limited for each address, and room is made again when they end', async (t) => {
  const started = await startPlatform(t, { chatLimits: { connectionsPerAddress: 3 } })
  const clients = [await started.chat(), await started.chat(), await started.chat()]
  await assert.rejects(started.chat(), /429/)
  clients[0]?.socket.close()
  await clients[0]?.closed
  await started.chat()
  assert.equal(started.platform.chat.stats().connections, 3)
})

test('a handshake that is none costs nothing for long', async (t) => {
  const started = await startPlatform(t, { chatLimits: { connectionsPerAddress: 1 } })
  for (let i = 0; i < 3; i++) {
    const socket = connect(Number(new URL(started.origin).port), '127.0.0.1')
    socket.end('GET /live/main/chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    await new Promise((resolve) => socket.resume().once('close', resolve))
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
  await started.chat()
})

test('a reader that does not read is dropped, and the others go on', async (t) => {
  const started = await startPlatform(t, {
    chatLimits: {
      unread: 10_000,
      gather: 1,
      sayRate: { burst: 1e6, interval: 1 },
      addressRate: { burst: 1e6, interval: 1 },
      frameRate: { burst: 1e6, interval: 1 },
    },
  })
  const stuck = await join_(started, 'Stuck')
  stuck.socket.pause()
  const ada = await join_(started, 'Ada')
  const text = '😀'.repeat(450)
  for (let i = 0; i < 20_000 && started.platform.chat.stats().dropped === 0; i++) {
    say(ada, text)
    if (i % 20 === 0) await ada.next('messages')
  }
  assert.equal(started.platform.chat.stats().dropped, 1)
  ada.unread.length = 0
  say(ada, 'still here')
  for (;;) if ((await ada.next('messages')).messages.some((message) => message.text === 'still here')) break
})
