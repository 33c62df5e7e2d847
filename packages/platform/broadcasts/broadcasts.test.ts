import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPlatform } from '../testing/start.ts'

test('replays are listed newest first, page by page', async (t) => {
  const { app, platform } = await startPlatform(t)
  const channelId = platform.directory.findBySlug('main')?.id ?? ''
  for (let i = 1; i <= 5; i++) {
    await platform.broadcasts.started({ assetId: `as_${i}`, channelId, startedAt: i * 1000 })
    await platform.broadcasts.ended({ assetId: `as_${i}`, endedAt: i * 1000 + 500, duration: 499, bytes: 7 })
  }
  const seen: string[] = []
  let before = ''
  for (;;) {
    const page = (await app.inject(`/api/v1/channels/main/assets?limit=2${before}`)).json()
    seen.push(...page.assets.map(({ id }: { id: string }) => id))
    if (page.next === null) break
    before = `&before=${page.next}`
  }
  assert.deepEqual(seen, ['as_5', 'as_4', 'as_3', 'as_2', 'as_1'])
  assert.deepEqual((await app.inject('/api/v1/assets/as_2')).json(), {
    id: 'as_2',
    channel: 'main',
    title: 'Main',
    live: false,
    startedAt: '1970-01-01T00:00:02.000Z',
    endedAt: '1970-01-01T00:00:02.500Z',
    duration: 499,
    bytes: 7,
  })
})

test("a broadcast has its channel's title of now until it ends, and keeps that one", async (t) => {
  const { app, asOwner, platform } = await startPlatform(t)
  const channelId = platform.directory.findBySlug('main')?.id ?? ''
  const { started, ended } = platform.broadcasts
  const titles = async (address: string) =>
    (await app.inject(`/api/v1${address}`)).json().assets.map(({ title }: { title: string }) => title)
  await started({ assetId: 'as_1', channelId, startedAt: 1000 })
  await ended({ assetId: 'as_1', endedAt: 1500, duration: 499, bytes: 7 })
  await started({ assetId: 'as_2', channelId, startedAt: 2000 })
  await asOwner('PATCH', '/channels/main', { title: 'Today' })
  assert.deepEqual(await titles('/channels/main/assets'), ['Today', 'Main'])
  const asset = (await app.inject('/api/v1/assets/as_2')).json()
  assert.deepEqual([asset.title, asset.live, asset.endedAt], ['Today', true, null])
  assert.equal((await platform.pages.asset('as_2'))?.title, 'Today')
  // Registered once more, as after a restart.
  await started({ assetId: 'as_2', channelId, startedAt: 2000 })
  await asOwner('PATCH', '/channels/main', { description: 'of another thing' })
  await ended({ assetId: 'as_2', endedAt: 2500, duration: 499, bytes: 7 })
  await asOwner('PATCH', '/channels/main', { title: 'Tomorrow' })
  assert.deepEqual(await titles('/channels/main/assets'), ['Today', 'Main'])
  const { replays } = (await app.inject('/api/v1/channels/main/replays')).json()
  assert.deepEqual(
    replays.map(({ title }: { title: string }) => title),
    ['Today', 'Main'],
  )
})

test("the title of another channel's broadcast is left alone", async (t) => {
  const { app, asOwner, platform } = await startPlatform(t)
  await asOwner('POST', '/channels', { slug: 'second', title: 'Second' })
  const channelId = platform.directory.findBySlug('second')?.id ?? ''
  await platform.broadcasts.started({ assetId: 'as_1', channelId, startedAt: 1000 })
  await asOwner('PATCH', '/channels/main', { title: 'Today' })
  assert.equal((await app.inject('/api/v1/assets/as_1')).json().title, 'Second')
})

test('a broadcast that begins while the title is being changed has the new one', async (t) => {
  const { app, asOwner, platform } = await startPlatform(t)
  const channelId = platform.directory.findBySlug('main')?.id ?? ''
  const ids = Array.from({ length: 20 }, (_, i) => `as_${i}`)
  const begun = ids.map(async (assetId) => {
    for (let i = 0; i < Number(assetId.slice(3)); i++) await new Promise((done) => setImmediate(done))
    await platform.broadcasts.started({ assetId, channelId, startedAt: 1000 })
  })
  await Promise.all([...begun, asOwner('PATCH', '/channels/main', { title: 'Today' })])
  for (const id of ids) assert.equal((await app.inject(`/api/v1/assets/${id}`)).json().title, 'Today', id)
})

test('a running broadcast cannot be deleted, an ended one can, once', async (t) => {
  const { asOwner, engine, platform } = await startPlatform(t)
  const channelId = platform.directory.findBySlug('main')?.id ?? ''
  await platform.broadcasts.started({ assetId: 'as_1', channelId, startedAt: 1000 })
  engine.running.set(channelId, { assetId: 'as_1', startedAt: 1000, viewers: 0, generation: 0 })
  assert.equal((await asOwner('DELETE', '/assets/as_1')).json().code, 'conflict')
  engine.running.clear()
  assert.equal((await asOwner('DELETE', '/assets/as_1')).statusCode, 204)
  assert.deepEqual(engine.calls, ['delete as_1'])
  assert.equal((await asOwner('DELETE', '/assets/as_1')).statusCode, 404)
})

test('viewers are listed what has ended and was recorded, newest first, and nothing that concerns the owner alone', async (t) => {
  const { app, asOwner, platform } = await startPlatform(t)
  const channelId = platform.directory.findBySlug('main')?.id ?? ''
  const { started, ended, removed } = platform.broadcasts
  for (let i = 1; i <= 6; i++) await started({ assetId: `as_${i}`, channelId, startedAt: i * 1000 })
  const empty = (await app.inject('/api/v1/channels/main/replays')).json()
  assert.deepEqual(empty, { replays: [], next: null })
  for (let i = 1; i <= 4; i++) await ended({ assetId: `as_${i}`, endedAt: i * 1000 + 500, duration: 61_499, bytes: 7 })
  // Recorded: nothing. Running: as_6. Gone since: as_1.
  await ended({ assetId: 'as_5', endedAt: 5500, duration: 0, bytes: 0 })
  await removed('as_1')
  const first = (await app.inject('/api/v1/channels/main/replays?limit=2')).json()
  const replay = { title: 'Main', duration: 61.499 }
  assert.deepEqual(first, {
    replays: [
      { assetId: 'as_4', ...replay, startedAt: '1970-01-01T00:00:04.000Z', url: '/watch/as_4' },
      { assetId: 'as_3', ...replay, startedAt: '1970-01-01T00:00:03.000Z', url: '/watch/as_3' },
    ],
    next: 'as_3',
  })
  const second = (await app.inject(`/api/v1/channels/main/replays?limit=2&before=${first.next}`)).json()
  assert.deepEqual([second.replays.map(({ assetId }: { assetId: string }) => assetId), second.next], [['as_2'], null])
  assert.equal((await app.inject('/api/v1/channels/none/replays')).statusCode, 404)
  // A renamed channel is found by its earlier name too.
  await asOwner('PATCH', '/channels/main', { slug: 'stage' })
  assert.equal((await app.inject('/api/v1/channels/main/replays')).json().replays.length, 3)
})

test('which broadcasts are not known is told', async (t) => {
  const { platform } = await startPlatform(t)
  const channelId = platform.directory.findBySlug('main')?.id ?? ''
  await platform.broadcasts.started({ assetId: 'as_1', channelId, startedAt: 1000 })
  assert.deepEqual(await platform.broadcasts.unknown(['as_0', 'as_1', 'as_2']), ['as_0', 'as_2'])
  assert.deepEqual(await platform.broadcasts.unknown([]), [])
})
