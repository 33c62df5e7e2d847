import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type FakePage, fakePage } from '../testing/fake-page.ts'
import { askReplays, watchReplays } from './replays.ts'

const replay = (assetId: string) => ({ assetId, title: assetId, url: `/watch/${assetId}`, startedAt: '', duration: 1 })

/** A channel whose broadcast is `live`, and what was broadcast before. */
function channelWith(t: TestContext, past: string[], live: () => string | null): FakePage {
  const page = fakePage(t)
  page.answer = (url) =>
    Response.json(
      url.includes('/replays')
        ? { replays: past.map(replay), next: null }
        : { slug: 'main', title: 'Main', live: live() !== null, assetId: live(), generation: 1, viewers: 0 },
    )
  return page
}

const lists = (page: FakePage) => page.requests.filter(({ url }) => url.includes('/replays')).length

test('past broadcasts are read once, and again until the one that has ended is among them', async (t) => {
  const past = ['as_1']
  let live: string | null = 'as_2'
  const page = channelWith(t, past, () => live)
  const seen: string[][] = []
  const stop = watchReplays({ server: 'http://server', channel: 'ends' }, ({ replays }) =>
    seen.push(replays.map(({ assetId }) => assetId)),
  )
  t.after(stop)
  await page.pass(20_000)
  assert.deepEqual(seen, [['as_1']])
  live = null
  page.sockets[0]?.receive({ type: 'channel', slug: 'ends', title: 'Main', live: false, assetId: null, generation: 1 })
  await page.pass(1000)
  past.unshift('as_2')
  await page.pass(30_000)
  assert.deepEqual(seen.at(-1), ['as_2', 'as_1'])
  assert.equal(lists(page), 3)
})

test('a list that never comes is asked for again', async (t) => {
  const page = channelWith(t, ['as_1'], () => null)
  const { answer } = page
  page.answer = (url, headers) => (url.includes('/replays') ? 'hang' : answer(url, headers))
  let seen = 0
  t.after(watchReplays({ server: 'http://server', channel: 'hangs' }, () => seen++, 'as_1'))
  await page.pass(5_000)
  page.answer = answer
  await page.pass(10_000)
  assert.equal(seen, 1)
})

test('a broadcast that is not recorded is not looked for without end', async (t) => {
  const page = channelWith(t, [], () => null)
  t.after(watchReplays({ server: 'http://server', channel: 'unrecorded' }, () => undefined, 'as_never'))
  await page.pass(300_000)
  assert.equal(lists(page), 5)
})

test('who has stopped watching is told nothing', async (t) => {
  const page = channelWith(t, ['as_1'], () => null)
  let told = 0
  watchReplays({ server: 'http://server', channel: 'left' }, () => told++)()
  await page.pass(1000)
  assert.equal(told, 0)
})

test('where the server cannot be asked there is no list', async (t) => {
  const page = fakePage(t)
  const place = { server: 'http://server', channel: 'main' }
  assert.equal(await askReplays(place), undefined)
  page.up = false
  assert.equal(await askReplays(place, 'as_1'), undefined)
  assert.match(page.requests.at(-1)?.url ?? '', /before=as_1/)
})
