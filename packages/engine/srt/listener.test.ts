import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseHandshake } from '@bandstand/media/protocols/srt/packet/handshake.ts'
import { REJECTION, rejectionOf } from '@bandstand/media/protocols/srt/rejection.ts'
import type { SrtEnd } from '@bandstand/media/protocols/srt/session/session.ts'
import { conclusion, induction } from '@bandstand/media/protocols/srt/testing/recorded.ts'
import { SRT_LISTENER_LIMITS, type SrtListenerLimits } from './limits.ts'
import { startSrtListener } from './listener.ts'
import type { SrtCaller, SrtConnection, SrtRoute } from './port.ts'
import { dial } from './testing/dial.ts'

interface Served {
  readonly caller: SrtCaller
  readonly connection: SrtConnection
  readonly payloads: Uint8Array[]
  ended: SrtEnd | undefined
}

async function stage(
  t: TestContext,
  more: { readonly limits?: Partial<SrtListenerLimits>; readonly passphrase?: string; readonly route?: SrtRoute } = {},
) {
  const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = []
  const write = (fields: object, message: string) => void lines.push({ message, fields: { ...fields } })
  const log = { debug: write, info: write, warn: write, error: write }
  const served: Served[] = []
  let forgotten = 0
  const route: SrtRoute = more.route ?? {
    async open(caller) {
      await sleep(1)
      if (caller.streamId === 'wrong') return { refusal: { rejection: REJECTION.unauthorized, text: 'wrong key' } }
      if (caller.streamId === 'broken') throw new Error('the database is gone')
      return {
        serve(connection) {
          const own: Served = { caller, connection, payloads: [], ended: undefined }
          served.push(own)
          return {
            payload: (data) => void own.payloads.push(data),
            pass: () => {
              if (caller.streamId === 'failing' && own.payloads.length > 0) throw new Error('cannot be read')
            },
            ended: (how) => (own.ended = how),
          }
        },
        forget: () => forgotten++,
      }
    },
  }
  const listener = await startSrtListener({
    address: { host: '127.0.0.1', port: 0 },
    route,
    log,
    limits: { ...SRT_LISTENER_LIMITS, ...more.limits },
    ...(more.passphrase !== undefined && { passphrase: more.passphrase }),
  })
  let isClosed = false
  const close = async () => {
    if (!isClosed) await listener.close()
    isClosed = true
  }
  t.after(close)
  const call = async (streamId: string, passphrase?: string) => {
    const dialled = await dial({
      port: listener.address.port,
      streamId,
      ...(passphrase !== undefined && { passphrase }),
    })
    t.after(() => dialled.close())
    return dialled
  }
  return { listener, served, lines, call, close, forgotten: () => forgotten }
}

/** Waits for what has to come. */
async function until(what: () => boolean): Promise<void> {
  const end = performance.now() + 20_000
  while (!what()) {
    assert.ok(performance.now() < end, 'it never came')
    await sleep(5)
  }
}

test('many callers on one port each have what they send, and a goodbye', async (t) => {
  const { served, call, listener } = await stage(t)
  const callers = await Promise.all(['a', 'b', 'c', 'd'].map((id) => call(id)))
  for (let i = 0; i < 50; i++) {
    for (const [n, { session }] of callers.entries()) {
      const now = performance.now()
      session.send(Uint8Array.of(n, i), now)
      // At once: what waits for longer than a second is rightly given up.
      session.wake(now)
    }
    await sleep(2)
  }
  await until(() => served.length === 4 && served.every(({ payloads }) => payloads.length === 50))
  for (const { caller, payloads } of served) {
    const n = ['a', 'b', 'c', 'd'].indexOf(caller.streamId)
    assert.deepEqual(
      payloads.map((payload) => [...payload]),
      Array.from({ length: 50 }, (_, i) => [n, i]),
    )
  }
  assert.equal(listener.figures().connections, 4)
  callers[0]?.session.close(performance.now())
  await until(() => served.some(({ ended }) => ended === 'shutdown'))
  assert.equal(listener.figures().connections, 3)
  assert.equal(listener.figures().packets, 200)
})

test('a refused caller is told the code, and the log the words', async (t) => {
  const { call, lines } = await stage(t)
  assert.deepEqual((await call('wrong')).state, { kind: 'refused', rejection: REJECTION.unauthorized })
  assert.deepEqual((await call('broken')).state, { kind: 'refused', rejection: REJECTION.internal })
  const refused = lines.filter(({ message }) => message === 'srt: caller refused')
  assert.deepEqual(
    refused.map(({ fields }) => [fields['reason'], fields['text']]),
    [
      [REJECTION.unauthorized, 'wrong key'],
      [REJECTION.internal, 'The server failed to decide: try again.'],
    ],
  )
  assert.equal(refused[0]?.fields['streamId'], 'wron…')
})

test('an encrypted caller is read, one with another passphrase is refused', async (t) => {
  const { call, served } = await stage(t, { passphrase: 'correct horse battery' })
  const good = await call('a', 'correct horse battery')
  good.session.send(Uint8Array.of(1, 2, 3), performance.now())
  await until(() => served[0]?.payloads.length === 1)
  assert.deepEqual([...(served[0]?.payloads[0] ?? [])], [1, 2, 3])
  assert.deepEqual((await call('b', 'another horse')).state, { kind: 'refused', rejection: REJECTION.badSecret })
  assert.deepEqual((await call('c')).state, { kind: 'refused', rejection: REJECTION.unsecure })
})

test('what fails in serving one caller ends that one alone', async (t) => {
  const { call, served, lines } = await stage(t)
  const [failing, other] = await Promise.all([call('failing'), call('a')])
  failing.session.send(Uint8Array.of(1), performance.now())
  other.session.send(Uint8Array.of(1), performance.now())
  const of = (streamId: string) => served.find(({ caller }) => caller.streamId === streamId)
  await until(() => of('failing')?.ended !== undefined && of('a')?.payloads.length === 1)
  assert.ok(lines.some(({ message }) => message === 'srt: connection failed'))
  assert.equal(of('a')?.ended, undefined)
  await until(() => failing.session.ended === 'shutdown')
})

test('too many of one address are refused, and there is room again when one has gone', async (t) => {
  const { call, listener } = await stage(t, { limits: { connectionsPerAddress: 2 } })
  const [first] = [await call('a'), await call('b')]
  assert.deepEqual((await call('c')).state, { kind: 'refused', rejection: REJECTION.overload })
  first.session.close(performance.now())
  await until(() => listener.figures().connections === 1)
  assert.equal((await call('d')).state.kind, 'connected')
})

test('readers, however many, leave room for encoders, those of their own address too', async (t) => {
  const { call, listener } = await stage(t, { limits: { connections: 5, readers: 3, connectionsPerAddress: 3 } })
  const [reader] = [await call('read:a'), await call('read:a'), await call('read:a')]
  assert.deepEqual((await call('read:a')).state, { kind: 'refused', rejection: REJECTION.overload })
  assert.equal((await call('key')).state.kind, 'connected')
  assert.equal((await call('publish:key')).state.kind, 'connected')
  reader.session.close(performance.now())
  await until(() => listener.figures().connections === 4)
  assert.equal((await call('read:a')).state.kind, 'connected')
  const other = await stage(t, { limits: { connections: 5, readers: 1, connectionsPerAddress: 3 } })
  await other.call('read:a')
  assert.deepEqual((await other.call('read:a')).state, { kind: 'refused', rejection: REJECTION.overload })
})

test('packets of another address, though they name the socket, are nobody’s', async (t) => {
  const { call, served, listener } = await stage(t)
  const caller = await call('a')
  if (caller.state.kind !== 'connected') assert.fail()
  const { peerSocketId } = caller.state.session
  const stranger = createSocket('udp4').bind(0, '127.0.0.1')
  await once(stranger, 'listening')
  t.after(() => stranger.close())
  const shutdown = Buffer.alloc(20)
  shutdown.writeUInt32BE(0x80050000, 0)
  shutdown.writeUInt32BE(peerSocketId, 12)
  stranger.send(shutdown, listener.address.port, '127.0.0.1')
  await sleep(50)
  assert.equal(served[0]?.ended, undefined)
  assert.equal(listener.figures().connections, 1)
})

test('a flood of inductions and of conclusions with guessed cookies leaves nothing behind', async (t) => {
  const { listener, call } = await stage(t)
  const stranger = createSocket('udp4').bind(0, '127.0.0.1')
  await once(stranger, 'listening')
  t.after(() => stranger.close())
  const longest = { bytes: 0 }
  stranger.on('message', (answer) => (longest.bytes = Math.max(longest.bytes, answer.byteLength)))
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 10_000; i++) {
    const packet = Buffer.from(i % 2 === 0 ? induction : conclusion)
    // Another socket, so another caller, each time.
    packet.writeUInt32BE(i + 1, 40)
    if (i % 2 === 1) packet.writeUInt32BE(i * 7919, 44)
    stranger.send(packet, listener.address.port, '127.0.0.1')
    if (i % 100 === 0) await sleep(1)
  }
  await sleep(100)
  assert.deepEqual([listener.figures().connections, listener.figures().halfOpen], [0, 0])
  await until(() => longest.bytes > 0)
  // Answers are no longer than what was asked.
  assert.equal(longest.bytes, induction.byteLength)
  assert.ok(process.memoryUsage().heapUsed - before < 40_000_000)
  assert.equal((await call('a')).state.kind, 'connected')
})

test('callers that show their address and then wait are bounded, and so is what is done for one address', async (t) => {
  let asked = 0
  const never: SrtRoute = { open: () => (asked++, new Promise(() => {})) }
  const { listener } = await stage(t, { route: never })
  const stranger = createSocket('udp4').bind(0, '127.0.0.1')
  await once(stranger, 'listening')
  t.after(() => stranger.close())
  const codes: (number | undefined)[] = []
  const begun = performance.now()
  stranger.on('message', (answer) => {
    const handshake = parseHandshake(answer, 16)
    if (handshake.type !== 1) {
      codes.push(rejectionOf(handshake.type))
      return
    }
    // In the clear: the key material is cut off.
    const packet = Buffer.from(conclusion.subarray(0, 100))
    packet.writeUInt32BE(handshake.socketId, 40)
    packet.writeUInt32BE(handshake.cookie, 44)
    stranger.send(packet, listener.address.port, '127.0.0.1')
  })
  for (let i = 1; i <= 500; i++) {
    const packet = Buffer.from(induction)
    packet.writeUInt32BE(i, 40)
    stranger.send(packet, listener.address.port, '127.0.0.1')
    if (i % 50 === 0) await sleep(5)
  }
  await until(() => codes.length > 0)
  await sleep(100)
  assert.equal(listener.figures().halfOpen, SRT_LISTENER_LIMITS.halfOpenPerAddress)
  assert.equal(asked, SRT_LISTENER_LIMITS.halfOpenPerAddress)
  // The others of each second were told, or passed over as too many.
  const seconds = Math.ceil((performance.now() - begun) / 1000) + 1
  assert.ok(codes.length <= seconds * SRT_LISTENER_LIMITS.attemptsPerAddress, `${codes.length} answers in ${seconds} s`)
  assert.ok(codes.every((code) => code === REJECTION.overload))
})

test('a caller whose handshakes are too many is not answered, and the log says so once', async (t) => {
  const { lines, listener } = await stage(t, { limits: { attemptsPerAddress: 0 } })
  const stranger = createSocket('udp4').bind(0, '127.0.0.1')
  await once(stranger, 'listening')
  t.after(() => stranger.close())
  let answers = 0
  stranger.on('message', (answer) => {
    answers++
    const packet = Buffer.from(conclusion.subarray(0, 100))
    packet.writeUInt32BE(parseHandshake(answer, 16).cookie, 44)
    for (let i = 0; i < 10; i++) stranger.send(packet, listener.address.port, '127.0.0.1')
  })
  stranger.send(induction, listener.address.port, '127.0.0.1')
  await until(() => lines.length > 0)
  await sleep(50)
  assert.equal(answers, 1)
  assert.deepEqual(
    lines.map(({ message, fields }) => [message, fields['remote']]),
    [['srt: caller not answered', '127.0.0.1']],
  )
})

test('a caller whose answer was lost is answered again and is one connection', async (t) => {
  const { listener, served } = await stage(t)
  const caller = createSocket('udp4').bind(0, '127.0.0.1')
  await once(caller, 'listening')
  t.after(() => caller.close())
  const answers: Buffer[] = []
  let packet: Buffer | undefined
  caller.on('message', (answer) => {
    // A keep-alive.
    if (answer.byteLength < 64) return
    const handshake = parseHandshake(answer, 16)
    if (handshake.type === 0xffffffff) answers.push(answer)
    if (handshake.type === 1) {
      packet = Buffer.from(conclusion.subarray(0, 100))
      packet.writeUInt32BE(handshake.cookie, 44)
    }
    // As if it had not heard the answer.
    if (packet !== undefined && answers.length < 3) caller.send(packet, listener.address.port, '127.0.0.1')
  })
  caller.send(induction, listener.address.port, '127.0.0.1')
  await until(() => answers.length === 3)
  assert.equal(served.length, 1)
  assert.equal(new Set(answers.map((answer) => answer.subarray(16).toString('hex'))).size, 1)
})

test('stopping says goodbye to all', async (t) => {
  const { call, close, served } = await stage(t)
  const caller = await call('a')
  await close()
  await until(() => caller.session.ended === 'shutdown')
  assert.equal(served[0]?.ended, 'closed')
})

test('an address that is taken is said so', async (t) => {
  const { listener } = await stage(t)
  await assert.rejects(
    startSrtListener({
      address: listener.address,
      route: { open: () => Promise.reject(new Error('nobody')) },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      limits: SRT_LISTENER_LIMITS,
    }),
    { code: 'address-in-use', message: /SRT 127\.0\.0\.1:\d+: another program/ },
  )
})

test('of readers that acknowledge nothing no more than a bound is kept: whoever has most is let go of', async (t) => {
  const ended: string[] = []
  const { call, lines } = await stage(t, {
    limits: { keptBytes: 150_000 },
    route: {
      open: async ({ streamId }) => ({
        serve: (connection) => ({
          pass() {
            for (let i = 0; i < 4; i++) connection.send(new Uint8Array(1316))
          },
          ended: (how) => void ended.push(`${streamId} ${how}`),
        }),
        forget() {},
      }),
    },
  })
  const greedy = await call('read:greedy')
  greedy.socket.removeAllListeners('message')
  const fair = await call('read:fair')
  await until(() => ended.length > 0)
  assert.deepEqual(ended, ['read:greedy closed'])
  const before = fair.received.length
  await until(() => fair.received.length > before + 400)
  assert.equal(ended.length, 1)
  assert.equal(lines.filter(({ message }) => message === 'srt: a reader is let go of').length, 1)
})

test('of a caller whose media nobody takes nothing is kept', async (t) => {
  let ended: SrtEnd | undefined
  const connections: SrtConnection[] = []
  const { call, listener } = await stage(t, {
    route: {
      open: async () => ({
        serve(connection) {
          connections.push(connection)
          return { pass() {}, ended: (how) => (ended = how) }
        },
        forget() {},
      }),
    },
  })
  const { session } = await call('read:main')
  for (let i = 0; i < 20; i++) session.send(Uint8Array.of(i), performance.now())
  session.close(performance.now() + 100)
  await until(() => ended === 'shutdown')
  assert.equal(connections.length, 1)
  assert.equal(listener.figures().packets, 0)
})
