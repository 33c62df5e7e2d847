import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { admitted, startPlatform } from '../testing/start.ts'

const png = (width: number, height: number) => {
  const bytes = Buffer.alloc(100)
  bytes.write('89504e470d0a1a0a0000000d49484452', 'hex')
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes
}
const PNG = png(1280, 720)

test('a channel is public, its key is not', async (t) => {
  const { app, asOwner } = await startPlatform(t)
  const reply = await app.inject('/api/v1/channels/main')
  assert.equal(reply.statusCode, 200)
  assert.deepEqual(reply.json(), {
    slug: 'main',
    title: 'Main',
    description: '',
    live: false,
    viewers: 0,
    startedAt: null,
    assetId: null,
    generation: 0,
    offlineImage: null,
    offlineText: '',
    latency: 'low',
    chat: { enabled: true, slowMode: 0 },
  })
  assert.equal(reply.headers['access-control-allow-origin'], '*')
  for (const path of [
    '/channels/main/key',
    '/channels/main/health',
    '/instance',
    '/assets',
    '/channels/main/chat/bans',
  ]) {
    const refused = await app.inject(`/api/v1${path}`)
    assert.equal(refused.statusCode, 401, path)
    assert.equal(refused.json().code, 'not-signed-in')
    assert.equal((await asOwner('GET', path)).statusCode, 200, path)
  }
})

test('the owner chooses what smaller pictures a channel has, and it is kept', async (t) => {
  const { app, asOwner, platform } = await startPlatform(t)
  assert.equal((await app.inject('/api/v1/channels/main/ladder')).statusCode, 401)
  assert.equal((await app.inject('/api/v1/ladder/encoders')).statusCode, 401)
  const before = (await asOwner('GET', '/channels/main/ladder')).json()
  assert.equal(before.mode, 'on-demand')
  const wanted = { ...before, mode: 'always', rungs: [...before.rungs].reverse() }
  const reply = await asOwner('PUT', '/channels/main/ladder', wanted)
  assert.equal(reply.statusCode, 200)
  assert.deepEqual(reply.json(), { ...before, mode: 'always' })
  assert.deepEqual(platform.directory.ladder(platform.directory.findBySlug('main')?.id ?? ''), reply.json())
  assert.equal((await asOwner('GET', '/ladder/encoders')).json().encoders[0].name, 'x264')
})

test('a ladder that cannot be is refused', async (t) => {
  const { asOwner } = await startPlatform(t)
  const before = (await asOwner('GET', '/channels/main/ladder')).json()
  for (const change of [
    { mode: 'sometimes' },
    { encoder: 'libx264; rm -rf /' },
    { rungs: [] },
    { rungs: [before.rungs[0], before.rungs[0]] },
    { rungs: [{ ...before.rungs[0], height: 100_000 }] },
  ]) {
    const refused = await asOwner('PUT', '/channels/main/ladder', { ...before, ...change })
    assert.equal(refused.statusCode, 400, JSON.stringify(change))
  }
})

test('a channel that did not change is not sent again', async (t) => {
  const { app, engine, platform } = await startPlatform(t)
  const first = await app.inject('/api/v1/channels/main')
  const headers = { 'if-none-match': String(first.headers.etag) }
  assert.equal((await app.inject({ url: '/api/v1/channels/main', headers })).statusCode, 304)
  const id = platform.directory.findBySlug('main')?.id ?? ''
  engine.running.set(id, { assetId: 'as_1', startedAt: 1_700_000_000_000, viewers: 3, generation: 2 })
  const live = await app.inject({ url: '/api/v1/channels/main', headers })
  assert.equal(live.statusCode, 200)
  const { live: isLive, viewers, startedAt, assetId, generation } = live.json()
  assert.deepEqual([isLive, viewers, startedAt, assetId, generation], [true, 3, '2023-11-14T22:13:20.000Z', 'as_1', 2])
})

test('channels are listed as they were made, also when one was changed or has a new key', async (t) => {
  const { app, asOwner } = await startPlatform(t)
  await asOwner('POST', '/channels', { slug: 'garden' })
  const listed = async () =>
    (await app.inject('/api/v1/channels')).json<{ channels: { slug: string }[] }>().channels.map(({ slug }) => slug)
  assert.deepEqual(await listed(), ['main', 'garden'])
  await asOwner('PATCH', '/channels/main', { title: 'Morning' })
  assert.deepEqual(await listed(), ['main', 'garden'])
  await asOwner('POST', '/channels/main/key/rotate')
  assert.deepEqual(await listed(), ['main', 'garden'])
})

test('a channel is made, renamed and found under both names, and deleted with everything', async (t) => {
  const { app, asOwner, engine, platform } = await startPlatform(t)
  const made = await asOwner('POST', '/channels', { slug: 'second', title: ' Second ' })
  assert.equal(made.statusCode, 201)
  assert.equal(made.json().title, 'Second')
  const { key } = (await asOwner('GET', '/channels/second/key')).json()
  const id = (await admitted(platform.directory, key))?.id ?? ''

  const renamed = await asOwner('PATCH', '/channels/second', { slug: 'two', description: 'x' })
  assert.equal(renamed.json().slug, 'two')
  assert.deepEqual(engine.calls, [`renamed ${id} two`])
  assert.equal((await app.inject('/api/v1/channels/second')).json().slug, 'two')
  assert.equal((await admitted(platform.directory, key))?.slug, 'two')

  await platform.broadcasts.started({ assetId: 'as_9', channelId: id, startedAt: 1 })
  assert.equal((await asOwner('DELETE', '/channels/two')).statusCode, 204)
  assert.deepEqual(engine.calls.slice(1), [`stop ${id}`, 'delete as_9'])
  assert.equal(await admitted(platform.directory, key), undefined)
  for (const path of ['/channels/two', '/channels/second', '/assets/as_9']) {
    assert.equal((await app.inject(`/api/v1${path}`)).statusCode, 404, path)
  }
})

test('a title of which nothing can be seen is refused as an empty one is', async (t) => {
  const { asOwner } = await startPlatform(t)
  const unseen = [
    '',
    '  ',
    '\u202e',
    '\u200b',
    '\0',
    '\u200d\ufe0f',
    '\u3164',
    '\u2800',
    '\u{e0041}',
    '\u0301',
    ' \u200b\0 \u202e',
  ]
  for (const title of unseen) {
    for (const answer of [
      await asOwner('PATCH', '/channels/main', { title }),
      await asOwner('POST', '/channels', { slug: 'second', title }),
    ]) {
      assert.equal(answer.statusCode, 400, JSON.stringify(title))
      assert.equal(answer.json().detail, '/title: a title needs a character that can be seen')
    }
  }
  for (const title of ['a', '1', '!', '\u202eשלום', '🎥', '❤️', 'नमस्ते', '👩‍🚀']) {
    assert.equal((await asOwner('PATCH', '/channels/main', { title })).json().title, title)
  }
})

test('the delay of a channel is chosen, told to everybody and kept over a restart', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const first = await startPlatform(t, { dataDir })
  assert.equal((await first.asOwner('PATCH', '/channels/main', { latency: 'real-time' })).json().latency, 'real-time')
  const wrong = await first.asOwner('PATCH', '/channels/main', { latency: 'none' })
  assert.deepEqual([wrong.statusCode, wrong.json().code], [400, 'bad-request'])
  await first.stop()
  const second = await startPlatform(t, { dataDir })
  assert.equal((await second.app.inject('/api/v1/channels/main')).json().latency, 'real-time')
})

test('names that are taken, kept or impossible are refused with their reason', async (t) => {
  const { asOwner } = await startPlatform(t)
  const cases = { main: 'slug-taken', studio: 'slug-reserved', 'A b': 'bad-request', '': 'bad-request' }
  for (const [slug, code] of Object.entries(cases)) {
    assert.equal((await asOwner('POST', '/channels', { slug })).json().code, code, slug)
  }
  const unknown = await asOwner('POST', '/channels', { slug: 'x', colour: 'red' })
  assert.equal(unknown.statusCode, 400)
  assert.match(unknown.json().detail, /colour/)
})

test('of many who make the same channel at once, one succeeds', async (t) => {
  const { asOwner, platform } = await startPlatform(t)
  await asOwner('GET', '/instance')
  const replies = await Promise.all(Array.from({ length: 10 }, () => asOwner('POST', '/channels', { slug: 'race' })))
  assert.deepEqual(
    replies.map((reply) => reply.statusCode).sort((a, b) => a - b),
    [201, ...Array(9).fill(409)],
  )
  assert.equal(platform.directory.list().length, 2)
})

test('a rotated key works at once and the old one no more', async (t) => {
  const { asOwner, engine, platform } = await startPlatform(t)
  const before = (await asOwner('GET', '/channels/main/key')).json().key
  const { key } = (await asOwner('POST', '/channels/main/key/rotate')).json()
  assert.notEqual(key, before)
  assert.equal((await asOwner('GET', '/channels/main/key')).json().key, key)
  assert.equal(await admitted(platform.directory, before), undefined)
  const id = (await admitted(platform.directory, key))?.id
  assert.deepEqual(engine.calls, [`keys changed ${id}`])
})

test('of many rotations at once the last one to be told is the key', async (t) => {
  const { asOwner, platform } = await startPlatform(t)
  await asOwner('GET', '/instance')
  const replies = await Promise.all(Array.from({ length: 8 }, () => asOwner('POST', '/channels/main/key/rotate')))
  const current = (await asOwner('GET', '/channels/main/key')).json().key
  const keys: string[] = replies.map((reply) => reply.json().key)
  assert.ok(keys.includes(current))
  for (const key of keys) assert.equal((await admitted(platform.directory, key)) !== undefined, key === current)
})

test('a channel that is being deleted takes no encoder', async (t) => {
  const { asOwner, engine, platform } = await startPlatform(t)
  const { key } = (await asOwner('GET', '/channels/main/key')).json()
  const id = platform.directory.findBySlug('main')?.id ?? ''
  assert.equal(platform.directory.gone(id), undefined)
  const seen: unknown[] = []
  engine.stopChannel = async () => {
    seen.push(await admitted(platform.directory, key), platform.directory.gone(id)?.code)
  }
  await asOwner('DELETE', '/channels/main')
  assert.deepEqual(seen, [undefined, 'stopped'])
  assert.equal(platform.directory.gone(id)?.code, 'stopped')
})

test('a channel whose stream cannot be stopped stays', async (t) => {
  const { asOwner, engine, platform, logged } = await startPlatform(t)
  const { key } = (await asOwner('GET', '/channels/main/key')).json()
  engine.stopChannel = () => Promise.reject(new DOMException('the engine hangs'))
  const reply = await asOwner('DELETE', '/channels/main')
  assert.equal(reply.statusCode, 500)
  assert.equal(reply.body.includes('hangs'), false)
  assert.ok(logged.some((line) => line.includes('the engine hangs')))
  assert.equal((await admitted(platform.directory, key))?.slug, 'main')
})

test('an offline image is set, served for good and taken away', async (t) => {
  const { app, asOwner, signIn } = await startPlatform(t)
  const headers = { cookie: await signIn(), 'content-type': 'image/png' }
  const url = '/api/v1/channels/main/offline-image'
  const set = await app.inject({ method: 'PUT', url, headers, payload: PNG })
  assert.equal(set.statusCode, 200)
  const { offlineImage } = set.json()
  assert.equal((await app.inject('/api/v1/channels/main')).json().offlineImage, offlineImage)
  const image = await app.inject(offlineImage)
  assert.equal(image.headers['content-type'], 'image/png')
  assert.match(String(image.headers['cache-control']), /immutable/)
  assert.equal(image.headers['x-content-type-options'], 'nosniff')
  assert.deepEqual(image.rawPayload, PNG)

  assert.equal((await asOwner('DELETE', '/channels/main/offline-image')).statusCode, 204)
  assert.equal((await app.inject(offlineImage)).statusCode, 404)
})

test('what is no image, or too large, is refused whatever it calls itself', async (t) => {
  const { app, signIn } = await startPlatform(t)
  const cookie = await signIn()
  const put = (payload: Buffer, type: string) =>
    app.inject({
      method: 'PUT',
      url: '/api/v1/channels/main/offline-image',
      headers: { cookie, 'content-type': type },
      payload,
    })
  assert.equal((await put(Buffer.from('<svg onload="alert(1)">'), 'image/png')).statusCode, 415)
  assert.equal((await put(PNG, 'image/svg+xml')).statusCode, 415)
  assert.equal((await put(Buffer.concat([PNG, Buffer.alloc(2 * 1024 * 1024)]), 'image/png')).statusCode, 413)
  for (const [width, height] of [
    [8193, 10],
    [10, 0xffffffff],
    [8000, 5001],
  ] as const) {
    const reply = await put(png(width, height), 'image/png')
    assert.deepEqual([reply.statusCode, reply.json().code], [413, 'too-large'])
    assert.match(reply.json().detail, new RegExp(`${width} × ${height} pixels`))
  }
  assert.equal((await put(png(0, 10), 'image/png')).statusCode, 415)
  assert.equal((await put(PNG.subarray(0, 20), 'image/png')).statusCode, 415)
  assert.equal((await put(png(8192, 4882), 'image/png')).statusCode, 200)
})

test('the health of an encoder comes with advice', async (t) => {
  const { asOwner, engine, platform } = await startPlatform(t)
  assert.deepEqual((await asOwner('GET', '/channels/main/health')).json(), {
    connected: false,
    encoder: null,
    advice: [],
  })
  const id = platform.directory.findBySlug('main')?.id ?? ''
  engine.encoders.set(id, {
    protocol: 'rtmp',
    encoder: 'obs',
    remote: '192.0.2.1',
    keyId: null,
    connectedAt: 0,
    video: {
      codec: 'avc1.640028',
      width: 1280,
      height: 720,
      frameRate: 30,
      bitrate: 2_500_000,
      keyFrameInterval: 8333,
      bFrames: false,
    },
    audio: { codec: 'mp4a.40.2', sampleRate: 48_000, channels: 2, bitrate: 160_000 },
    timestampJumps: 0,
    damagedUnits: 0,
    malformedUnits: 0,
    unconfiguredUnits: 0,
    furtherSounds: [],
    soundsLeftOut: 0,
    reconnects: 0,
    ladder: null,
    brought: null,
    sound: null,
    line: null,
    hls: null,
  })
  const health = (await asOwner('GET', '/channels/main/health')).json()
  assert.equal(health.connected, true)
  assert.deepEqual(
    health.advice.map(({ code }: { code: string }) => code),
    ['key-frames-far'],
  )
  engine.unrecordedFor.set(id, 'The disk is full.')
  assert.deepEqual((await asOwner('GET', '/channels/main/health')).json().advice[0], {
    level: 'warning',
    code: 'not-recorded',
    text: 'The disk is full.',
  })
})
