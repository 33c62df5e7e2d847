import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type FakePage, fakePage } from '../testing/fake-page.ts'
import { FakeEngine, FakeVideo } from '../testing/fake-player.ts'
import { createWatching, type Watching } from './watching.ts'

interface Page {
  readonly page: FakePage
  readonly video: FakeVideo
  readonly watching: Watching
  readonly engines: readonly FakeEngine[]
  readonly phases: string[]
  readonly changes: () => number
  open(channel: string, asset?: string): void
}

const facts = (slug: string, live: boolean) => ({
  ...{ slug, title: slug, live, viewers: 0, startedAt: null },
  ...{ assetId: live ? `as_${slug}` : null, generation: 1, offlineImage: null, offlineText: '', latency: 'low' },
})

/** A player's page; the answers of the server are `answer` of its page. */
function opened(t: TestContext): Page {
  const page = fakePage(t)
  const video = new FakeVideo()
  const engines: FakeEngine[] = []
  const phases: string[] = []
  let changes = 0
  const watching = createWatching({
    createEngine(_, events) {
      const engine = new FakeEngine(events)
      // As in a browser: a playlist that cannot be had is given up on, one that can be had plays.
      engine.onLoad = () => {
        if (!page.up) setTimeout(() => events.failed('refused'), 5)
      }
      engines.push(engine)
      return engine
    },
    onLoad: () => undefined,
    onChange: () => changes++,
    onPhase: (phase) => phases.push(phase),
  })
  t.after(() => watching.close())
  const open = (channel: string, asset = '') =>
    watching.open({ place: { server: 'http://server', channel }, asset }, video.element)
  return { page, video, watching, engines, phases, changes: () => changes, open }
}

/** Lets the picture move. @param ms */
async function play({ page, video }: Page, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 250) {
    video.currentTime += 0.25
    await page.pass(250)
  }
}

for (const seconds of [2, 11, 20, 50]) {
  test(`a server that was away for ${seconds} s is loaded from within two seconds of its return`, async (t) => {
    const here = opened(t)
    const { page, engines } = here
    page.answer = (url) =>
      url.includes('replays') ? new Response('', { status: 404 }) : Response.json(facts('a', true))
    here.open(`away-${seconds}`)
    await play(here, 3000)
    const [engine] = engines
    assert.ok(engine)
    page.up = false
    page.sockets[0]?.end()
    engine.events.failed('refused')
    await page.pass(seconds * 1000)
    page.up = true
    const back = page.now
    await page.pass(2000)
    const first = engine.loads.find(({ when }) => when >= back)
    assert.ok(first, `${engine.loads.length} loads, none after the return`)
    await play(here, 500)
    assert.equal(here.watching.phase, 'live')
  })
}

test('after a long trouble the player goes on when the page hears of the server, not some seconds later', async (t) => {
  t.mock.method(Math, 'random', () => 0.999)
  const here = opened(t)
  const { page, engines } = here
  page.answer = (url) => (url.includes('replays') ? new Response('', { status: 404 }) : Response.json(facts('a', true)))
  here.open('away-long')
  await play(here, 3000)
  const [engine] = engines
  assert.ok(engine)
  page.up = false
  page.sockets[0]?.end()
  engine.events.failed('refused')
  await page.pass(200_000)
  const { length } = engine.loads
  // Just after an attempt, so that the next one would be 8 s away.
  while (engine.loads.length === length) await page.pass(50)
  page.up = true
  const { length: heard } = page.requests
  while (page.requests.length === heard && page.sockets.at(-1)?.readyState !== 1) await page.pass(50)
  await page.pass(50)
  assert.equal(engine.loads.length, length + 2)
})

test('a channel that is not there is shown as such', async (t) => {
  const { page, watching, changes, open } = opened(t)
  page.answer = () => new Response('', { status: 404 })
  open('gone')
  assert.equal(watching.missing, false)
  const before = changes()
  await page.pass(100)
  assert.equal(watching.missing, true)
  assert.ok(changes() > before)
})

test('a channel that is deleted while it plays is not loaded again and again; one of that name that is made later is', async (t) => {
  const here = opened(t)
  const { page, engines, watching, open } = here
  page.answer = () => Response.json(facts('deleted', true))
  open('deleted')
  await play(here, 1000)
  const [engine] = engines
  assert.ok(engine)
  page.answer = () => new Response('', { status: 404 })
  engine.events.failed('levelLoadError')
  await page.pass(60_000)
  assert.deepEqual([watching.missing, watching.phase, engine.loads.length], [true, 'offline', 1])
  page.answer = () => Response.json(facts('deleted', true))
  while (watching.missing) await page.pass(50)
  await play(here, 1000)
  assert.deepEqual([watching.phase, engine.loads.length], ['live', 2])
})

test('a recording that is not there is shown as such', async (t) => {
  const { page, watching, open } = opened(t)
  page.answer = () => new Response('', { status: 404 })
  open('', 'as_gone')
  await page.pass(100)
  assert.equal(watching.missing, true)
})

test('a recording that is deleted while it plays is not loaded again and again, nor one that was never there', async (t) => {
  const here = opened(t)
  const { page, engines, watching, open } = here
  page.answer = () => Response.json({})
  open('', 'as_deleted')
  await play(here, 1000)
  const [engine] = engines
  assert.ok(engine)
  assert.deepEqual([watching.missing, watching.phase], [false, 'replay'])
  page.answer = () => new Response('', { status: 404 })
  engine.events.failed('levelLoadError')
  await page.pass(60_000)
  assert.deepEqual([watching.missing, watching.phase, engine.loads.length], [true, 'offline', 1])
  watching.close()
  open('', 'as_never')
  await page.pass(60_000)
  assert.deepEqual([watching.missing, watching.phase, engines.at(-1)?.loads.length], [true, 'offline', 1])
})

test('a recording of which a server that is away says nothing goes on when that is back', async (t) => {
  const here = opened(t)
  const { page, engines, watching, open } = here
  page.answer = () => Response.json({})
  open('', 'as_there')
  await play(here, 1000)
  page.up = false
  engines[0]?.events.failed('refused')
  await page.pass(20_000)
  assert.deepEqual([watching.missing, watching.phase], [false, 'stalled'])
  page.up = true
  await page.pass(2000)
  await play(here, 500)
  assert.equal(watching.phase, 'replay')
})

test('who had gone back in a broadcast that is not recorded is told of its end', async (t) => {
  const here = opened(t)
  const { page, engines, watching } = here
  page.answer = () => Response.json(facts('unrecorded', true))
  here.open('unrecorded')
  await play(here, 1000)
  watching.session?.seekDate(Date.now() - 60_000)
  await play(here, 1000)
  const [engine] = engines
  assert.ok(engine)
  assert.deepEqual([watching.phase, engine.loads.length], ['behind', 2])
  page.answer = (url) =>
    url.includes('/assets/')
      ? new Response('', { status: 404 })
      : Response.json(url.includes('replays') ? { replays: [], next: null } : facts('unrecorded', false))
  engine.events.failed('levelLoadError')
  await page.pass(30_000)
  assert.deepEqual([watching.phase, engine.loads.length], ['offline', 2])
})

test('a player that is closed, or opened for a channel that is dark, says offline', async (t) => {
  const here = opened(t)
  const { page, phases, watching } = here
  page.answer = (url) =>
    Response.json(
      url.includes('replays')
        ? { replays: [], next: null }
        : url.includes('lit')
          ? facts('lit', true)
          : facts('dark', false),
    )
  here.open('lit')
  await play(here, 1000)
  assert.deepEqual(phases, ['starting', 'live'])
  watching.close()
  here.open('dark')
  await page.pass(1000)
  assert.equal(watching.phase, 'offline')
  assert.deepEqual(phases, ['starting', 'live', 'offline'])
})

test('the newest past broadcast is looked for while there is no picture, and only then', async (t) => {
  const here = opened(t)
  const { page, watching } = here
  const replay = { assetId: 'as_old', title: 'Old', url: '/watch/as_old', startedAt: '', duration: 1 }
  page.answer = (url) =>
    Response.json(url.includes('replays') ? { replays: [replay], next: null } : facts('dark', url.includes('live-one')))
  here.open('live-one')
  await play(here, 1000)
  const { last } = watching
  assert.equal(last, undefined)
  assert.ok(!page.requests.some(({ url }) => url.includes('replays')))
  watching.close()
  here.open('dark-one')
  await page.pass(500)
  assert.deepEqual(watching.last, replay)
  assert.equal(watching.dark, true)
})
