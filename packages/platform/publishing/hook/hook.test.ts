import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { HOOK_ANSWER_BYTES, HOOK_CALLS_PER_ADDRESS } from '../limits.ts'
import { createPublishHook, type HookQuestion } from './hook.ts'
import { signHook } from './signature.ts'

const secret = randomBytes(32)
const question: HookQuestion = {
  ...{
    channel: 'main',
    protocol: 'rtmp',
    remote: '192.0.2.1',
    encoder: 'obs',
    keyId: null,
    note: null,
    isSigned: false,
  },
}

/** A hook that asks the given server. */
async function ask(t: TestContext, server: ReturnType<typeof createServer>, timeoutMs = 20_000) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const logged: { readonly error: string }[] = []
  const line = (fields: object) => void logged.push(fields as { error: string })
  const hook = createPublishHook({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ask`,
    ...{ secret, timeoutMs, log: { debug: line, info: line, warn: line, error: line }, now: Date.now },
  })
  return { hook, logged }
}

const answering = (listener: (request: IncomingMessage, response: ServerResponse) => void) => createHttpServer(listener)
const says = (body: string, status = 200) =>
  answering((request, response) => {
    request.resume()
    response.writeHead(status, { location: '/ask' }).end(body)
  })
/** A server that is none of HTTP. */
const raw = (onSocket: (socket: Socket) => void) =>
  createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => onSocket(socket))
  })

test('the hook is told who asks, signed, and never the key', async (t) => {
  const seen: { headers: IncomingMessage['headers']; body: string }[] = []
  const { hook } = await ask(
    t,
    answering(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      seen.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
      response.end('{"allow":true}')
    }),
  )
  const verdict = await hook.ask({
    ...question,
    keyId: 'key_1',
    note: 'Ädä',
    encoder: 'x'.repeat(5000),
    isSigned: true,
  })
  assert.deepEqual(verdict, { channel: undefined })
  const [{ headers, body } = assert.fail()] = seen
  const { type, timestamp, data } = JSON.parse(body)
  assert.equal(type, 'channel.publish')
  assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 600_000)
  assert.deepEqual(data, {
    ...{ channel: 'main', protocol: 'rtmp', remote: '192.0.2.1', encoder: 'x'.repeat(100) },
    ...{ keyId: 'key_1', note: 'Ädä', signed: true },
  })
  const at = Number(headers['webhook-timestamp']) * 1000
  const expected = signHook(secret, String(headers['webhook-id']), at, body)
  assert.equal(headers['webhook-signature'], expected['webhook-signature'])
  assert.equal(hook.figures.allowed, 1)
})

test('no is told with its reason, and another channel is named', async (t) => {
  const no = await ask(t, says('{"allow":false,"reason":"the fee was not paid"}'))
  assert.deepEqual(await no.hook.ask(question), {
    refusal: { code: 'forbidden', reason: 'the fee was not paid' },
  })
  assert.equal(no.hook.figures.refused, 1)
  const other = await ask(t, says('{"allow":true,"channel":"second"}'))
  assert.deepEqual(await other.hook.ask(question), { channel: 'second' })
  assert.equal(other.hook.figures.redirected, 1)
})

const failing: Readonly<Record<string, readonly [server: () => ReturnType<typeof createServer>, why: RegExp]>> = {
  'an error': [() => says('{"allow":true}', 500), /answered 500/],
  'a redirect': [() => says('{"allow":true}', 307), /answered 307/],
  'what is no JSON': [() => says('<p>welcome'), /no JSON/],
  'too much': [() => says(`{"allow":true,"x":"${'x'.repeat(HOOK_ANSWER_BYTES)}"}`), /more than/],
  'another protocol': [
    () =>
      raw((socket) =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n{"allow":true}'),
      ),
    /101/,
  ],
  'what is no HTTP': [() => raw((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')), /Parse Error/],
  'an end without an answer': [() => raw((socket) => socket.end()), /hang up|closed/],
  'a part of an answer': [
    () => raw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"allow":true}')),
    /aborted|closed|terminated/,
  ],
  'a header without end': [
    () =>
      raw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nX: ')
        for (let i = 0; i < 100; i++) socket.write('x'.repeat(1024))
      }),
    /Header/i,
  ],
}
for (const [what, [server, why]] of Object.entries(failing)) {
  test(`a hook that answers ${what} lets nobody publish`, async (t) => {
    const { hook, logged } = await ask(t, server())
    const verdict = await hook.ask(question)
    assert.equal('refusal' in verdict && verdict.refusal.code, 'unavailable')
    assert.match(logged[0]?.error ?? '', why)
    assert.deepEqual([hook.figures.failed, hook.figures.running], [1, 0])
  })
}

const slow: Readonly<Record<string, () => ReturnType<typeof createServer>>> = {
  'nothing at all': () => createServer(() => {}),
  'a byte now and then': () =>
    raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n')
      const timer = setInterval(() => socket.write(' '), 20)
      socket.on('close', () => clearInterval(timer))
    }),
  'that it goes on, again and again': () =>
    raw((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 20)
      socket.on('close', () => clearInterval(timer))
    }),
}
for (const [what, server] of Object.entries(slow)) {
  test(`a hook that sends ${what} is given up when its time is over`, async (t) => {
    const { hook, logged } = await ask(t, server(), 300)
    const verdict = await hook.ask(question)
    assert.equal('refusal' in verdict && verdict.refusal.code, 'unavailable')
    assert.match(logged[0]?.error ?? '', /in time/)
    assert.equal(hook.figures.running, 0)
  })
}

test('a server that is not there lets nobody publish', async () => {
  const nowhere = createServer()
  await new Promise<void>((resolve) => nowhere.listen(0, '127.0.0.1', resolve))
  const { port } = nowhere.address() as AddressInfo
  await new Promise((resolve) => nowhere.close(resolve))
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const hook = createPublishHook({
    url: `http://127.0.0.1:${port}/`,
    secret,
    timeoutMs: 20_000,
    log: silent,
    now: Date.now,
  })
  assert.deepEqual(Object.keys(await hook.attempt(question)), ['fault'])
})

test('a hook is found by its name, by many who ask at once', async (t) => {
  const server = says('{"allow":true}')
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  t.after(() => server.close())
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`
  const hook = createPublishHook({ url, secret, timeoutMs: 20_000, log: silent, now: Date.now })
  const verdicts = await Promise.all(Array.from({ length: 5 }, () => hook.ask(question)))
  for (const verdict of verdicts) assert.deepEqual(verdict, { channel: undefined })
  const nowhere = createPublishHook({
    url: 'http://hook.invalid/',
    secret,
    timeoutMs: 20_000,
    log: silent,
    now: Date.now,
  })
  // Where no name server answers, the time is over first.
  for (const answer of await Promise.all([nowhere.attempt(question), nowhere.attempt(question)]))
    assert.match('fault' in answer ? answer.fault : '', /hook\.invalid|in time/)
})

test('encoders of one address wait for each other, and those of another do not wait for them', async (t) => {
  const held: ServerResponse[] = []
  const { hook } = await ask(
    t,
    answering((request, response) => {
      request.resume()
      if (held.length < HOOK_CALLS_PER_ADDRESS) held.push(response)
      else response.end('{"allow":true}')
    }),
  )
  const crowd = Array.from({ length: HOOK_CALLS_PER_ADDRESS + 3 }, () => hook.ask(question))
  while (held.length < HOOK_CALLS_PER_ADDRESS) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual([hook.figures.running, hook.figures.waiting], [HOOK_CALLS_PER_ADDRESS, 3])
  assert.deepEqual(await hook.ask({ ...question, remote: '192.0.2.2' }), { channel: undefined })
  for (const response of held) response.end('{"allow":true}')
  for (const verdict of await Promise.all(crowd)) assert.deepEqual(verdict, { channel: undefined })
  assert.deepEqual([hook.figures.running, hook.figures.waiting], [0, 0])
})
