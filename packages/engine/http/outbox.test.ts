import assert from 'node:assert/strict'
import { constants } from 'node:http2'
import { test } from 'node:test'
import { mediaHeaders } from './headers.ts'
import { limits } from './limits.ts'
import type { HttpHandler } from './message.ts'
import { outboxFigures } from './outbox.ts'
import { sendMedia, sendStream } from './respond.ts'
import { get, get2, openSession, openSocket, startServer, testTls, until } from './testing.ts'

const megabyte = new Uint8Array(1024 * 1024).fill(7)
/** More than any kernel's socket buffer takes. */
const big = Array.from({ length: 24 }, () => megabyte)
const total = big.length * megabyte.byteLength

const serveBig =
  (deadline: number): HttpHandler =>
  (req, res) => {
    sendMedia(req, res, { chunks: big, total }, deadline)
    return true
  }

test('a peer that does not read is cut off at the deadline and leaves nothing behind', async (t) => {
  const { port } = await startServer(t, [serveBig(300)])
  const before = outboxFigures.overDeadline
  const socket = await openSocket(t, port)
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await until(() => outboxFigures.pendingAnswers === 1)
  assert.equal(outboxFigures.pendingBytes, total)
  await until(() => outboxFigures.pendingAnswers === 0)
  assert.equal(outboxFigures.pendingBytes, 0)
  assert.equal(outboxFigures.overDeadline, before + 1)
})

test('what was read for peers that do not read it is bounded over all connections, what they share counted once', async (t) => {
  const shared = new Uint8Array(total)
  const handler: HttpHandler = (req, res) => {
    const body = req.url === '/shared' ? shared : new Uint8Array(total)
    sendMedia(req, res, { chunks: [body], total, isStored: true }, 60_000)
    return true
  }
  const { port } = await startServer(t, [handler])
  const ask = async (path: string) => {
    const socket = await openSocket(t, port)
    socket.pause()
    socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`)
    return socket
  }
  // As if others held all but room for two.
  const others = limits.storedBytes - 2.5 * total
  outboxFigures.storedBytes += others
  t.after(() => (outboxFigures.storedBytes -= others))
  const first = await ask('/')
  for (let i = 0; i < 3; i++) await ask('/shared')
  await until(() => outboxFigures.pendingAnswers === 4)
  assert.equal(outboxFigures.storedBytes, others + 2 * total)
  const before = outboxFigures.overStored
  const refused = await get(port, '/')
  assert.equal(refused.status, 503)
  assert.match(String(refused.body), /"code":"busy"/)
  assert.equal(outboxFigures.overStored, before + 1)
  assert.equal((await get(port, '/', { method: 'HEAD' })).status, 200)
  // What is held already costs nothing more.
  assert.equal((await get(port, '/shared')).body.byteLength, total)
  first.destroy()
  await until(() => outboxFigures.storedBytes === others + total)
  assert.equal((await get(port, '/')).status, 200)
  await until(() => outboxFigures.storedBytes === others + total)
})

test('over HTTP/2 what was read counts until its stream is over, however that comes', async (t) => {
  const handler: HttpHandler = (req, res) => {
    sendMedia(req, res, { chunks: [new Uint8Array(total)], total, isStored: true }, req.url === '/late' ? 300 : 20_000)
    return true
  }
  const { port } = await startServer(t, [handler], { tls: testTls })
  const session = openSession(t, port)
  const ask = (path: string) => {
    const stream = session.request({ ':path': path }, { endStream: true })
    stream.on('error', () => {})
    stream.pause()
    return stream
  }
  const left = ask('/')
  await until(() => outboxFigures.storedBytes === total)
  // As browsers do.
  left.close(constants.NGHTTP2_CANCEL)
  await until(() => outboxFigures.storedBytes === 0)
  ask('/late')
  await until(() => outboxFigures.storedBytes === total)
  await until(() => outboxFigures.storedBytes === 0)
  // One more than the budget of the connection takes.
  for (let i = 0; i < 2; i++) ask('/')
  await until(() => outboxFigures.overBudget > 0 && outboxFigures.storedBytes === total)
  session.destroy()
  await until(() => outboxFigures.storedBytes === 0)
})

test('a slow peer that does read gets everything, and is not cut off', async (t) => {
  const { port } = await startServer(t, [serveBig(60_000)])
  const before = outboxFigures.overDeadline
  const socket = await openSocket(t, port)
  let got = 0
  let wasPending = false
  socket.on('data', (chunk: Buffer) => {
    got += chunk.byteLength
    wasPending ||= outboxFigures.pendingAnswers === 1
    socket.pause()
    // 64 kB at a time: about half a second for all of it.
    setTimeout(() => socket.resume(), 1)
  })
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await until(() => got > total)
  assert.equal(wasPending, true)
  await until(() => outboxFigures.pendingAnswers === 0)
  assert.equal(outboxFigures.overDeadline, before)
})

test('whoever sends requests ahead and reads nothing costs one answer, until its deadline', async (t) => {
  let made = 0
  const handler: HttpHandler = (req, res) => {
    made++
    // Of their own, unlike live media, so that each would cost as much again.
    sendMedia(req, res, { chunks: [new Uint8Array(total)], total }, 300)
    return true
  }
  const { port } = await startServer(t, [handler])
  const before = outboxFigures.overDeadline
  const socket = await openSocket(t, port)
  socket.pause()
  const memory = process.memoryUsage()
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(200))
  await until(() => outboxFigures.pendingAnswers === 1)
  await until(() => outboxFigures.overDeadline === before + 1)
  assert.equal(made, 1)
  const grown = process.memoryUsage().arrayBuffers - memory.arrayBuffers
  assert.ok(grown < total + 8 * 1024 * 1024, `grown by ${grown}`)
  await until(() => outboxFigures.pendingAnswers === 0)
})

test('streams beyond the budget of a connection are ended', async (t) => {
  const { port } = await startServer(t, [serveBig(2_000)], { tls: testTls })
  const session = openSession(t, port)
  const before = outboxFigures.overBudget
  let ended = 0
  for (let i = 0; i < 4; i++) {
    const stream = session.request({ ':path': '/' }, { endStream: true })
    stream.on('error', () => {})
    stream.on('close', () => ended++)
    stream.pause()
  }
  await until(() => outboxFigures.overBudget > before && ended > 0)
  assert.ok(outboxFigures.pendingBytes <= limits.connectionBytes + total)
})

test('a connection that a reverse proxy shares among its viewers may have many answers that are not taken', async (t) => {
  const some: HttpHandler = (req, res) => {
    sendMedia(req, res, { chunks: [megabyte.subarray(0, 200_000)], total: 200_000 }, 20_000)
    return true
  }
  const asked = 3 * limits.connectionAnswers
  for (const isProxy of [false, true]) {
    const { port } = await startServer(t, [some], { tls: testTls, shares: () => isProxy })
    const session = openSession(t, port)
    const before = outboxFigures.overBudget
    let answered = 0
    for (let i = 0; i < asked; i++) {
      const stream = session.request({ ':path': '/' }, { endStream: true })
      stream.on('error', () => {})
      stream.on('response', () => answered++)
      stream.pause()
    }
    if (isProxy) await until(() => answered === asked, 20_000)
    else await until(() => outboxFigures.overBudget > before, 20_000)
    assert.equal(outboxFigures.overBudget > before, !isProxy)
    session.destroy()
    await until(() => outboxFigures.pendingAnswers === 0, 20_000)
  }
})

test('where very many answers are not taken, one connection may have few of them', async (t) => {
  const { port } = await startServer(t, [serveBig(2_000)], { tls: testTls })
  const session = openSession(t, port)
  const others = limits.totalAnswers
  outboxFigures.pendingAnswers += others
  t.after(() => (outboxFigures.pendingAnswers -= others))
  const before = outboxFigures.overBudget
  let refused = 0
  for (let i = 0; i < limits.crowdedAnswers + 2; i++) {
    const stream = session.request({ ':path': '/' }, { endStream: true })
    stream.on('error', () => {})
    stream.on('close', () => refused++)
    stream.pause()
  }
  await until(() => outboxFigures.overBudget > before && refused > 0)
  assert.ok(outboxFigures.pendingAnswers - others <= limits.crowdedAnswers)
})

test('over TLS a peer that does not read costs a slice of ciphertext, not the body', async (t) => {
  const { port } = await startServer(t, [serveBig(400)], { tls: testTls })
  const session = openSession(t, port)
  const memory = process.memoryUsage()
  const stream = session.request({ ':path': '/' })
  stream.on('error', () => {})
  stream.pause()
  await until(() => outboxFigures.pendingAnswers === 1)
  await new Promise((resolve) => setTimeout(resolve, 100))
  const now = process.memoryUsage()
  const grown = now.external + now.arrayBuffers - memory.external - memory.arrayBuffers
  assert.ok(grown < 6 * 1024 * 1024, `grown by ${grown}`)
  await until(() => outboxFigures.pendingAnswers === 0)
  // The stream is gone, the session lives.
  assert.equal(session.destroyed, false)
})

test('over TLS and HTTP/2 big bodies arrive whole', async (t) => {
  const { port } = await startServer(t, [serveBig(10_000)], { tls: testTls })
  const answer = await get2(openSession(t, port), '/', { headers: { range: 'bytes=1000000-9999999' } })
  assert.equal(answer.status, 206)
  assert.equal(answer.body.byteLength, 9_000_000)
  assert.ok(answer.body.every((b) => b === 7))
})

test('a stream is pulled as the peer takes it, and closed when the peer leaves', async (t) => {
  let pulled = 0
  let closed = false
  const handler: HttpHandler = (req, res) => {
    void sendStream(
      req,
      res,
      {
        total,
        async *open() {
          try {
            for (const chunk of big) {
              pulled++
              yield chunk
            }
          } finally {
            closed = true
          }
        },
      },
      mediaHeaders,
    )
    return true
  }
  const { port } = await startServer(t, [handler])
  const socket = await openSocket(t, port)
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await until(() => pulled > 0)
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.ok(pulled < big.length, `${pulled} pulled`)
  socket.destroy()
  await until(() => closed)
  pulled = 0
  assert.equal((await get(port, '/')).body.byteLength, total)
})

test('streams that are pulled at a time are bounded, for each holds what its peer has not taken', async (t) => {
  const handler: HttpHandler = (req, res) => {
    const open = async function* () {
      for (const chunk of big) yield chunk
    }
    void sendStream(req, res, { total, open }, mediaHeaders)
    return true
  }
  const { port } = await startServer(t, [handler])
  const others = limits.downloads - 1
  outboxFigures.downloads += others
  t.after(() => (outboxFigures.downloads -= others))
  const socket = await openSocket(t, port)
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await until(() => outboxFigures.downloads === limits.downloads)
  const refused = await get(port, '/')
  assert.equal(refused.status, 503)
  assert.match(String(refused.body), /"code":"busy"/)
  assert.equal((await get(port, '/', { method: 'HEAD' })).status, 200)
  socket.destroy()
  await until(() => outboxFigures.downloads === others)
  assert.equal((await get(port, '/')).body.byteLength, total)
  await until(() => outboxFigures.downloads === others)
})

for (const tls of [false, true]) {
  test(`who leaves while the next bytes are read closes what they are read from, ${tls ? 'over HTTP/2 too' : 'on HTTP/1.1'}`, async (t) => {
    const gate = Promise.withResolvers<void>()
    let isClosed = false
    let isGone = false
    const handler: HttpHandler = (req, res) => {
      res.once('close', () => (isGone = true))
      const open = async function* () {
        try {
          yield megabyte
          await gate.promise
          yield megabyte
        } finally {
          isClosed = true
        }
      }
      void sendStream(req, res, { total: 2 * megabyte.byteLength, open }, mediaHeaders)
      return true
    }
    const { port } = await startServer(t, [handler], tls ? { tls: testTls } : {})
    const leaving = tls ? openSession(t, port).request({ ':path': '/' }) : await openSocket(t, port)
    leaving.on('error', () => {})
    let got = 0
    leaving.on('data', (chunk: Buffer) => (got += chunk.byteLength))
    if (!tls) leaving.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => got >= megabyte.byteLength)
    leaving.destroy()
    await until(() => isGone)
    gate.resolve()
    await until(() => isClosed)
  })
}

test('a stream that fails or ends early cuts the connection rather than look whole', async (t) => {
  const handler: HttpHandler = (req, res) => {
    const open = async function* () {
      yield megabyte
      if (req.url === '/fails') throw new TypeError('disk')
    }
    void sendStream(req, res, { total: 2 * megabyte.byteLength, open }, mediaHeaders)
    return true
  }
  const { port } = await startServer(t, [handler])
  await assert.rejects(get(port, '/fails'))
  await assert.rejects(get(port, '/short'))
})
