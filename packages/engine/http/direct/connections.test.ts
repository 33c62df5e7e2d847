import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer as createListener, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { limits } from '../limits.ts'
import type { HttpHandler, HttpResponse } from '../message.ts'
import { until } from '../testing.ts'
import { createDirectConnections } from './connections.ts'

/** Direct connections with a general server behind them, which answers `general` and the body that it was sent. */
async function start(t: TestContext, handlers: readonly HttpHandler[], now?: () => number) {
  const errors: unknown[] = []
  const general = createServer((req: IncomingMessage, res: ServerResponse) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => res.end(`general ${req.method} ${req.url} ${Buffer.concat(chunks).length}`))
  })
  const direct = createDirectConnections({
    handlers,
    handOver(socket, bytes) {
      general.emit('connection', socket)
      socket.unshift(bytes)
    },
    onError: (error) => errors.push(error),
    ...(now && { now }),
  })
  const open = new Set<Socket>()
  const listener = createListener({ allowHalfOpen: true }, (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    direct.accept(socket)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of open) socket.destroy()
    listener.close()
    general.closeAllConnections()
  })
  const client = async () => {
    const socket = connect((listener.address() as AddressInfo).port, '127.0.0.1')
    t.after(() => socket.destroy())
    const state = { text: '', closed: false }
    socket.on('data', (chunk: Buffer) => (state.text += chunk.toString('latin1')))
    socket.on('close', () => (state.closed = true))
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('connect', resolve))
    return { socket, state }
  }
  return { direct, errors, client, open }
}

const text = (res: HttpResponse, body: string) => {
  res.writeHead(200, ['Content-Length', String(body.length)])
  res.end(Buffer.from(body))
}
/** Answers `/d…` with its own address. */
const echo: HttpHandler = (req, res) => {
  if (req.url?.startsWith('/d') !== true) return false
  text(res, `direct ${req.url}`)
  return true
}
const request = (path: string, method = 'GET', more = '') => `${method} ${path} HTTP/1.1\r\nHost: h\r\n${more}\r\n`
const count = (whole: string, part: string) => whole.split(part).length - 1

test('answers on the bare connection, which stays', async (t) => {
  const { client } = await start(t, [echo])
  const { socket, state } = await client()
  socket.write(request('/d1'))
  await until(() => state.text.endsWith('direct /d1'))
  assert.match(
    state.text,
    /^HTTP\/1\.1 200 OK\r\nContent-Length: 10\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=65\r\n\r\n/,
  )
  socket.write(request('/d2'))
  await until(() => state.text.endsWith('direct /d2'))
})

test('HEAD has the length and no body', async (t) => {
  const { client } = await start(t, [echo])
  const { socket, state } = await client()
  socket.write(request('/d1', 'HEAD') + request('/d22'))
  await until(() => state.text.endsWith('direct /d22'))
  assert.match(
    state.text,
    /^HTTP\/1\.1 200 OK\r\nContent-Length: 10\r\n[^]*?\r\n\r\nHTTP\/1\.1 200 OK\r\nContent-Length: 11\r\n/,
  )
})

test('what no handler serves goes to the general server with its connection, for good', async (t) => {
  const { client } = await start(t, [echo])
  const { socket, state } = await client()
  socket.write(request('/d1'))
  await until(() => state.text.endsWith('direct /d1'))
  socket.write(request('/page') + request('/page2'))
  await until(() => state.text.includes('general GET /page 0') && state.text.includes('general GET /page2 0'))
  socket.write(request('/d2'))
  await until(() => state.text.includes('general GET /d2 0'))
})

test('a body that comes in many pieces reaches the general server whole', async (t) => {
  const { client } = await start(t, [echo])
  const { socket, state } = await client()
  socket.write(request('/d1') + request('/up', 'POST', 'Content-Length: 300000\r\n'))
  for (let i = 0; i < 30; i++) {
    socket.write(Buffer.alloc(10_000))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until(() => state.text.includes('general POST /up 300000'))
})

test('a head that comes byte by byte is answered too', async (t) => {
  const { client } = await start(t, [echo])
  const { socket, state } = await client()
  socket.setNoDelay(true)
  for (const byte of request('/d1')) {
    socket.write(byte)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until(() => state.text.includes('/d1'))
})

test('requests sent ahead are answered in their order, one at a time', async (t) => {
  const waiting: (() => void)[] = []
  let most = 0
  const { client } = await start(t, [
    (req, res) => {
      waiting.push(() => text(res, `<${req.url}>`))
      most = Math.max(most, waiting.length)
      return true
    },
  ])
  const { socket, state } = await client()
  socket.write(request('/1') + request('/2') + request('/3'))
  for (let i = 1; i <= 3; i++) {
    await until(() => waiting.length === 1)
    waiting.pop()?.()
    await until(() => state.text.includes(`</${i}>`))
  }
  assert.equal(most, 1)
})

test('who sends on and on while waiting is not listened to', async (t) => {
  let answer = () => {}
  const { client, open } = await start(t, [
    (_req, res) => {
      answer = () => text(res, 'done')
      return true
    },
  ])
  const { socket, state } = await client()
  socket.write(request('/1'))
  await until(() => open.size === 1)
  const [held] = open
  for (let i = 0; i < 1_000; i++) socket.write(request(`/${'a'.repeat(10_000)}`))
  await until(() => held?.isPaused() === true)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok((held?.bytesRead ?? 0) < 1_000_000, `${held?.bytesRead} bytes taken`)
  answer()
  await until(() => count(state.text, 'done') === 1)
})

test('a connection is handed over once, with all that was sent ahead, when nothing of its answers is left', async (t) => {
  let answer: (() => void) | undefined
  const { client } = await start(t, [
    (req, res) => {
      if (req.url !== '/big') return false
      answer = () => {
        res.writeHead(200, ['Content-Length', '20000000'])
        res.end(Buffer.alloc(20_000_000))
      }
      return true
    },
  ])
  const { socket, state } = await client()
  let received = 0
  socket.on('data', (chunk: Buffer) => (received += chunk.length))
  socket.write(request('/big') + request('/post', 'POST', 'Content-Length: 40000\r\n') + 'p'.repeat(40_000))
  await until(() => answer !== undefined)
  socket.pause()
  answer?.()
  await new Promise((resolve) => setTimeout(resolve, 30))
  socket.resume()
  await until(() => state.text.endsWith('general POST /post 40000'))
  assert.equal(count(state.text, 'HTTP/1.1'), 2)
})

test('hundreds of requests sent ahead are answered a few in each turn of the event loop', async (t) => {
  let inTurn = 0
  let most = 0
  const { client } = await start(t, [
    (req, res) => {
      if (inTurn++ === 0) setImmediate(() => (inTurn = 0))
      most = Math.max(most, inTurn)
      text(res, `<${req.url}>`)
      return true
    },
  ])
  const { socket, state } = await client()
  socket.write(request('/').repeat(300))
  await until(() => count(state.text, '</>') === 300)
  assert.ok(most <= 2 * limits.requestsAtOnce, `${most} in one turn`)
})

test('whoever sends requests ahead and never reads is not served without end', async (t) => {
  let served = 0
  const { client, open } = await start(t, [
    (_req, res) => {
      served++
      // Few of them fill what both ends of the connection take in.
      res.writeHead(404, ['Content-Length', '10000'])
      res.end(Buffer.alloc(10_000))
      return true
    },
  ])
  const { socket } = await client()
  socket.pause()
  await until(() => open.size === 1)
  const [held] = open
  // Whole heads in each chunk: a cut one would be handed over.
  const heads = Buffer.from(request('/').repeat(300))
  const write = () => {
    while (socket.write(heads));
  }
  socket.on('drain', write)
  write()
  let before = -1
  await until(() => {
    const still = before === served && (held?.writableLength ?? 0) > 0
    before = served
    return still
  })
  assert.ok((held?.writableLength ?? 0) < 100_000, `${held?.writableLength} bytes are kept`)
})

test('a peer that leaves while it waits is told to who serves it', async (t) => {
  let closed = 0
  const { client } = await start(t, [(_req, res) => (res.on('close', () => closed++), true)])
  const { socket } = await client()
  socket.write(request('/1'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  socket.destroy()
  await until(() => closed === 1)
})

test('an answer is finished when the kernel has all of it, and lost when the peer goes before', async (t) => {
  const events: string[] = []
  const handler: HttpHandler = (_req, res) => {
    res.on('finish', () => events.push('finish'))
    res.on('close', () => events.push('close'))
    res.writeHead(200, [])
    res.end(Buffer.alloc(20_000_000))
    events.push(`finished: ${res.writableFinished}`)
    return true
  }
  const { client } = await start(t, [handler])
  const one = await client()
  one.socket.pause()
  one.socket.write(request('/1'))
  await until(() => events.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.deepEqual(events, ['finished: false'])
  one.socket.resume()
  await until(() => events.length === 3)
  assert.deepEqual(events.splice(0), ['finished: false', 'finish', 'close'])
  const two = await client()
  two.socket.pause()
  two.socket.write(request('/1'))
  await until(() => events.length === 1)
  two.socket.resetAndDestroy()
  await until(() => events.length === 2)
  assert.deepEqual(events, ['finished: false', 'close'])
})

test('a body of unknown length is chunked, and its connection stays', async (t) => {
  const { client } = await start(t, [
    (_req, res) => {
      res.writeHead(200, [])
      res.write(Buffer.from('one '))
      setImmediate(() => (res.write(Buffer.from('two ')), res.end(Buffer.from('three'))))
      return true
    },
  ])
  const { socket, state } = await client()
  socket.write(request('/') + request('/', 'HEAD') + request('/'))
  await until(() => count(state.text, '0\r\n\r\n') === 2)
  const [first = '', head = '', second = ''] = state.text.split('HTTP/1.1 200 OK\r\n').slice(1)
  assert.match(
    first,
    /^Transfer-Encoding: chunked\r\nDate: [^]*\r\n\r\n4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n$/,
  )
  assert.match(head, /^Transfer-Encoding: chunked\r\n[^]*\r\n\r\n$/)
  assert.doesNotMatch(head, /two/)
  assert.ok(second.endsWith('three\r\n0\r\n\r\n'))
})

test('a handler that throws costs its connection only', async (t) => {
  const { client, errors } = await start(t, [
    (req) => {
      if (req.url === '/boom') throw new TypeError('boom')
      return false
    },
    echo,
  ])
  const one = await client()
  one.socket.write(request('/boom'))
  await until(() => one.state.closed)
  assert.equal(errors.length, 1)
  const two = await client()
  two.socket.write(request('/d1'))
  await until(() => two.state.text.includes('direct /d1'))
})

test('idle connections are cut, those who wait are not', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let time = 0
  let asked = 0
  const { client, open } = await start(t, [() => ++asked > 0], () => time)
  const silent = await client()
  const waits = await client()
  waits.socket.write(request('/'))
  await until(() => open.size === 2 && asked === 1)
  time = limits.headersTimeout + 1
  t.mock.timers.tick(2_000)
  await until(() => silent.state.closed)
  time = 10 * limits.keepAliveTimeout
  t.mock.timers.tick(2_000)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(waits.state.closed, false)
})

test('closing ends who is idle at once, and who waits with the answer', async (t) => {
  let asked = 0
  let answer = () => {}
  const { client, direct } = await start(t, [
    (req, res) => {
      asked++
      answer = () => text(res, 'late')
      if (req.url === '/idle') text(res, 'early')
      return true
    },
  ])
  const idle = await client()
  idle.socket.write(request('/idle'))
  await until(() => idle.state.text.endsWith('early'))
  const waits = await client()
  waits.socket.write(request('/'))
  await until(() => asked === 2)
  direct.close()
  await until(() => idle.state.closed)
  assert.equal(waits.state.closed, false)
  answer()
  await until(() => waits.state.closed)
  assert.match(waits.state.text, /\r\nConnection: close\r\n\r\nlate$/)
})
