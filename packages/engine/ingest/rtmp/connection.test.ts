import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { Outbox } from '@bandstand/media/protocols/rtmp/session/outbox.ts'
import { createRtmpPublishSession } from '@bandstand/media/protocols/rtmp/session/publish.ts'
import type { PublishPort } from '../../ports.ts'
import { createRefusalLog } from '../../remote/refusals.ts'
import { serveRtmpConnection } from './connection.ts'
import { createGulps } from './gulps.ts'
import { RTMP_LISTENER_LIMITS } from './limits.ts'
import { nodeCrypto } from './node-crypto.ts'
import { FakeLog, FakePublisher, until } from './testing/fake-port.ts'

type Answer = Awaited<ReturnType<PublishPort['publish']>>

/** An encoder that takes its first publish back with closeStream in the same write; `again` publishes once more. */
function hastyEncoder(t: TestContext) {
  const [server, client] = duplexPair()
  const asked: PromiseWithResolvers<Answer>[] = []
  const log = new FakeLog()
  const refusals = createRefusalLog(log)
  const publish = () => {
    const answer = Promise.withResolvers<Answer>()
    asked.push(answer)
    return answer.promise
  }
  const connection = serveRtmpConnection({
    ...{ socket: server, protocol: 'rtmp' as const, remote: '127.0.0.1', publishPort: { publish }, log, refusals },
    ...{ gulps: createGulps(RTMP_LISTENER_LIMITS.gulpMs), limits: RTMP_LISTENER_LIMITS },
  })
  t.after(() => {
    connection.destroy()
    refusals.close()
  })
  const session = createRtmpPublishSession({
    ...{
      crypto: nodeCrypto,
      limits: RTMP_LISTENER_LIMITS,
      app: 'live',
      tcUrl: 'rtmp://localhost/live',
      key: 'good-key',
    },
    ...{ encoder: 'test', handshake: 'plain', enhanced: false, chunkBytes: 65_536, now: 0 },
  })
  const outbox = new Outbox()
  let told = ''
  client.write(Buffer.concat(session.start().send))
  client.on('data', (chunk: Buffer) => {
    told += chunk.toString('latin1')
    const bytes = Buffer.concat(session.receive(chunk, 0).send)
    if (!bytes.includes('\0\x07publish')) {
      client.write(bytes)
      return
    }
    outbox.call('closeStream', 0, [], null, 1)
    client.write(Buffer.concat([bytes, ...outbox.take()]))
  })
  const again = () => {
    outbox.call('publish', 5, ['good-key', 'live'], null, 1)
    client.write(Buffer.concat(outbox.take()))
  }
  const isPublishing = () => told.includes('NetStream.Publish.Start')
  return { asked, again, connection, isPublishing, log, told: () => told }
}

test('a publish that was taken back before its answer leaves a connection that can publish again', async (t) => {
  const { asked, again, connection, isPublishing } = hastyEncoder(t)
  await until(() => asked.length === 1, 'the first question')
  const [unwanted, wanted] = [new FakePublisher(), new FakePublisher()]
  asked[0]?.resolve({ publisher: unwanted })
  again()
  await until(() => asked.length === 2, 'the second question')
  assert.deepEqual(unwanted.ends, ['disconnected'])
  asked[1]?.resolve({ publisher: wanted })
  await until(isPublishing, 'the start')
  assert.deepEqual([connection.isPublishing, wanted.ends], [true, []])
})

test('the failure of a publish that was taken back does not end the connection', async (t) => {
  const { asked, again, isPublishing, told } = hastyEncoder(t)
  await until(() => asked.length === 1, 'the first question')
  asked[0]?.reject(new RangeError('the disk'))
  again()
  await until(() => asked.length === 2, 'the second question')
  asked[1]?.resolve({ publisher: new FakePublisher() })
  await until(isPublishing, 'the start')
  assert.doesNotMatch(told(), /failed to accept/)
})

test('the refusal of a publish that was taken back is one log line, with four characters of its key', async (t) => {
  const { asked, log } = hastyEncoder(t)
  await until(() => asked.length === 1, 'the first question')
  asked[0]?.resolve({ refusal: { code: 'wrong-key', reason: 'This stream key is not known here.' } })
  await until(() => log.lines.length > 0, 'the line')
  assert.deepEqual(log.lines.length, 1)
  assert.match(log.lines[0] ?? '', /^warn rtmp: encoder refused .*"key":"good…".*not known here/)
})

test('refusals for one reason are counted together, of a publish that was taken back and of one that was not', async (t) => {
  const { asked, again, connection, log } = hastyEncoder(t)
  const refusal = { refusal: { code: 'wrong-key', reason: 'This stream key is not known here.' } } as const
  await until(() => asked.length === 1, 'the first question')
  asked[0]?.resolve(refusal)
  await until(() => log.lines.length > 0, 'the line')
  again()
  await until(() => asked.length === 2, 'the second question')
  asked[1]?.resolve(refusal)
  connection.destroy()
  await connection.closed
  assert.equal(log.lines.length, 1, log.lines.join('\n'))
})

test('an encoder that packs ever so many frames of sound into its messages is refused', async (t) => {
  const [server, client] = duplexPair()
  const publisher = new FakePublisher()
  const log = new FakeLog()
  const refusals = createRefusalLog(log)
  const connection = serveRtmpConnection({
    ...{ socket: server, protocol: 'rtmp' as const, remote: '127.0.0.1', log, refusals },
    publishPort: { publish: async () => ({ publisher }) },
    ...{ gulps: createGulps(RTMP_LISTENER_LIMITS.gulpMs), limits: RTMP_LISTENER_LIMITS },
  })
  t.after(() => {
    connection.destroy()
    refusals.close()
  })
  const session = createRtmpPublishSession({
    ...{
      crypto: nodeCrypto,
      limits: RTMP_LISTENER_LIMITS,
      app: 'live',
      tcUrl: 'rtmp://localhost/live',
      key: 'good-key',
    },
    ...{ encoder: 'test', handshake: 'plain', enhanced: false, chunkBytes: 65_536, now: 0 },
  })
  // MPEG-2 layer III, 8 kbit/s, 24 kHz: 24 bytes a frame.
  const tag = Uint8Array.from({ length: 1 + 256 * 24 }, (_, i) =>
    i === 0 ? 0x2f : ([0xff, 0xf3, 0x14][(i - 1) % 24] ?? 0),
  )
  let told = ''
  client.write(Buffer.concat(session.start().send))
  client.on('data', (chunk: Buffer) => {
    told += chunk.toString('latin1')
    const { send, events } = session.receive(chunk, 0)
    client.write(Buffer.concat(send))
    if (!events.some(({ type }) => type === 'publishing')) return
    for (let i = 0; i < 400; i++) client.write(Buffer.concat(session.media('audio', i * 20, tag)))
  })
  await until(() => told.includes('Rejected'), 'the refusal')
  assert.match(told, /comes much faster than it plays/)
  assert.deepEqual(publisher.ends, ['disconnected'])
  assert.ok(publisher.units.length <= RTMP_LISTENER_LIMITS.unitsPerWindow + 256, `${publisher.units.length} units`)
})
