import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createRtmpPublishSession } from '@bandstand/media/protocols/rtmp/session/publish.ts'
import { readClip } from './clip.ts'
import { RTMP_LISTENER_LIMITS } from './limits.ts'
import { startRtmpListener } from './listener.ts'
import { nodeCrypto } from './node-crypto.ts'
import { type PublishEnd, type PublishFlvOptions, publishFlv } from './publish.ts'
import { FakeLog, FakePort, until } from './testing/fake-port.ts'

const clip = readClip(new Uint8Array(readFileSync(new URL('fixtures/clip.flv', import.meta.url))))

async function setUp(t: TestContext, lingerMs = RTMP_LISTENER_LIMITS.lingerMs) {
  const port = new FakePort()
  const log = new FakeLog()
  const limits = { ...RTMP_LISTENER_LIMITS, lingerMs }
  const address = { host: '127.0.0.1', port: 0 }
  const listener = await startRtmpListener({ address, publishPort: port, log, limits })
  t.after(() => listener.close())
  const publish = (options: Partial<PublishFlvOptions>) =>
    publishFlv({ ...listener.address, app: 'live', key: 'good-key', clip, realtime: true, loop: true, ...options })
  return { port, log, listener, publish }
}

test('when the server stops, an encoder that can is asked to connect again, and another is refused', async (t) => {
  const { port, log, publish } = await setUp(t)
  const why = { code: 'restarting', reason: 'The server is stopping.' } as const
  const ends: PublishEnd[] = []
  for (const enhanced of [true, false]) {
    const publisher = publish({ enhanced })
    await publisher.publishing
    port.stops.at(-1)?.(why)
    ends.push(await publisher.ended)
  }
  assert.deepEqual(ends, [
    { how: 'reconnect', code: 'NetConnection.Connect.ReconnectRequest', text: why.reason },
    { how: 'refused', code: 'NetStream.Publish.Rejected', text: why.reason },
  ])
  assert.ok(log.lines.some((line) => line.startsWith('info rtmp: encoder asked to connect again')))
})

test('an encoder that was asked to connect again, and does not, is cut off', async (t) => {
  const { port, listener } = await setUp(t, 100)
  const { host, port: number } = listener.address
  const socket = connect(number, host)
  const session = createRtmpPublishSession({
    ...{
      crypto: nodeCrypto,
      limits: RTMP_LISTENER_LIMITS,
      app: 'live',
      tcUrl: `rtmp://${host}/live`,
      key: 'good-key',
    },
    ...{ encoder: 'deaf', handshake: 'plain', enhanced: true, chunkBytes: 4096, now: 0 },
  })
  const send = (pieces: readonly Uint8Array[]) => socket.write(Buffer.concat(pieces))
  socket.on('connect', () => send(session.start().send))
  socket.on('data', (bytes: Buffer) => send(session.receive(bytes, 0).send))
  socket.on('error', () => {})
  await until(() => port.stops.length === 1, 'the publish')
  const begun = performance.now()
  port.stops[0]?.({ code: 'restarting', reason: 'The server is stopping.' })
  await new Promise((resolve) => socket.once('close', resolve))
  assert.ok(performance.now() - begun >= 90)
})
