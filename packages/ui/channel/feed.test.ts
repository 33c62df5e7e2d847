import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CLOSE_BANNED, CLOSE_NO_CHANNEL } from '@bandstand/contract/chat/close.ts'
import { type FakePage, fakePage } from '../testing/fake-page.ts'
import { type ChatListener, type Feed, feedOf } from './feed.ts'

const facts = { slug: 'main', title: 'Main', live: true, assetId: 'as_1', generation: 1, viewers: 1, startedAt: null }

interface Watched {
  readonly page: FakePage
  readonly feed: Feed
  readonly titles: string[]
  readonly news: string[]
}

/** A feed that one listener watches, its first facts asked for. */
function watched(t: TestContext, prepare: (page: FakePage) => void = () => undefined): Watched {
  const page = fakePage(t)
  page.answer = () => Response.json(facts)
  prepare(page)
  const feed = feedOf({ server: 'http://server', channel: t.name })
  const titles: string[] = []
  const news: string[] = []
  t.after(
    feed.watch(
      ({ title }) => titles.push(title),
      (what) => news.push(what),
    ),
  )
  return { page, feed, titles, news }
}

test('facts come by a request, then over the socket', async (t) => {
  const { page, titles } = watched(t)
  await page.pass(2000)
  assert.deepEqual(titles, ['Main'])
  page.sockets[0]?.receive({ type: 'channel', ...facts, title: 'Renamed' })
  assert.deepEqual(titles, ['Main', 'Renamed'])
})

test('an answer that was under way while the socket brought something newer is not believed', async (t) => {
  const { page, feed, titles } = watched(t)
  await page.pass(2000)
  page.answer = () => {
    // The server has answered, and then something changed.
    page.answer = () => Response.json({ ...facts, title: 'Renamed', generation: 2 })
    queueMicrotask(() => page.sockets[0]?.receive({ type: 'channel', ...facts, title: 'Renamed', generation: 2 }))
    return Response.json(facts)
  }
  void feed.ask()
  await page.pass(2000)
  assert.deepEqual(titles, ['Main', 'Renamed', 'Renamed'])
})

test('who asks is told when the answer is there, or that there is none, and asks once with others', async (t) => {
  const { page, feed } = watched(t)
  await page.pass(2000)
  const asked = () => page.requests.length
  for (const up of [true, false]) {
    page.up = up
    page.answer = () => Response.json({ ...facts, live: false })
    const before = asked()
    await Promise.all([feed.ask(), feed.ask()])
    assert.deepEqual([asked(), feed.channel?.live], [before + 1, false])
  }
})

test('whether a channel is live is asked where it was when last heard of; that it is not is believed', async (t) => {
  const { page, feed } = watched(t)
  await page.pass(2000)
  const asked = () => page.requests.length
  const before = asked()
  assert.deepEqual([await feed.isLive(), asked()], [true, before + 1])
  page.up = false
  assert.deepEqual([await feed.isLive(), asked()], [true, before + 2])
  page.up = true
  page.answer = () => new Response('', { status: 429 })
  assert.deepEqual([await feed.isLive(), asked()], [true, before + 3])
  page.answer = () => new Response('', { status: 404 })
  assert.deepEqual([await feed.isLive(), asked()], [false, before + 4])
  page.answer = () => Response.json(facts)
  await feed.ask()
  page.sockets[0]?.receive({ type: 'channel', ...facts, live: false })
  const known = asked()
  assert.deepEqual([await feed.isLive(), asked()], [false, known])
})

test('what the socket has brought is no answer that the server could say is unchanged', async (t) => {
  const { page, feed, titles } = watched(t)
  const answer = (_: string, headers: Readonly<Record<string, string>>) =>
    headers['if-none-match'] === '"1"'
      ? new Response(null, { status: 304 })
      : Response.json(facts, { headers: { etag: '"1"' } })
  const push = () => page.sockets[0]?.receive({ type: 'channel', ...facts, title: 'Between' })
  page.answer = answer
  void feed.ask()
  await page.pass(2000)
  // That it is again as it was is lost with the socket.
  push()
  void feed.ask()
  await page.pass(2000)
  assert.deepEqual(titles.slice(-2), ['Between', 'Main'])
  page.answer = (...asked) => {
    page.answer = answer
    queueMicrotask(push)
    return answer(...asked)
  }
  push()
  void feed.ask()
  await page.pass(2000)
  void feed.ask()
  await page.pass(2000)
  assert.deepEqual(titles.slice(-2), ['Between', 'Main'])
})

test('a request without an answer is given up, and another is made', async (t) => {
  const { page, titles } = watched(t, (fake) => {
    fake.answer = () => 'hang'
  })
  await page.pass(5000)
  page.answer = () => Response.json(facts)
  await page.pass(20_000)
  assert.deepEqual(titles.slice(0, 1), ['Main'])
})

test('a socket on which nothing comes any more is replaced', async (t) => {
  const { page } = watched(t)
  await page.pass(2000)
  const [first] = page.sockets
  assert.ok(first)
  await page.pass(200_000)
  assert.equal(page.sockets.length, 1)
  first.alive = false
  await page.pass(80_000)
  assert.equal(first.readyState, 2)
  assert.equal(page.sockets.length, 2)
  assert.equal(page.sockets[1]?.readyState, 1)
})

test('a server that answers again after it was away is told of once', async (t) => {
  const { page, news } = watched(t)
  await page.pass(60_000)
  assert.deepEqual(news, [])
  page.up = false
  page.sockets[0]?.end()
  await page.pass(30_000)
  assert.deepEqual(news, [])
  page.up = true
  await page.pass(1600)
  assert.deepEqual(news, ['back'])
  await page.pass(60_000)
  assert.deepEqual(news, ['back'])
})

test('where sockets never open, answers are no news', async (t) => {
  const { page, news } = watched(t, (fake) => {
    fake.takesSockets = false
  })
  await page.pass(60_000)
  assert.ok(page.sockets.length > 5)
  assert.ok(page.requests.length > 5)
  assert.deepEqual(news, [])
})

test('errors of a proxy whose server is away are no answer', async (t) => {
  const { page, news } = watched(t)
  await page.pass(2000)
  page.answer = () => new Response('', { status: 502 })
  page.takesSockets = false
  page.sockets[0]?.end()
  await page.pass(20_000)
  assert.deepEqual(news, [])
  page.answer = () => Response.json(facts)
  await page.pass(7000)
  assert.deepEqual(news, ['back'])
})

test('a socket is looked for every second in the first minute, then less often', async (t) => {
  const { page } = watched(t)
  await page.pass(2000)
  page.up = false
  page.sockets[0]?.end()
  await page.pass(60_000)
  const young = page.sockets.length
  assert.ok(young > 35, `${young} attempts in the first minute`)
  await page.pass(60_000)
  assert.ok(page.sockets.length - young < 20)
})

/** A chat that remembers the kinds of messages it was told of. */
function chat() {
  const heard: string[] = []
  const listener: ChatListener = {
    hello: () => ({ type: 'hello', chat: true }),
    message: ({ type }) => heard.push(type),
    closed: () => heard.push('closed'),
  }
  return { heard, listener }
}

test('a chat that joins after another has left is welcomed', async (t) => {
  const { page, feed } = watched(t)
  const first = chat()
  const leave = feed.join(first.listener)
  await page.pass(2000)
  assert.deepEqual(first.heard, ['welcome'])
  leave()
  const second = chat()
  t.after(feed.join(second.listener))
  await page.pass(2000)
  assert.deepEqual([first.heard, second.heard], [['welcome'], ['welcome']])
})

test('two chats of one channel both hear, also when one of them leaves', async (t) => {
  const { page, feed } = watched(t)
  const [first, second] = [chat(), chat()]
  const leave = feed.join(first.listener)
  await page.pass(2000)
  t.after(feed.join(second.listener))
  await page.pass(2000)
  assert.deepEqual(second.heard, ['welcome'])
  const say = () => page.sockets.at(-1)?.receive({ type: 'messages', messages: [] })
  say()
  leave()
  say()
  assert.deepEqual(first.heard, ['welcome', 'welcome', 'messages'])
  assert.deepEqual(second.heard, ['welcome', 'messages', 'messages'])
})

test('chats that join together cost one connection', async (t) => {
  const { page, feed } = watched(t)
  const chats = [chat(), chat()]
  for (const { listener } of chats) t.after(feed.join(listener))
  await page.pass(3000)
  assert.deepEqual(
    chats.map(({ heard }) => heard),
    [['welcome'], ['welcome']],
  )
  assert.equal(page.sockets.length, 1)
})

test('a channel that is not there is told of, asked about slowly, and followed when it is made', async (t) => {
  const { page, feed, titles, news } = watched(t, (fake) => {
    fake.answer = () => new Response('', { status: 404 })
  })
  await page.pass(500)
  assert.deepEqual([feed.missing, news], [true, ['missing']])
  await page.pass(1000)
  page.sockets[0]?.end(CLOSE_NO_CHANNEL)
  await page.pass(60_000)
  assert.equal(page.sockets.length, 1)
  assert.ok(page.requests.length <= 4, `${page.requests.length} requests in a minute`)
  assert.deepEqual(news, ['missing'])
  page.answer = () => Response.json(facts)
  await page.pass(40_000)
  assert.deepEqual([feed.missing, titles[0]], [false, 'Main'])
  assert.equal(page.sockets.length, 2)
})

/** A feed with a chat that is welcomed, then banned. */
async function banned(t: TestContext) {
  const { page, feed, news } = watched(t)
  const { heard, listener } = chat()
  t.after(feed.join(listener))
  await page.pass(2000)
  page.bans = true
  page.sockets.at(-1)?.end(CLOSE_BANNED)
  return { page, feed, heard, news }
}

test('a banned page asks again, seldom and more and more seldom, and its channel is followed all the while', async (t) => {
  const { page, heard, news } = await banned(t)
  const asked = async (ms: number) => {
    const before = page.sockets.length
    await page.pass(ms)
    return page.sockets.length - before
  }
  assert.equal(await asked(29_000), 0)
  assert.equal(await asked(10_000), 1)
  const requests = page.requests.length
  const inAnHour = await asked(3_600_000)
  assert.ok(inAnHour >= 9 && inAnHour <= 15, `${inAnHour} in an hour`)
  const polls = page.requests.length - requests
  assert.ok(polls > 90 && polls < 170, `${polls} polls in an hour`)
  assert.deepEqual(news, [])
  page.bans = false
  heard.length = 0
  await page.pass(400_000)
  assert.equal(heard[0], 'welcome')
})

test('a banned page that is looked at again, or has a network again, asks at once, but not within half a minute', async (t) => {
  const { page, heard } = await banned(t)
  for (let i = 0; i < 28; i++) {
    page.fire('visibilitychange')
    page.fire('online')
    await page.pass(1000)
  }
  assert.equal(page.sockets.length, 1)
  await page.pass(300_000)
  const asked = page.sockets.length
  await page.pass(35_000)
  assert.equal(page.sockets.length, asked)
  page.bans = false
  page.fire('visibilitychange')
  await page.pass(100)
  assert.equal(page.sockets.length, asked + 1)
  assert.equal(heard.at(-1), 'welcome')
})

test('elements that come and go on a banned page do not ask within half a minute either', async (t) => {
  const page = fakePage(t)
  page.answer = () => Response.json(facts)
  page.bans = true
  const feed = feedOf({ server: 'http://server', channel: t.name })
  let leave = feed.join(chat().listener)
  await page.pass(1000)
  assert.equal(page.sockets.length, 1)
  for (let i = 0; i < 13; i++) {
    t.after(feed.join(chat().listener))
    leave()
    leave = feed.join(chat().listener)
    await page.pass(1000)
  }
  leave()
  assert.equal(page.sockets.length, 1)
})

test('a banned page that nobody shows the channel on any more does not ask at once when somebody does', async (t) => {
  const page = fakePage(t)
  page.answer = () => Response.json(facts)
  page.bans = true
  const feed = feedOf({ server: 'http://server', channel: t.name })
  const leave = feed.join(chat().listener)
  await page.pass(1000)
  leave()
  await page.pass(1000)
  t.after(feed.watch(() => undefined))
  await page.pass(26_000)
  assert.equal(page.sockets.length, 1)
  await page.pass(4000)
  assert.equal(page.sockets.length, 2)
})
