import assert from 'node:assert/strict'
import dns from 'node:dns'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createHlsClient } from './client.ts'

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('an answer is read with its version, where redirects have led, and in ranges', async (t) => {
  const origin = await serve(t, (req, res) => {
    if (req.url === '/a') res.writeHead(302, { location: '/b/c' }).end()
    else if (req.headers.range === 'bytes=2-4') res.writeHead(206, { etag: '"v"' }).end('234')
    else res.writeHead(200, { etag: '"v"' }).end('0123456789')
  })
  const client = createHlsClient(origin)
  t.after(() => client.close())
  const whole = await client.get(`${origin}/a`, { limit: 100 })
  assert.ok(whole.kind === 'read')
  assert.deepEqual(
    [whole.url, whole.version, Buffer.from(whole.bytes).toString()],
    [`${origin}/b/c`, '"v"', '0123456789'],
  )
  const part = await client.get(`${origin}/b`, { limit: 100, range: { start: 2, length: 3 } })
  assert.ok(part.kind === 'read' && Buffer.from(part.bytes).toString() === '234')
  // A server that knows no ranges sends all of it.
  const all = await client.get(`${origin}/b`, { limit: 100, range: { start: 7, length: 2 } })
  assert.ok(all.kind === 'read' && Buffer.from(all.bytes).toString() === '78')
  assert.equal((await client.get(`${origin}/b`, { limit: 100, range: { start: 9, length: 2 } })).kind, 'missing')
})

test('answers that are too large, cut off, packed, refused or go round in circles are told in words', async (t) => {
  const origin = await serve(t, (req, res) => {
    if (req.url === '/round') res.writeHead(302, { location: '/round' }).end()
    else if (req.url === '/file') res.writeHead(302, { location: 'file:///etc/passwd' }).end()
    else if (req.url === '/large') res.writeHead(200).end('x'.repeat(101))
    else if (req.url === '/said') res.writeHead(200, { 'content-length': '1000000' }).end()
    else if (req.url === '/packed') res.writeHead(200, { 'content-encoding': 'gzip' }).end('x')
    else if (req.url === '/401') res.writeHead(401).end()
    else if (req.url === '/404') res.writeHead(404).end()
    else {
      res.writeHead(200, { 'content-length': '50' })
      res.write('x')
      setTimeout(() => res.destroy(), 20)
    }
  })
  const client = createHlsClient(origin)
  t.after(() => client.close())
  const table: [string, RegExp][] = [
    ['/round', /more than 5 redirects/],
    ['/file', /only http:\/\/ and https:\/\//],
    ['/large', /more than 100 bytes/],
    ['/said', /more than 100 bytes/],
    ['/packed', /compresses/],
    ['/401', /password/],
    ['/cut', /cut off|closed the connection|aborted/],
  ]
  for (const [path, reason] of table) {
    const answer = await client.get(`${origin}${path}`, { limit: 100 })
    assert.ok(answer.kind === 'failed' && reason.test(answer.reason), `${path}: ${JSON.stringify(answer)}`)
  }
  assert.equal((await client.get(`${origin}/404`, { limit: 100 })).kind, 'missing')
})

test('a server that is silent is not waited for', async (t) => {
  const origin = await serve(t, () => undefined)
  const client = createHlsClient(origin)
  t.after(() => client.close())
  const answer = await client.get(origin, { limit: 100, headMs: 100 })
  assert.ok(answer.kind === 'failed' && /in time/.test(answer.reason))
})

test('what a source on the internet names leads to nothing private', async (t) => {
  let asked = 0
  const origin = await serve(t, (_req, res) => {
    asked++
    res.end('secret')
  })
  const client = createHlsClient('https://stream.example/live.m3u8')
  t.after(() => client.close())
  const { port } = new URL(origin)
  for (const url of [
    origin,
    `http://localhost:${port}`,
    `http://[::1]:${port}`,
    `http://[::ffff:127.0.0.1]:${port}`,
    `http://2130706433:${port}`,
  ]) {
    const answer = await client.get(url, { limit: 100 })
    assert.ok(answer.kind === 'failed' && /private address/.test(answer.reason), `${url}: ${JSON.stringify(answer)}`)
  }
  assert.equal(asked, 0)
  // The owner may name a private address, and what that names is there too.
  const own = createHlsClient(origin)
  t.after(() => own.close())
  assert.equal((await own.get(origin, { limit: 100 })).kind, 'read')
  assert.equal((await own.get(`http://localhost:${port}`, { limit: 100 })).kind, 'read')
})

const systemLookup = dns.lookup

/** Makes every name lead to the addresses given. */
function resolveTo(t: TestContext, ...addresses: string[]): void {
  const answer = addresses.map((address) => ({ address, family: 4 }))
  const put = (lookup: unknown) => {
    Object.assign(dns, { lookup })
    syncBuiltinESMExports()
  }
  put((...args: unknown[]) => setImmediate(args.at(-1) as (error: null, found: typeof answer) => void, null, answer))
  t.after(() => put(systemLookup))
}

test('a public name that leads to a private address is not the owner’s network, at the first look either', async (t) => {
  let asked = 0
  const origin = await serve(t, (_req, res) => {
    asked++
    res.end('secret')
  })
  const { port } = new URL(origin)
  for (const addresses of [['127.0.0.1'], ['203.0.113.1', '127.0.0.1']]) {
    resolveTo(t, ...addresses)
    const client = createHlsClient(`http://stream.example:${port}/live.m3u8`)
    t.after(() => client.close())
    for (const url of [`http://stream.example:${port}/live.m3u8`, `http://other.example:${port}`, origin]) {
      const answer = await client.get(url, { limit: 100 })
      assert.ok(answer.kind === 'failed' && /private address/.test(answer.reason), `${url}: ${JSON.stringify(answer)}`)
    }
  }
  assert.equal(asked, 0)
  resolveTo(t, '127.0.0.1')
  for (const name of ['nas', 'nas.local', 'nas.lan.', 'nas.home.arpa']) {
    const own = createHlsClient(`http://${name}:${port}/live.m3u8`)
    t.after(() => own.close())
    assert.equal((await own.get(`http://${name}:${port}/live.m3u8`, { limit: 100 })).kind, 'read', name)
    assert.equal((await own.get(`http://other.example:${port}`, { limit: 100 })).kind, 'read', name)
  }
})

test('a public name may lead to a private address where a certificate is shown for it', async (t) => {
  let connected = 0
  // It has no certificate at all, as none that could be trusted here.
  const server = createTlsServer((_req, res) => res.end('secret'))
  server.on('connection', () => connected++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  resolveTo(t, '127.0.0.1')
  const client = createHlsClient(`https://stream.example:${port}/live.m3u8`)
  t.after(() => client.close())
  const answer = await client.get(`https://stream.example:${port}/live.m3u8`, { limit: 100 })
  assert.ok(answer.kind === 'failed' && !/private address/.test(answer.reason), JSON.stringify(answer))
  assert.equal(connected, 1)
  // It has not shown one: what it names stays out of reach.
  const named = await client.get(`http://other.example:${port}`, { limit: 100 })
  assert.ok(named.kind === 'failed' && /private address/.test(named.reason), JSON.stringify(named))
})

test('an answer that goes over to another protocol is a failure, and the server is asked again', async (t) => {
  let asked = 0
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      const isFirst = asked++ === 0
      const head = isFirst
        ? '101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x'
        : '200 OK\r\nContent-Length: 1'
      socket.write(`HTTP/1.1 ${head}\r\n\r\n${isFirst ? '' : 'x'}`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = createHlsClient(origin)
  t.after(() => client.close())
  const answer = await client.get(`${origin}/a`, { limit: 100 })
  assert.ok(answer.kind === 'failed')
  assert.match(answer.reason, /another protocol/)
  assert.equal((await client.get(`${origin}/a`, { limit: 100 })).kind, 'read')
})
