import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { renewedTls, testTls } from '../../http/testing.ts'
import { readClip } from './clip.ts'
import { RTMP_LISTENER_LIMITS, type RtmpListenerLimits } from './limits.ts'
import { type RtmpListener, startRtmpListener } from './listener.ts'
import { type FlvPublisher, publishFlv } from './publish.ts'
import { FakeLog, FakePort, until } from './testing/fake-port.ts'

const clip = readClip(new Uint8Array(readFileSync(new URL('fixtures/clip.flv', import.meta.url))))

async function setUp(t: TestContext, limits: Partial<RtmpListenerLimits> = {}) {
  const port = new FakePort()
  const log = new FakeLog()
  const listener = await startRtmpListener({
    ...{ address: { host: '127.0.0.1', port: 0 }, tls: testTls, publishPort: port, log },
    limits: { ...RTMP_LISTENER_LIMITS, ...limits },
  })
  t.after(() => listener.close())
  return { port, log, listener }
}

function publish({ address }: RtmpListener, realtime = true): FlvPublisher {
  return publishFlv({
    ...{ ...address, app: 'live', key: 'good-key', clip, realtime, loop: realtime },
    tls: { rejectUnauthorized: false },
  })
}

/** A connection of TLS and the certificate that it was shown. */
async function shaken({ address }: RtmpListener, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ ...address, rejectUnauthorized: false, ...options })
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  return socket
}

test('a whole clip arrives over TLS, and is known to have come so', async (t) => {
  const { port, listener, log } = await setUp(t)
  assert.equal((await publish(listener, false).ended).how, 'finished')
  await until(() => port.publishers[0]?.ends[0] === 'unpublished', 'the end')
  assert.equal(port.requests[0]?.protocol, 'rtmps')
  assert.equal(port.requests[0]?.remote, '127.0.0.1')
  assert.equal(port.publishers[0]?.of(1).length, clip.tracks[0]?.frames.length)
  assert.ok(log.lines.some((line) => line.startsWith('info rtmps: encoder publishing')))
})

test('a renewed certificate is shown to who comes, and nobody that is there is dropped', async (t) => {
  const { port, listener } = await setUp(t)
  const publishers = Array.from({ length: 5 }, () => publish(listener))
  await until(() => port.publishers.filter(({ units }) => units.length > 0).length === 5, 'media of all')
  const shown: string[] = []
  for (let round = 0; round < 6; round++) {
    listener.renew(round % 2 === 0 ? renewedTls : testTls)
    const socket = await shaken(listener)
    shown.push(socket.getPeerCertificate().fingerprint256)
    socket.destroy()
    const before = port.publishers.map(({ units }) => units.length)
    await until(() => port.publishers.every(({ units }, i) => units.length > (before[i] ?? 0)), 'more media of all')
  }
  assert.equal(new Set(shown).size, 2)
  assert.deepEqual([shown[0], shown[1]], [shown[2], shown[3]])
  assert.ok(port.publishers.every(({ ends }) => ends.length === 0))
  assert.throws(() => listener.renew({ cert: 'nothing', key: 'nothing' }))
  await Promise.all(publishers.map((publisher) => publisher.stop()))
})

test('who speaks plain RTMP to it, or too old a TLS, is logged with what to change', async (t) => {
  const { listener, log } = await setUp(t)
  const plain = connect(listener.address, () => plain.write(new Uint8Array(1537).fill(3)))
  plain.on('error', () => {})
  plain.resume()
  await until(() => log.lines.some((line) => line.includes('no TLS was spoken')), 'the line')
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  await assert.rejects(shaken(listener, old), /alert protocol version/)
  await until(() => listener.connections() === 0, 'nobody left')
})

test('who does not finish the handshake of TLS in time is closed', async (t) => {
  const { listener } = await setUp(t, { handshakeMs: 100 })
  const socket = connect(listener.address, () => socket.write(Uint8Array.of(0x16, 3, 1)))
  socket.on('error', () => {})
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  await until(() => listener.connections() === 0, 'nobody left')
})

test('connections of one address are as few as without TLS, and are told so', async (t) => {
  const { listener } = await setUp(t, { connectionsPerAddress: 1 })
  const first = publish(listener)
  assert.equal(await first.publishing, true)
  const end = await publish(listener).ended
  assert.deepEqual([end.how, end.code], ['refused', 'NetConnection.Connect.Rejected'])
  await first.stop()
})
