import assert from 'node:assert/strict'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { HLS_LIMITS } from '../ingest/hls/limits.ts'
import { createHlsPutIngest } from '../ingest/hls/put/ingest.ts'
import { mediaPlaylist, PICTURES, pictureInit, pictureSegment } from '../ingest/hls/testing/media.ts'
import { FakeLog, FakePort } from '../ingest/rtmp/testing/fake-port.ts'
import { createRefusalLog } from '../remote/refusals.ts'
import { createHlsPutHandler } from './hls-put.ts'
import { openSession, startServer, testTls, until } from './testing.ts'

async function stage(
  t: TestContext,
  now = () => performance.now(),
  more: { deadline?: number; tls?: typeof testTls } = {},
) {
  const port = new FakePort()
  const log = new FakeLog()
  const refusals = createRefusalLog(log)
  const ingest = createHlsPutIngest({
    ...{ publishPort: port, log, refusals, encodersPerAddress: 2, maxBitrate: 1e9 },
    now,
  })
  t.after(() => {
    ingest.close()
    refusals.close()
  })
  const { tls, ...own } = more
  const handler = createHlsPutHandler({ ingest: async () => ingest, remoteOf: () => '192.0.2.7', ...own })
  const { port: http } = await startServer(t, [handler], tls && { tls })
  const send = (path: string, body: Uint8Array | string = '', method = 'PUT') =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const headers = { 'user-agent': 'Lavf/59', 'transfer-encoding': 'chunked' }
      const req = request({ port: http, host: '127.0.0.1', path, method, headers, agent: false }, (res) => {
        let text = ''
        res.on('data', (chunk: Buffer) => (text += chunk.toString()))
        res.on('end', () => resolve({ status: res.statusCode ?? 0, body: text }))
      })
      req.on('error', reject)
      req.end(body)
    })
  return { port, log, ingest, http, send }
}

test('what an encoder puts is published, at the speed at which it plays', async (t) => {
  const { port, send, log, ingest } = await stage(t)
  const base = '/ingest/hls/good-key-1'
  assert.equal((await send(`${base}/init.mp4`, pictureInit)).status, 201)
  assert.equal((await send(`${base}/s0.m4s`, pictureSegment(0), 'POST')).status, 201)
  const listed = performance.now()
  assert.equal((await send(`${base}/out.m3u8?x=1`, mediaPlaylist(0, 1))).status, 201)
  const [asked] = port.requests
  const { protocol, remote, key, encoder } = asked ?? {}
  assert.deepEqual([protocol, remote, key, encoder], ['hls', '192.0.2.7', 'good-key-1', 'Lavf/59'])
  const [publisher] = port.publishers
  await until(() => (publisher?.of(VIDEO_TRACK).length ?? 0) > 0)
  // However late this is looked at: no more than have been played since.
  const played = ((performance.now() - listed) / 1000) * PICTURES
  assert.ok((publisher?.of(VIDEO_TRACK).length ?? 0) <= played)
  assert.deepEqual(publisher?.announced, [{ video: true, audio: false }])
  await send(`${base}/s1.m4s`, pictureSegment(1))
  await send(`${base}/out.m3u8`, mediaPlaylist(0, 2, { end: true }))
  assert.equal((await send(`${base}/s0.m4s`, '', 'DELETE')).status, 204)
  await until(() => publisher?.ends.length === 1)
  assert.deepEqual(publisher?.ends, ['unpublished'])
  assert.equal(publisher?.of(VIDEO_TRACK).length, 2 * PICTURES)
  assert.equal(asked?.hls?.().format, 'fmp4')
  assert.equal(ingest.encoders, 0)
  assert.ok(log.lines.every((line) => !line.includes('good-key')))
})

test('who may not publish is told why, in every answer', async (t) => {
  const { send, log } = await stage(t)
  const answer = await send('/ingest/hls/bad-key/out.m3u8', mediaPlaylist(0, 1))
  assert.equal(answer.status, 401)
  assert.match(answer.body, /"code":"wrong-key".*copy it from the studio/)
  assert.equal((await send('/ingest/hls/bad-key/s0.ts', 'x')).status, 401)
  assert.equal(log.lines.filter((line) => line.includes('hls: encoder refused')).length, 1)
  assert.ok(!log.lines.join().includes('bad-key'))
})

test('names that lead out, no name, no key and other methods are refused in words', async (t) => {
  const { send, port } = await stage(t)
  for (const path of ['../../etc/passwd', '%2e%2e/x', 'a%2f..%2fx', 'a%5cb', 'a%00', '%zz']) {
    const { status, body } = await send(`/ingest/hls/good-key/${path}`, 'x')
    assert.equal(status, 400, path)
    assert.match(body, /"code":"bad-request"/)
  }
  assert.equal((await send('/ingest/hls/good-key', 'x')).status, 404)
  assert.equal((await send('/ingest/hls//x', 'x')).status, 404)
  assert.equal((await send('/ingest/hls/good-key/', 'x')).status, 400)
  assert.equal((await send('/ingest/hls/good-key/x', '', 'GET')).status, 405)
  assert.equal(port.requests.length, 0)
})

test('a playlist that cannot be followed is refused with what to change', async (t) => {
  const { send, port } = await stage(t)
  const encrypted = mediaPlaylist(0, 1).replace('#EXT-X-MAP', '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXT-X-MAP')
  const { status, body } = await send('/ingest/hls/good-key/out.m3u8', encrypted)
  assert.equal(status, 422)
  assert.match(body, /switch encryption off/)
  assert.equal((await send('/ingest/hls/good-key/out.m3u8', `#EXTM3U\n${'#x\n'.repeat(400_000)}`)).status, 422)
  assert.equal((await send('/ingest/hls/good-key/out.m3u8', 'hello')).status, 422)
  // It is told in the studio as well, for ffmpeg does not read answers.
  assert.match(port.requests[0]?.hls?.().trouble ?? '', /#EXTM3U/)
})

test('an encoder that is stopped may ask again; its address has so many and no more', async (t) => {
  const { send, port, ingest } = await stage(t)
  await send('/ingest/hls/good-key-1/s0.ts', 'x')
  await send('/ingest/hls/good-key-2/s0.ts', 'x')
  const third = await send('/ingest/hls/good-key-3/s0.ts', 'x')
  assert.equal(third.status, 503)
  assert.match(third.body, /"code":"limit"/)
  port.stops[0]?.({ code: 'taken-over', reason: 'another encoder' })
  assert.equal(ingest.encoders, 1)
  assert.equal((await send('/ingest/hls/good-key-1/s1.ts', 'x')).status, 201)
  assert.equal(port.requests.length, 3)
})

test('a file that is cut off is not read', async (t) => {
  const { send, http, port } = await stage(t)
  const base = '/ingest/hls/good-key'
  await send(`${base}/init.mp4`, pictureInit)
  const half = request({ port: http, host: '127.0.0.1', path: `${base}/s0.m4s`, method: 'PUT', agent: false })
  half.on('error', () => {})
  half.write(pictureSegment(0).subarray(0, 500))
  await send(`${base}/out.m3u8`, mediaPlaylist(0, 1))
  half.destroy()
  await send(`${base}/s0.m4s`, pictureSegment(5))
  await until(() => (port.publishers[0]?.of(VIDEO_TRACK).length ?? 0) > 0)
  assert.equal(port.publishers[0]?.of(VIDEO_TRACK)[0]?.dts, 5 * 90_000)
})

test('of two encoders with one key from one address the newer is taken, and the other told so', async (t) => {
  const clock: { stoppedAt?: number } = {}
  const { send, port } = await stage(t, () => clock.stoppedAt ?? performance.now())
  const base = '/ingest/hls/good-key'
  await send(`${base}/init.mp4`, pictureInit)
  for (let i = 0; i < 5; i++) await send(`${base}/s${i}.m4s`, pictureSegment(i))
  await send(`${base}/out.m3u8`, mediaPlaylist(0, 5))
  await until(() => (port.publishers[0]?.units.length ?? 0) > 0)
  // However long the rest takes, neither has fallen silent.
  clock.stoppedAt = performance.now()
  await send(`${base}/s0.m4s`, pictureSegment(100))
  assert.equal((await send(`${base}/out.m3u8`, mediaPlaylist(0, 1))).status, 201)
  await send(`${base}/s5.m4s`, pictureSegment(5))
  const { status, body } = await send(`${base}/out.m3u8`, mediaPlaylist(0, 6))
  assert.equal(status, 409)
  assert.match(body, /"code":"taken-over".*Two encoders/)
  await send(`${base}/s1.m4s`, pictureSegment(101))
  assert.equal((await send(`${base}/out.m3u8`, mediaPlaylist(0, 2))).status, 201)
  assert.match(port.requests[0]?.hls?.().trouble ?? '', /two encoders/)
  assert.equal(port.requests[0]?.hls?.().lost, 0)
})

test('files that have to go unread are told of', async (t) => {
  const { send, port } = await stage(t)
  for (let i = 0; i <= HLS_LIMITS.putFiles; i++) await send(`/ingest/hls/good-key/s${i}.ts`, 'x')
  await until(() => port.requests[0]?.hls?.().trouble !== undefined)
  assert.match(port.requests[0]?.hls?.().trouble ?? '', /More is sent than can be kept/)
})

/** As many files as one encoder may put at the same time: with one of them kept there is no place for another. */
const atOnce = Array.from({ length: HLS_LIMITS.putAtOnce }, (_, i) => `/ingest/hls/good-key/s${i}.ts`)

test('bodies that do not end are answered 408 and cut, and what came of them is not kept', async (t) => {
  const { http, send } = await stage(t, undefined, { deadline: 500 })
  const seen = atOnce.map((path) => {
    const one: { status?: number | undefined; isCut?: boolean } = {}
    const req = request({ port: http, host: '127.0.0.1', path, method: 'PUT', agent: false })
    req.on('error', () => {})
    t.after(() => req.destroy())
    req.on('response', (res) => {
      one.status = res.statusCode
      res.resume()
    })
    req.on('close', () => (one.isCut = true))
    req.write('x')
    return one
  })
  await until(() => seen.every(({ isCut }) => isCut === true), 20_000)
  assert.deepEqual(new Set(seen.map(({ status }) => status)), new Set([408]))
  assert.equal((await send('/ingest/hls/good-key/one-more.ts', 'x')).status, 201)
})

test('bodies that do not end are answered 408 and cut over HTTP/2 too', async (t) => {
  const { http } = await stage(t, undefined, { deadline: 500, tls: testTls })
  const session = openSession(t, http)
  const put = (path: string, body: string, isWhole: boolean) => {
    const one: { status?: number | undefined; isCut?: boolean } = {}
    const stream = session.request({ ':path': path, ':method': 'PUT' })
    stream.on('error', () => {})
    stream.on('response', (headers) => {
      one.status = headers[':status']
      stream.resume()
    })
    stream.on('close', () => (one.isCut = true))
    stream.write(body)
    if (isWhole) stream.end()
    return one
  }
  const seen = atOnce.map((path) => put(path, 'x', false))
  await until(() => seen.every(({ isCut }) => isCut === true), 20_000)
  assert.deepEqual(new Set(seen.map(({ status }) => status)), new Set([408]))
  const last = put('/ingest/hls/good-key/one-more.ts', 'x', true)
  await until(() => last.isCut === true, 20_000)
  assert.equal(last.status, 201)
})

test('a file whose encoder ended before it was there is not answered as taken', async (t) => {
  const { http, port } = await stage(t)
  const req = request({
    port: http,
    host: '127.0.0.1',
    path: '/ingest/hls/good-key/s0.ts',
    method: 'PUT',
    agent: false,
  })
  req.on('error', () => {})
  const answered = new Promise<number | undefined>((resolve) => req.on('response', (res) => resolve(res.statusCode)))
  req.write('x')
  await until(() => port.stops.length > 0)
  port.stops[0]?.({ code: 'taken-over', reason: 'another encoder' })
  req.end('y')
  assert.equal(await answered, 503)
})

test('a file whose stream of HTTP/2 is reset before its end is not taken for whole', async (t) => {
  const came: string[] = []
  const upload = {
    write: () => void came.push('some'),
    end: () => ({ kind: 'taken' as const, came: came.push('whole') }),
    abort: () => void came.push('cut'),
  }
  const ingest = { upload: async () => upload, encoders: 1, close: () => undefined }
  const handler = createHlsPutHandler({ ingest: async () => ingest, remoteOf: () => '192.0.2.7' })
  const { port } = await startServer(t, [handler], { tls: testTls })
  const session = openSession(t, port)
  // Not close(), which says that it has come to its end before.
  for (const cut of ['stream', 'session'] as const) {
    came.length = 0
    const stream = session.request({ ':path': '/ingest/hls/good-key/s0.ts', ':method': 'PUT' })
    stream.on('error', () => {})
    stream.write('x')
    await until(() => came.includes('some'))
    if (cut === 'stream') stream.destroy()
    else session.destroy()
    await until(() => came.length > 1)
    assert.deepEqual(came, ['some', 'cut'])
  }
})
