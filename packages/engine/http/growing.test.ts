import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { GrowingMedia, GrowingStep } from '../packager/live.ts'
import { sendGrowing } from './growing.ts'
import { createHeldRequests } from './held-requests.ts'
import { outboxFigures } from './outbox.ts'
import { get, get2, openSession, openSocket, startServer, testTls, until } from './testing.ts'
import { createTurn } from './turn.ts'

/** A body that grows by hand. */
function growing() {
  const parts: Uint8Array[] = []
  let isOver: GrowingStep | undefined
  let next = Promise.withResolvers<void>()
  const wake = () => {
    next.resolve()
    next = Promise.withResolvers<void>()
  }
  const media: GrowingMedia = {
    from(place) {
      const chunks = parts.slice(place)
      const total = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)
      if (chunks.length > 0) return { kind: 'parts', chunks, total, next: parts.length }
      return isOver ?? { kind: 'wait', ready: next.promise }
    },
  }
  return {
    ...{ media, wake },
    add(bytes: Uint8Array) {
      parts.push(bytes)
      wake()
    },
    over(kind: 'end' | 'lost') {
      isOver = { kind }
      wake()
    },
  }
}

async function serve(t: TestContext, media: GrowingMedia, options: { deadline?: number; tls?: boolean } = {}) {
  const held = createHeldRequests({ total: 100, perConnection: 16, turn: createTurn() })
  const { port } = await startServer(
    t,
    [(req, res) => (sendGrowing(req, res, media, { held }, options.deadline ?? 10_000), true)],
    options.tls === true ? { tls: testTls } : {},
  )
  return { port, held }
}

const megabytes = (count: number) => new Uint8Array(count * 1024 * 1024).fill(7)

test('who asks for one version of a segment that is being made gets none: it has no validator', async (t) => {
  const body = growing()
  body.add(megabytes(1))
  const { port } = await serve(t, body.media)
  assert.equal((await get(port, '/', { headers: { 'if-match': '"other"' } })).status, 412)
  body.over('end')
  assert.equal((await get(port, '/', { headers: { 'if-match': '*' } })).status, 200)
})

for (const tls of [false, true]) {
  test(`large parts arrive whole and in order, ${tls ? 'encrypted too' : 'on the bare socket'}`, async (t) => {
    const body = growing()
    const parts = [3, 1, 2].map((count, i) => megabytes(count).fill(i + 1))
    body.add(parts[0] as Uint8Array)
    const { port, held } = await serve(t, body.media, { tls })
    const answer = tls ? get2(openSession(t, port), '/') : get(port, '/')
    for (const part of parts.slice(1)) {
      await until(() => held.size === 1)
      body.add(part)
    }
    await until(() => held.size === 1)
    body.over('end')
    assert.ok((await answer).body.equals(Buffer.concat(parts)))
    await until(() => outboxFigures.pendingAnswers === 0)
    assert.equal(outboxFigures.pendingBytes, 0)
  })

  test(`what is lost is cut off, ${tls ? 'also over HTTP/2' : 'without a last chunk'}`, async (t) => {
    const body = growing()
    body.add(Buffer.from('moof'))
    const { port, held } = await serve(t, body.media, { tls })
    const outcome = tls
      ? new Promise((resolve) => {
          const stream = openSession(t, port).request({ ':path': '/' })
          stream.on('error', () => {})
          stream.on('close', () => resolve(stream.rstCode === 0 ? 'whole' : 'cut'))
          stream.resume()
        })
      : get(port, '/').then(
          () => 'whole',
          () => 'cut',
        )
    await until(() => held.size === 1)
    body.over('lost')
    assert.equal(await outcome, 'cut')
  })
}

test('a peer that does not read is cut off at the deadline, and takes no more parts until then', async (t) => {
  const body = growing()
  body.add(megabytes(16))
  const { port, held } = await serve(t, body.media, { deadline: 300 })
  const before = outboxFigures.overDeadline
  const socket = await openSocket(t, port)
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await until(() => outboxFigures.pendingAnswers === 1)
  body.add(megabytes(1))
  assert.equal(held.size, 0)
  await until(() => outboxFigures.overDeadline === before + 1)
  await until(() => outboxFigures.pendingAnswers === 0)
  assert.equal(outboxFigures.pendingBytes, 0)
})

test('who waited and got nothing is cut off; who comes when it is lost already is told to try again', async (t) => {
  const body = growing()
  const { port, held } = await serve(t, body.media)
  const answer = assert.rejects(get(port, '/'))
  await until(() => held.size === 1)
  body.wake()
  await answer
  body.over('lost')
  assert.equal((await get(port, '/')).status, 503)
})

test('HTTP/1.0 has no chunks: the body ends with the connection', async (t) => {
  const body = growing()
  body.add(Buffer.from('one'))
  const { port, held } = await serve(t, body.media)
  const socket = await openSocket(t, port)
  let text = ''
  let isClosed = false
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.on('close', () => (isClosed = true))
  socket.write('GET / HTTP/1.0\r\nHost: h\r\n\r\n')
  await until(() => held.size === 1)
  body.add(Buffer.from('two'))
  await until(() => text.endsWith('onetwo'))
  body.over('end')
  await until(() => isClosed)
  assert.doesNotMatch(text, /chunked/)
})

test('HTTP/1.0: what is lost is reset, for a connection that is closed is the end of a body', async (t) => {
  const body = growing()
  body.add(Buffer.from('one'))
  const { port, held } = await serve(t, body.media)
  const socket = await openSocket(t, port)
  const outcome = new Promise((resolve) => {
    socket.on('end', () => resolve('whole'))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
  socket.resume()
  socket.write('GET / HTTP/1.0\r\nHost: h\r\n\r\n')
  await until(() => held.size === 1)
  body.over('lost')
  assert.equal(await outcome, 'ECONNRESET')
})

for (const tls of [false, true]) {
  test(`HEAD has the same head and no body, ${tls ? 'also over HTTP/2' : 'and the connection serves on'}`, async (t) => {
    const body = growing()
    body.add(Buffer.from('one'))
    const { port } = await serve(t, body.media, { tls })
    const session = tls ? openSession(t, port) : undefined
    const method = 'HEAD'
    for (let i = 0; i < 2; i++) {
      const {
        status,
        headers,
        body: nothing,
      } = await (session ? get2(session, '/', { method }) : get(port, '/', { method }))
      assert.deepEqual([status, headers['content-length'], nothing.length], [200, undefined, 0])
      assert.equal(headers['cache-control'], 'public, max-age=86400, immutable')
    }
    assert.equal(outboxFigures.pendingAnswers, 0)
  })
}
