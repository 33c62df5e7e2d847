import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { EngineError } from '../error.ts'
import type { LiveBroadcast } from '../packager/live.ts'
import { createLiveHandler, type LiveOptions } from './live.ts'
import { createFakeBroadcast } from './live-fixture.ts'
import { get, get2, openSession, openSocket, startServer, testTls, until } from './testing.ts'
import { createTrustProxy, createViewerCounter, viewerKey } from './viewers.ts'

function fixture(options: Partial<LiveOptions> = {}, parts = 8) {
  const fake = createFakeBroadcast()
  for (let i = 0; i < parts; i++) fake.advance()
  const live = createLiveHandler({ find: (channel) => (channel === 'main' ? fake.broadcast : undefined), ...options })
  return { fake, live }
}

const v1 = '/live/main/as_1/v1'

test('serves the multivariant playlist, and from it all that a player needs', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const top = await get(port, '/live/main/index.m3u8')
  assert.equal(top.status, 200)
  assert.equal(top.headers['content-type'], 'application/vnd.apple.mpegurl')
  assert.equal(top.headers['cache-control'], 'public, max-age=1')
  assert.equal(top.headers['access-control-allow-origin'], '*')
  assert.equal(top.headers['content-length'], String(top.body.byteLength))
  const multivariant = parsePlaylist(String(top.body))
  assert.ok(multivariant.kind === 'multivariant')
  const base = new URL('http://h/live/main/index.m3u8')
  const mediaUrl = new URL(multivariant.playlist.variants[0]?.uri ?? '', base)
  const media = parsePlaylist(String((await get(port, mediaUrl.pathname)).body))
  assert.ok(media.kind === 'media')
  assert.deepEqual(media.issues, [])
  const uris = [
    media.playlist.segments[0]?.map?.uri,
    media.playlist.segments[0]?.uri,
    media.playlist.segments[0]?.parts[0]?.uri,
    media.playlist.trailingParts[0]?.uri,
  ]
  for (const uri of uris) {
    assert.ok(uri !== undefined)
    const file = await get(port, new URL(uri, mediaUrl).pathname)
    assert.equal(file.status, 200)
    assert.equal(file.headers['content-type'], 'video/mp4')
    assert.equal(file.headers['cache-control'], 'public, max-age=86400, immutable')
    assert.ok(file.body.byteLength > 0)
  }
})

test('at the address of a gap there are empty boxes, for VLC 3 asks for it and waits for ever after a 404', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const gap = await get(port, `${v1}/g0000000000.m4s`)
  assert.equal(gap.status, 200)
  assert.equal(gap.headers['content-type'], 'video/mp4')
  assert.equal(gap.body.toString('latin1'), '\0\0\0\x08free\0\0\0\x08mdat')
  assert.equal((await get(port, `${v1}/g00000000000.m4s`)).status, 404)
  assert.equal((await get(port, '/live/main/as_1/v9/g0000000000.m4s')).status, 404)
})

test('caches by kind of answer: reload half a target, blocking six targets, errors hardly', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const cache = async (path: string) => (await get(port, path)).headers['cache-control']
  assert.equal(await cache(`${v1}/index.m3u8`), 'public, max-age=1')
  assert.equal(await cache(`${v1}/index.m3u8?_HLS_skip=YES`), 'public, max-age=1')
  assert.equal(await cache(`${v1}/index.m3u8?_HLS_msn=0`), 'public, max-age=12')
  assert.equal(await cache(`${v1}/index.m3u8?_HLS_msn=900`), 'no-store')
  assert.equal(await cache(`${v1}/p9999999999.m4s`), 'public, max-age=1')
})

test('an unchanged playlist is 304 under either encoding, a changed one is not', async (t) => {
  const { fake, live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const path = `${v1}/index.m3u8`
  for (const encoding of ['identity', 'gzip, br']) {
    const first = await get(port, path, { headers: { 'accept-encoding': encoding } })
    const headers = { 'accept-encoding': encoding, 'if-none-match': String(first.headers.etag) }
    const second = await get(port, path, { headers })
    assert.equal(second.status, 304)
    assert.equal(second.body.byteLength, 0)
    assert.equal(second.headers.etag, first.headers.etag)
    fake.advance()
    assert.equal((await get(port, path, { headers })).status, 200)
  }
})

test('compresses playlists for who takes gzip', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const plain = await get(port, `${v1}/index.m3u8`, { headers: { 'accept-encoding': 'gzip;q=0' } })
  const packed = await get(port, `${v1}/index.m3u8`, { headers: { 'accept-encoding': 'br, gzip' } })
  assert.equal(plain.headers['content-encoding'], undefined)
  assert.equal(packed.headers['content-encoding'], 'gzip')
  assert.equal(packed.headers.vary, 'Accept-Encoding')
  assert.notEqual(packed.headers.etag, plain.headers.etag)
  assert.deepEqual(gunzipSync(packed.body), plain.body)
})

test('HEAD has the headers of GET and no body', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  for (const path of ['/live/main/index.m3u8', `${v1}/index.m3u8`, `${v1}/i0000000000.mp4`, `${v1}/nothing.m4s`]) {
    const { headers: h, status } = await get(port, path)
    const head = await get(port, path, { method: 'HEAD' })
    assert.equal(head.status, status)
    assert.equal(head.body.byteLength, 0)
    for (const name of ['content-length', 'content-type', 'etag', 'cache-control']) {
      assert.equal(head.headers[name], h[name], `${path} ${name}`)
    }
  }
})

test('conditions come in the order of RFC 9110 §13.2.2; media have no validator, so that no tag and no date names them', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const playlist = `${v1}/index.m3u8`
  const etag = String((await get(port, playlist)).headers.etag)
  const segment = `${v1}/s0000000000-0000000005.m4s`
  const date = 'Mon, 01 Jan 2024 00:00:00 GMT'
  const expected: [string, Record<string, string>, number][] = [
    [segment, { 'if-match': '"other"' }, 412],
    [segment, { 'if-match': 'W/"other", "another"', range: 'bytes=0-1' }, 412],
    [segment, { 'if-match': '"other"', 'if-none-match': '*' }, 412],
    [segment, { 'if-match': '"other"', range: 'bytes=6000-' }, 412],
    [segment, { 'if-match': '*', range: 'bytes=0-1' }, 206],
    [segment, { 'if-none-match': '*' }, 304],
    [segment, { 'if-none-match': '"other"', range: 'BYTES=0-1' }, 206],
    [segment, { 'if-unmodified-since': date, range: 'bytes=0-1' }, 206],
    [segment, { 'if-modified-since': date }, 200],
    [segment, { 'if-range': '"other"', range: 'bytes=0-1' }, 200],
    [segment, { 'if-range': date, range: 'bytes=0-1' }, 200],
    [`${v1}/i0000000000.mp4`, { 'if-match': '"other"' }, 412],
    // It would not be 200 without the condition (§13.2.1).
    [`${v1}/nothing.m4s`, { 'if-match': '"other"' }, 404],
    [playlist, { 'if-match': '"other"', 'if-none-match': etag }, 412],
    [playlist, { 'if-match': etag, 'if-none-match': etag }, 304],
    [playlist, { 'if-match': etag }, 200],
    [playlist, { 'if-none-match': '"other"', 'if-modified-since': date }, 200],
  ]
  for (const [path, headers, status] of expected) {
    const what = `${path} ${JSON.stringify(headers)}`
    assert.equal((await get(port, path, { headers })).status, status, what)
    const { range: _, ...rest } = headers
    const head = await get(port, path, { method: 'HEAD', headers: rest })
    assert.equal(head.status, status === 206 ? 200 : status, what)
    assert.equal(head.body.byteLength, 0)
  }
})

test('media honours a single range across parts and refuses one beyond the end', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const path = `${v1}/s0000000000-0000000005.m4s`
  const whole = await get(port, path)
  assert.equal(whole.headers['accept-ranges'], 'bytes')
  const some = await get(port, path, { headers: { range: 'bytes=990-2009' } })
  assert.equal(some.status, 206)
  assert.equal(some.headers['content-range'], 'bytes 990-2009/6000')
  assert.deepEqual(some.body, whole.body.subarray(990, 2010))
  const tail = await get(port, path, { headers: { range: 'bytes=-10' } })
  assert.deepEqual(tail.body, whole.body.subarray(-10))
  const beyond = await get(port, path, { headers: { range: 'bytes=6000-' } })
  assert.equal(beyond.status, 416)
  assert.equal(beyond.headers['content-range'], 'bytes */6000')
  for (const range of ['bytes=0-1,5-6', 'bytes=5-1', 'items=0-1', 'bytes=-']) {
    assert.equal((await get(port, path, { headers: { range } })).status, 200, range)
  }
})

test('answers preflight requests and refuses other methods', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const preflight = await get(port, `${v1}/index.m3u8`, { method: 'OPTIONS' })
  assert.equal(preflight.status, 204)
  // Not even of nothing (RFC 9110 §8.6).
  assert.equal(preflight.headers['content-length'], undefined)
  assert.match(String(preflight.headers['access-control-allow-headers']), /CMCD-Session/)
  const post = await get(port, `${v1}/index.m3u8`, { method: 'POST' })
  assert.equal(post.status, 405)
  assert.equal(post.headers.allow, 'GET, HEAD, OPTIONS')
})

test('waiting requests are answered in one burst when the part comes', async (t) => {
  const { fake, live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const playlists = Array.from({ length: 100 }, () => get(port, `${v1}/index.m3u8?_HLS_msn=1&_HLS_part=2`))
  const parts = Array.from({ length: 20 }, () => get(port, `${v1}/p0000000008.m4s`))
  await until(() => live.waiting() === 120)
  fake.advance()
  for (const answer of await Promise.all(playlists)) {
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['cache-control'], 'public, max-age=12')
    assert.match(String(answer.body), /p0000000008/)
  }
  for (const answer of await Promise.all(parts)) {
    assert.equal(answer.headers['cache-control'], 'public, max-age=86400, immutable')
    assert.equal(answer.body[0], 8)
  }
  assert.equal(live.waiting(), 0)
})

test('a request whose client has gone leaves its place', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const socket = await openSocket(t, port)
  socket.write(`GET ${v1}/index.m3u8?_HLS_msn=1&_HLS_part=2 HTTP/1.1\r\nHost: h\r\n\r\n`)
  await until(() => live.waiting() === 1)
  socket.destroy()
  await until(() => live.waiting() === 0)
})

test('waiting is bounded in total and per connection', async (t) => {
  const { fake, live } = fixture({ limits: { totalWaiting: 3, connectionWaiting: 2 } })
  const { port } = await startServer(t, [live.handle], { tls: testTls })
  const path = `${v1}/index.m3u8?_HLS_msn=1&_HLS_part=2`
  const one = openSession(t, port)
  const two = openSession(t, port)
  const first = [get2(one, path), get2(one, path)]
  await until(() => live.waiting() === 2)
  const refused = await get2(one, path)
  assert.equal(refused.status, 503)
  assert.equal(JSON.parse(String(refused.body)).code, 'busy')
  const third = get2(two, path)
  await until(() => live.waiting() === 3)
  assert.equal((await get2(two, path)).status, 503)
  fake.advance()
  for (const answer of await Promise.all([...first, third])) assert.equal(answer.status, 200)
})

test('the viewers behind one connection of a reverse proxy all wait, and all get it', {
  timeout: 60_000,
}, async (t) => {
  const { fake, live } = fixture()
  const { port } = await startServer(t, [live.handle], { tls: testTls, shares: () => true })
  const session = openSession(t, port)
  const viewers = 600
  const playlists = Array.from({ length: viewers }, () => get2(session, `${v1}/index.m3u8?_HLS_msn=1&_HLS_part=2`))
  const parts = Array.from({ length: viewers }, () => get2(session, `${v1}/p0000000008.m4s`))
  await until(() => live.waiting() === 2 * viewers, 20_000)
  fake.advance()
  for (const answer of await Promise.all([...playlists, ...parts])) assert.equal(answer.status, 200)
  assert.equal(live.waiting(), 0)
})

test('a request that is never satisfied gets 503 after the broadcast gives up', async (t) => {
  const { live } = fixture({
    find: () => ({
      ...createFakeBroadcast().broadcast,
      rendition: () => ({
        name: 'v1',
        playlist: () => ({ kind: 'wait', ready: Promise.resolve(undefined), blocking: true }),
        media: () => ({ kind: 'wait', ready: Promise.resolve(undefined) }),
      }),
    }),
  })
  const { port } = await startServer(t, [live.handle])
  const playlist = await get(port, `${v1}/index.m3u8?_HLS_msn=1`)
  assert.equal(playlist.status, 503)
  assert.equal(playlist.headers['retry-after'], '1')
  assert.equal((await get(port, `${v1}/p0000000009.m4s`)).status, 404)
})

test('media that the store cannot give in time are no missing ones: players never ask again for a 404', async (t) => {
  const { fake } = fixture()
  const rendition = fake.broadcast.rendition('v1')
  assert.ok(rendition !== undefined)
  const older = new Map<string, () => Promise<undefined>>([
    ['p0000000100.m4s', () => Promise.reject(new EngineError('limit', 'too much waits for the disk'))],
    ['p0000000101.m4s', () => Promise.resolve(undefined)],
  ])
  const broadcast: LiveBroadcast = {
    ...fake.broadcast,
    rendition: () => ({
      ...rendition,
      media: (file) => ({ kind: 'wait', ready: older.get(file)?.() ?? Promise.resolve(undefined) }),
    }),
  }
  const { handle } = createLiveHandler({ find: () => broadcast })
  const { port } = await startServer(t, [handle])
  const [busy, gone] = await Promise.all([...older.keys()].map((file) => get(port, `${v1}/${file}`)))
  assert.deepEqual([busy?.status, busy?.headers['cache-control'], busy?.headers['retry-after']], [503, 'no-store', '1'])
  assert.equal(gone?.status, 404)
})

test('directives are read strictly, other parameters ignored', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const bad = [
    '_HLS_msn=-1',
    '_HLS_msn=1.5',
    '_HLS_msn=',
    '_HLS_msn',
    '_HLS_part=1',
    '_HLS_skip=NO',
    '_HLS_msn=1&_HLS_msn=1',
  ]
  for (const query of bad) {
    const answer = await get(port, `${v1}/index.m3u8?${query}`)
    assert.equal(answer.status, 400, query)
    assert.equal(answer.headers['content-type'], 'application/problem+json')
    assert.equal(JSON.parse(String(answer.body)).code, 'bad-request')
  }
  for (const query of ['', 'x=1', 'a_HLS_msn=x', '_HLS_new=1', '_HLS_msn=0&_HLS_part=1&y', '&&&']) {
    assert.equal((await get(port, `${v1}/index.m3u8?${query}`)).status, 200, query)
  }
})

test('an offline channel, unknown renditions and files are problems with a code', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const offline = await get(port, '/live/other/index.m3u8')
  assert.equal(offline.status, 404)
  assert.equal(JSON.parse(String(offline.body)).code, 'offline')
  assert.equal(offline.headers['retry-after'], '2')
  for (const path of ['/live/main/as_1/v9/index.m3u8', '/live/main/as_1/v1/x.m4s', '/live/main/as_2/v1/index.m3u8']) {
    const answer = await get(port, path)
    assert.equal(answer.status, 404)
    assert.equal(JSON.parse(String(answer.body)).code, 'not-found')
    assert.equal(answer.headers['access-control-allow-origin'], '*')
  }
})

test('an ended broadcast stays reachable through findAsset, with its end', async (t) => {
  const { fake } = fixture()
  fake.end()
  const live = createLiveHandler({
    find: () => undefined,
    findAsset: (_, id) => (id === 'as_1' ? fake.broadcast : undefined),
  })
  const { port } = await startServer(t, [live.handle])
  const playlist = await get(port, `${v1}/index.m3u8?_HLS_msn=900`)
  assert.equal(playlist.status, 200)
  assert.match(String(playlist.body), /#EXT-X-ENDLIST/)
  assert.equal((await get(port, `${v1}/index.m3u8?_HLS_part=1`)).status, 200)
})

test('an opaque token in the path is accepted on every address, and kept by relative URIs', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const base = '/live/main/t/good-1.A_~'
  for (const path of ['index.m3u8', 'as_1/v1/index.m3u8', 'as_1/v1/p0000000001.m4s']) {
    const answer = await get(port, `${base}/${path}`)
    assert.equal(answer.status, 200, path)
    assert.doesNotMatch(String(answer.body), /^\/|URI="\//m)
  }
})

test('other addresses and malformed ones are left to others', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const paths = [
    '/live/main/chat',
    '/live/main/whip',
    '/live/main/as_1/v1/../../../etc/passwd',
    '/live/main/as_1/../v1/index.m3u8',
    '/live/main/as_1/v1/%2e%2e',
    '/live/main/as_1/v1/..',
    '/live//index.m3u8',
    '/live/main//v1/index.m3u8',
    '/live/main/t//index.m3u8',
    `/live/main/t/${'a'.repeat(1_100)}/index.m3u8`,
    '/live/MAIN%00/index.m3u8',
    '//live/main/index.m3u8',
    '/',
  ]
  for (const path of paths) assert.equal((await get(port, path)).status, 404, path)
  assert.equal((await get(port, `${v1}/index.m3u8?${'a'.repeat(3_000)}`)).status, 414)
  assert.equal((await get(port, `http://example.test${v1}/index.m3u8`)).status, 200)
})

test('the same handler serves HTTP/2', async (t) => {
  const { fake, live } = fixture()
  const { port } = await startServer(t, [live.handle], { tls: testTls })
  const session = openSession(t, port)
  const waiting = get2(session, `${v1}/index.m3u8?_HLS_msn=1&_HLS_part=2`)
  const part = get2(session, `${v1}/p0000000008.m4s`)
  const top = await get2(session, '/live/main/index.m3u8', { headers: { 'accept-encoding': 'gzip' } })
  assert.equal(top.status, 200)
  assert.equal(top.headers['content-encoding'], 'gzip')
  assert.equal((await get2(session, `${v1}/i0000000000.mp4`, { method: 'HEAD' })).headers['content-length'], '700')
  const range = await get2(session, `${v1}/i0000000000.mp4`, { headers: { range: 'bytes=1-2' } })
  assert.equal(range.status, 206)
  assert.equal((await get2(session, '/live/nobody/index.m3u8')).status, 404)
  await until(() => live.waiting() === 2)
  fake.advance()
  assert.equal((await waiting).status, 200)
  assert.equal((await part).body.byteLength, 1_000)
})

test('pipelined requests are answered in order', async (t) => {
  const { live } = fixture()
  const { port } = await startServer(t, [live.handle])
  const socket = await openSocket(t, port)
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  const files = ['i0000000000.mp4', 'nothing.m4s', 'p0000000001.m4s', 'index.m3u8?_HLS_msn=x']
  socket.write(files.map((f) => `GET ${v1}/${f} HTTP/1.1\r\nHost: h\r\n\r\n`).join(''))
  await until(() => (received.match(/HTTP\/1\.1 /g) ?? []).length === 4 && received.endsWith('}'))
  assert.deepEqual(received.match(/HTTP\/1\.1 (\d+)/g), [
    'HTTP/1.1 200',
    'HTTP/1.1 404',
    'HTTP/1.1 200',
    'HTTP/1.1 400',
  ])
})

test('who takes media is seen on its channel, who asks for a playlist only is not', async (t) => {
  const seen: string[] = []
  const { live } = fixture({ seen: (channel, _req, query) => seen.push(`${channel} ${query}`) })
  const { port } = await startServer(t, [live.handle])
  for (const file of ['index.m3u8?a=1', 'i0000000000.mp4?a=2', 'p0000000000.m4s?a=3', 's0000000000-0000000005.m4s?a=4'])
    await get(port, `${v1}/${file}`)
  await get(port, '/live/nobody/as_1/v1/p0000000000.m4s')
  assert.deepEqual(seen, ['main a=3', 'main a=4'])
})

test('a page that fetches playlists ahead of its player is one viewer with it', async (t) => {
  const counter = createViewerCounter({ now: () => 0 })
  const nobody = createTrustProxy([])
  const { live } = fixture({ seen: (channel, req, query) => counter.seen(channel, viewerKey(req, query, nobody)) })
  const { port } = await startServer(t, [live.handle])
  for (const headers of [{}, { 'cmcd-session': 'sid="one",v=1' }]) await get(port, `${v1}/index.m3u8`, { headers })
  await get(port, `${v1}/p0000000000.m4s`, { headers: { 'cmcd-session': 'sid="one",v=1' } })
  assert.equal(counter.count('main'), 1)
})
