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

test('a replay keeps the title it had when it began', async (t) => {
  const { app, asOwner, platform } = await startPlatform(t)
  const channelId = platform.directory.findBySlug('main')?.id ?? ''
  await platform.broadcasts.started({ assetId: 'as_1', channelId, startedAt: 1000 })
  await asOwner('PATCH', '/channels/main', { title: 'Tomorrow' })
  const asset = (await app.inject('/api/v1/assets/as_1')).json()
  assert.deepEqual([asset.title, asset.live, asset.endedAt], ['Main', true, null])
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
