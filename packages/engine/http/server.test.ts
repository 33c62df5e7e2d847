import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { EngineError } from '../error.ts'
import { readBody } from './body.ts'
import { tellLength } from './general-requests.ts'
import { limits } from './limits.ts'
import type { HttpHandler } from './message.ts'
import { createHttpServer } from './server.ts'
import { get, get2, openSession, openSocket, renewedTls, startServer, testTls, until } from './testing.ts'

test('asks handlers in order and gives the rest to the fallback', async (t) => {
  const { port } = await startServer(t, [
    (req, res) => req.url === '/a' && (res.writeHead(200, []), res.end(Buffer.from('a')), true),
    (req, res) => req.url === '/b' && (res.writeHead(200, []), res.end(Buffer.from('b')), true),
  ])
  assert.equal(String((await get(port, '/a')).body), 'a')
  assert.equal(String((await get(port, '/b')).body), 'b')
  assert.equal((await get(port, '/c')).status, 404)
})

test('a handler that throws costs its connection, not the server', async (t) => {
  const errors: unknown[] = []
  const boom = new TypeError('boom')
  const handler = (req: { url?: string | undefined }) => {
    if (req.url === '/boom') throw boom
    return false
  }
  for (const tls of [undefined, testTls]) {
    const { port } = await startServer(t, [handler], { onError: (e) => errors.push(e), ...(tls && { tls }) })
    if (tls === undefined) {
      await assert.rejects(get(port, '/boom'))
      assert.equal((await get(port, '/')).status, 404)
    } else {
      const session = openSession(t, port)
      await get2(session, '/boom').catch(() => undefined)
      assert.equal((await get2(session, '/')).status, 404)
    }
  }
  assert.deepEqual(errors, [boom, boom])
})

test('with a certificate it speaks HTTP/2 and, to who does not, HTTP/1.1', async (t) => {
  const { port } = await startServer(t, [], { tls: testTls })
  assert.equal((await get2(openSession(t, port), '/')).status, 404)
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: testTls.cert,
    ALPNProtocols: ['http/1.1'],
  })
  t.after(() => socket.destroy())
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk))
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await until(() => received.includes('}'))
  assert.match(received, /^HTTP\/1\.1 404/)
})

test('a certificate that is renewed is shown from then on, and connections that are open stay', async (t) => {
  const { port, server } = await startServer(t, [], { tls: testTls })
  const shown = async () => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] })
    t.after(() => socket.destroy())
    await once(socket, 'secureConnect')
    return [socket.getPeerX509Certificate()?.fingerprint256, socket.alpnProtocol]
  }
  const session = openSession(t, port)
  assert.equal((await get2(session, '/')).status, 404)
  assert.deepEqual(await shown(), [new X509Certificate(testTls.cert).fingerprint256, 'h2'])
  server.renew(renewedTls)
  assert.deepEqual(await shown(), [new X509Certificate(renewedTls.cert).fingerprint256, 'h2'])
  assert.equal((await get2(session, '/')).status, 404)
})

test('hands upgrades over, under either kind of server', async (t) => {
  for (const tls of [undefined, testTls]) {
    const { port } = await startServer(t, [], {
      ...(tls && { tls }),
      upgrade: (req, socket) => {
        if (req.url !== '/chat') return false
        socket.end(`HTTP/1.1 101 Switching Protocols\r\nX-Url: ${req.url}\r\n\r\n`)
        return true
      },
    })
    const socket =
      tls === undefined
        ? await openSocket(t, port)
        : connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: tls.cert, ALPNProtocols: ['http/1.1'] })
    t.after(() => socket.destroy())
    let received = ''
    socket.on('data', (chunk: Buffer) => (received += chunk))
    socket.write('GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    await until(() => received.includes('X-Url: /chat'))
  }
})

test('an offer of another protocol is an ordinary request, and a WebSocket that nobody takes is not there', async (t) => {
  for (const tls of [undefined, testTls]) {
    const { port } = await startServer(t, [], { ...(tls && { tls }), upgrade: () => false })
    const ask = async (protocol: string) => {
      const socket =
        tls === undefined
          ? await openSocket(t, port)
          : connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: tls.cert, ALPNProtocols: ['http/1.1'] })
      t.after(() => socket.destroy())
      let received = ''
      socket.on('data', (chunk: Buffer) => (received += chunk))
      socket.write(`GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`)
      await until(() => received.includes('}'))
      return received
    }
    // What curl --http2 and Java's client send.
    assert.match(await ask('h2c'), /^HTTP\/1\.1 404.*\r\nConnection: keep-alive/s)
    assert.match(await ask('WebSocket'), /^HTTP\/1\.1 404.*problem\+json.*"not-found"/s)
  }
})

test('malformed and oversized requests get a problem and are closed', async (t) => {
  const { port } = await startServer(t, [])
  const table: [string, RegExp][] = [
    ['NONSENSE\r\n\r\n', /^HTTP\/1\.1 400/],
    ['GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', /^HTTP\/1\.1 400/],
    [`GET / HTTP/1.1\r\nHost: h\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431/],
    [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: h\r\n\r\n`, /^HTTP\/1\.1 431/],
  ]
  for (const [bytes, expected] of table) {
    const socket = await openSocket(t, port)
    let received = ''
    let closed = false
    socket.on('data', (chunk: Buffer) => (received += chunk))
    socket.on('close', () => (closed = true))
    socket.write(bytes)
    await until(() => closed)
    assert.match(received, expected)
    assert.match(received, /application\/problem\+json/)
  }
})

test('a request without a host, with two or with one that is none is refused, on either path and for a WebSocket', async (t) => {
  const handler: HttpHandler = (req, res) => {
    if (req.url !== '/direct') return false
    res.writeHead(200, ['Content-Length', '0'])
    res.end()
    return true
  }
  const { port } = await startServer(t, [handler], { upgrade: (_req, socket) => (socket.end('taken'), true) })
  const ask = async (head: string) => {
    const socket = await openSocket(t, port)
    let received = ''
    let closed = false
    socket.on('data', (chunk: Buffer) => (received += chunk))
    socket.on('close', () => (closed = true))
    socket.write(`${head}\r\n\r\n`)
    await until(() => received !== '')
    return { received, closed: () => until(() => closed) }
  }
  const webSocket = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  for (const [path, more] of [
    ['/direct', ''],
    ['/general', ''],
    ['/socket', webSocket],
  ]) {
    for (const fields of [
      'X: y',
      'Host: a\r\nHost: a',
      'Host: a\r\nHost: b',
      'Host: a b<>',
      'Host: a/b',
      'Host: u@a',
      'Host: a:b',
      'Host: a:65536',
      'Host: 256.0.0.1',
    ]) {
      const { received, closed } = await ask(`GET ${path} HTTP/1.1\r\n${more}${fields}`)
      assert.match(received, /^HTTP\/1\.1 400 .*application\/problem\+json.*"code":"bad-request"/s, `${path} ${fields}`)
      await closed()
    }
  }
  for (const host of ['a.example:8080', '192.0.2.1', '[2001:db8::1]:80', 'under_score', '']) {
    assert.match((await ask(`GET /direct HTTP/1.1\r\nHost: ${host}`)).received, /^HTTP\/1\.1 200/)
    assert.match((await ask(`GET /general HTTP/1.1\r\nHost: ${host}`)).received, /^HTTP\/1\.1 404/)
  }
  assert.match((await ask('GET /general HTTP/1.0')).received, /^HTTP\/1\.1 404/)
  assert.match((await ask('GET /general HTTP/1.0\r\nHost: a\r\nHost: b')).received, /^HTTP\/1\.1 400/)
})

test('requests sent ahead to the fallback are few at a time: who sends more is cut off, others are served', async (t) => {
  const waiting: (() => void)[] = []
  let asked = 0
  const { port } = await startServer(t, [], {
    fallback(req, res) {
      if (req.url === '/other') return void res.end('served')
      asked++
      waiting.push(() => res.end('late'))
    },
    // No room is left unless that of the connection that is cut comes back.
    limits: { generalRequests: 2 * limits.requestsAhead },
  })
  const polite = await openSocket(t, port)
  let received = ''
  polite.on('data', (chunk: Buffer) => (received += chunk))
  polite.write('GET /page HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(limits.requestsAhead))
  await until(() => asked === limits.requestsAhead)
  const rude = await openSocket(t, port)
  let closed = false
  rude.on('close', () => (closed = true))
  rude.write('GET /page HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(1_000))
  await until(() => closed)
  assert.equal(asked, 2 * limits.requestsAhead)
  assert.equal(String((await get(port, '/other')).body), 'served')
  for (const answer of waiting) answer()
  await until(() => received.split('late').length - 1 === limits.requestsAhead)
  // One after the other there may be as many as there will.
  for (let i = 1; i <= 2 * limits.requestsAhead; i++) {
    polite.write('GET /other HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => received.split('served').length - 1 === i)
  }
})

test('where very many requests are in the works the fallback says that it is busy', async (t) => {
  const waiting: (() => void)[] = []
  const { port } = await startServer(t, [], {
    fallback: (_req, res) => void waiting.push(() => res.end()),
    limits: { generalRequests: 2 },
  })
  const first = [get(port, '/'), get(port, '/')]
  await until(() => waiting.length === 2)
  const { status, headers, body } = await get(port, '/')
  assert.equal(status, 503)
  assert.equal(headers['retry-after'], '1')
  assert.equal(JSON.parse(String(body)).code, 'busy')
  for (const answer of waiting.splice(0)) answer()
  await Promise.all(first)
  const again = get(port, '/')
  await until(() => waiting.length === 1)
  waiting[0]?.()
  assert.equal((await again).status, 200)
})

test('plain HTTP on the TLS port is told what the port takes; TLS on the plain port is closed', async (t) => {
  const refused: string[] = []
  const onRefused = (remote: string, reason: string) => refused.push(`${remote} ${reason}`)
  const exchange = async (port: number, bytes: string | Buffer) => {
    const socket = await openSocket(t, port)
    let received = ''
    let closed = false
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    socket.on('close', () => (closed = true))
    socket.write(bytes)
    await until(() => closed)
    return received
  }
  const secure = await startServer(t, [], { tls: testTls, onRefused })
  const body = `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n${'a'.repeat(60_000)}`
  for (const request of ['GET / HTTP/1.1\r\nHost: h\r\n\r\n', 'HEAD / HTTP/1.0\r\n\r\n', body]) {
    const answer = await exchange(secure.port, request)
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\nContent-Type: text\/plain/)
    assert.match(answer, /Connection: close\r\n\r\nThis port takes HTTPS: .*https:\/\//)
  }
  // Neither: there is nothing to say that it would understand.
  assert.doesNotMatch(await exchange(secure.port, '\u0003nonsense'), /HTTP/)
  assert.deepEqual(refused.splice(0), Array(3).fill('127.0.0.1 plain-on-tls'))
  await until(() => secure.server.connections() === 0)

  const plain = await startServer(t, [], { onRefused })
  const hello = Buffer.from('16030100c8010000c40303', 'hex')
  assert.equal(await exchange(plain.port, Buffer.concat([hello, Buffer.alloc(200)])), '')
  assert.deepEqual(refused, ['127.0.0.1 tls-on-plain'])
  assert.equal((await get(plain.port, '/')).status, 404)
})

test('connections beyond the total are turned away and said', async (t) => {
  const refused: string[] = []
  const onRefused = (remote: string, reason: string) => refused.push(`${remote} ${reason}`)
  const { port } = await startServer(t, [], { limits: { connections: 1 }, onRefused })
  await openSocket(t, port)
  ;(await openSocket(t, port)).resume()
  await until(() => refused.length > 0)
  assert.deepEqual(refused, ['127.0.0.1 connections'])
})

test('connections of one address are bounded, and room comes back', async (t) => {
  const refused: string[] = []
  const onRefused = (remote: string, reason: string) => refused.push(`${remote} ${reason}`)
  const { port, server } = await startServer(t, [], { limits: { connectionsPerAddress: 2 }, onRefused })
  const one = await openSocket(t, port)
  await openSocket(t, port)
  await until(() => server.connections() === 2)
  const three = await openSocket(t, port)
  let closed = false
  three.on('close', () => (closed = true))
  three.resume()
  await until(() => closed)
  assert.deepEqual(refused, ['127.0.0.1 connections-per-address'])
  one.destroy()
  await until(() => server.connections() === 1)
  assert.equal((await get(port, '/')).status, 404)
})

test('an address in use is said so', async (t) => {
  const { port } = await startServer(t, [])
  const second = createHttpServer({ handlers: [], fallback: () => {} })
  await assert.rejects(second.listen(port, '127.0.0.1'), (e) => e instanceof EngineError && e.code === 'address-in-use')
})

test('closing lets answers finish, and cuts what is left at the deadline', async (t) => {
  for (const tls of [undefined, testTls]) {
    let asked = 0
    let answer = () => {}
    const { port, server } = await startServer(
      t,
      [
        (req, res) => {
          asked++
          if (req.url === '/slow') answer = () => (res.writeHead(200, []), res.end())
          return true
        },
      ],
      tls && { tls },
    )
    const request = (path: string) => (tls === undefined ? get(port, path) : get2(openSession(t, port), path))
    const idle = await openSocket(t, port)
    idle.resume()
    const slow = request('/slow')
    const never = request('/never').then(
      () => 'answered',
      () => 'cut',
    )
    await until(() => server.connections() === 3 && asked === 2)
    const started = performance.now()
    const closing = server.close(1_000)
    // Not by the clock: after a pause of the process it would be answered and cut in one turn.
    setImmediate(() => answer())
    await closing
    assert.equal((await slow).status, 200)
    if (tls === undefined) assert.equal(await never, 'cut')
    assert.ok(performance.now() - started < 10_000)
    await until(() => server.connections() === 0)
  }
})

test('an answer that nobody takes is cut, and its place is free again', async (t) => {
  const { port } = await startServer(t, [], {
    fallback(req, res) {
      res.end(req.url === '/large' ? Buffer.alloc(64 * 1024 * 1024) : 'served')
    },
    limits: { generalRequests: 1, answerTimeout: 300 },
  })
  const rude = await openSocket(t, port)
  let isClosed = false
  rude.on('close', () => (isClosed = true))
  rude.on('error', () => {})
  rude.pause()
  rude.write('GET /large HTTP/1.1\r\nHost: h\r\n\r\n')
  // Its end is heard only where what came before it is read.
  const statusOfSmall = async () => (await get(port, '/small')).status
  while ((await statusOfSmall()) !== 503) await sleep(1)
  while ((await statusOfSmall()) !== 200) await sleep(20)
  rude.resume()
  await until(() => isClosed)
})

test('an answer whose length was told has time for it', async (t) => {
  const { port } = await startServer(t, [], {
    fallback(_req, res) {
      tellLength(res, 10_000 * limits.leastRate)
      setTimeout(() => res.end('late'), 500)
    },
    limits: { answerTimeout: 100 },
  })
  assert.equal(String((await get(port, '/')).body), 'late')
})

test('one address has its share of what is worked on; probes come besides, and a proxy has no share', async (t) => {
  const waiting: (() => void)[] = []
  const addresses = ['192.0.2.1']
  const { port } = await startServer(t, [], {
    fallback: (req, res) => void (req.url === '/page' ? waiting.push(() => res.end()) : res.end()),
    remoteOf: () => addresses[0] ?? '',
    shares: (address) => address === '192.0.2.9',
    limits: { generalPerAddress: 1, bodiesPerAddress: 1 },
  })
  const pages = [get(port, '/page')]
  await until(() => waiting.length === 1)
  assert.equal((await get(port, '/page')).status, 503)
  assert.equal((await get(port, '/healthz')).status, 200)
  const posted = get(port, '/page', { method: 'POST' })
  await until(() => waiting.length === 2)
  assert.equal((await get(port, '/page', { method: 'POST' })).status, 503)
  addresses[0] = '192.0.2.2'
  pages.push(posted, get(port, '/page'))
  await until(() => waiting.length === 3)
  addresses[0] = '192.0.2.9'
  pages.push(get(port, '/page'), get(port, '/page'))
  await until(() => waiting.length === 5)
  for (const answer of waiting) answer()
  for (const { status } of await Promise.all(pages)) assert.equal(status, 200)
})

test('a body over HTTP/2 that does not end is answered 408 and cut, whoever takes it', async (t) => {
  const bodies: unknown[] = []
  const { port } = await startServer(
    t,
    [
      (req) => {
        void readBody(req, 1_000).then((body) => bodies.push(body))
        return true
      },
    ],
    { tls: testTls, limits: { requestTimeout: 100 } },
  )
  const stream = openSession(t, port).request({ ':path': '/', ':method': 'POST' })
  const seen: { status?: unknown; isCut?: boolean } = {}
  stream.on('error', () => {})
  stream.on('response', (headers) => {
    seen.status = headers[':status']
    stream.resume()
  })
  stream.on('close', () => (seen.isCut = true))
  stream.write('x')
  await until(() => seen.isCut === true && bodies.length === 1, 10_000)
  assert.equal(seen.status, 408)
  assert.deepEqual(bodies, ['cut'])
})
