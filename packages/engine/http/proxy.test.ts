import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Stream, constants } from 'node:http2'
import { request } from 'node:https'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { parseTemplateName } from '../dash/names.ts'
import type { HttpHandler, HttpResponse } from './message.ts'
import { startDocumentedNginx } from './nginx-fixture.ts'
import { get2, openSession, startServer, testTls, until } from './testing.ts'

/** What docs/reverse-proxy.md has operators write, but for the cache: cache.test.ts has that. */

const download = '/vod/as_1/download.mp4'
/** A segment in the making, by DASH. */
const growing = '/live/main/as_1/v1/t1771891200000-180000.m4s'
/** So little that a proxy may be tempted to wait for more. */
const beginning = Buffer.from('what there is so far')

test('nginx as documented passes on at once what must not wait, chats, tells of the viewer, and keeps figures to itself', {
  timeout: 60_000,
}, async (t) => {
  assert.ok(parseTemplateName(growing.slice(growing.lastIndexOf('/') + 1)), 'a segment has another name now')
  const asked: string[] = []
  /** Answers that have begun and go on when the test wants. */
  const open: HttpResponse[] = []
  const handler: HttpHandler = (req, res) => {
    const path = req.url ?? ''
    asked.push(path)
    const { 'x-forwarded-for': remote, 'x-forwarded-proto': scheme, host } = req.headers
    const cached = ['cache-control', 'public, max-age=86400']
    if (path === download || path === growing) {
      res.writeHead(200, ['content-type', 'video/mp4', ...cached])
      res.write(beginning)
      open.push(res)
      return true
    }
    res.writeHead(200, cached)
    res.end(Buffer.from(JSON.stringify({ remote, scheme, host })))
    return true
  }
  const upgraded: Duplex[] = []
  t.after(() => upgraded.forEach((socket) => socket.destroy()))
  const { port: origin } = await startServer(t, [handler], {
    upgrade(_req, socket) {
      upgraded.push(socket)
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      socket.on('data', (chunk: Buffer) => socket.write(chunk))
      return true
    },
  })
  const port = await startDocumentedNginx(t, origin, { tls: true })
  const session = openSession(t, port)

  for (const path of [download, growing]) {
    const stream: ClientHttp2Stream = session.request({ ':path': path })
    let got = 0
    stream.on('data', (chunk: Buffer) => (got += chunk.byteLength))
    const [headers] = (await once(stream, 'response')) as [Record<string, string>]
    assert.equal(headers[constants.HTTP2_HEADER_STATUS], 200)
    assert.equal(headers['x-cache'], undefined, `${path} went through the cache`)
    await until(() => got === beginning.byteLength)
    // What comes with the header nginx passes on in any case.
    const answer = open.pop()
    answer?.write(beginning)
    await until(() => got === 2 * beginning.byteLength)
    answer?.end(beginning)
    await once(stream, 'end')
    assert.equal(got, 3 * beginning.byteLength)
  }

  for (const path of ['/api/v1/channels', '/live/main/index.m3u8']) {
    const viewer = JSON.parse((await get2(session, path)).body.toString()) as Record<string, string>
    assert.deepEqual(viewer, { remote: '127.0.0.1', scheme: 'https', host: '127.0.0.1' }, path)
  }

  const before = asked.length
  for (const path of ['/metrics', '/metrics?x', '//metrics', '/%6Detrics', '/live/../metrics'])
    assert.equal((await get2(session, path)).status, 403, path)
  assert.deepEqual(asked.slice(before), [])
  assert.equal((await get2(session, '/healthz')).status, 200)

  const chat = request({
    ...{ port, host: '127.0.0.1', ca: testTls.cert, path: '/live/main/chat', agent: false },
    headers: { connection: 'Upgrade', upgrade: 'websocket' },
  }).end()
  const socket = await new Promise<Duplex>((resolve, reject) => {
    chat.once('upgrade', (_answer, upgrade: Duplex) => resolve(upgrade)).once('error', reject)
    chat.once('response', ({ statusCode }) => reject(new Error(`the chat was answered with ${statusCode}`)))
  })
  t.after(() => socket.destroy())
  socket.write('hello')
  assert.equal(String((await once(socket, 'data'))[0]), 'hello')
})
