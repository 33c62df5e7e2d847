import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { after, describe, test } from 'node:test'
import { avcCFromParameterSets, parseAvcC } from '@bandstand/media/codecs/h264/avcc.ts'
import { EngineError } from '../../error.ts'
import { readClip } from './clip.ts'
import { RTMP_LISTENER_LIMITS, type RtmpListenerLimits } from './limits.ts'
import { type RtmpListener, startRtmpListener } from './listener.ts'
import { type FlvPublisher, type PublishFlvOptions, publishFlv } from './publish.ts'
import { FakeLog, FakePort, type FakePublisher, until } from './testing/fake-port.ts'

const clip = readClip(new Uint8Array(readFileSync(new URL('fixtures/clip.flv', import.meta.url))))

interface Bench {
  readonly port: FakePort
  readonly log: FakeLog
  readonly listener: RtmpListener
  readonly publish: (options?: Partial<PublishFlvOptions>) => FlvPublisher
}

const open: RtmpListener[] = []
after(() => Promise.all(open.map((listener) => listener.close())))

async function setUp(limits: Partial<RtmpListenerLimits> = {}): Promise<Bench> {
  const port = new FakePort()
  const log = new FakeLog()
  const listener = await startRtmpListener({
    address: { host: '127.0.0.1', port: 0 },
    publishPort: port,
    log,
    limits: { ...RTMP_LISTENER_LIMITS, ...limits },
  })
  open.push(listener)
  const { host, port: number } = listener.address
  const publish = (options: Partial<PublishFlvOptions> = {}): FlvPublisher =>
    publishFlv({ host, port: number, app: 'live', key: 'good-key', clip, realtime: false, loop: false, ...options })
  return { port, log, listener, publish }
}

const only = (port: FakePort): FakePublisher => {
  assert.equal(port.publishers.length, 1)
  return port.publishers[0] as FakePublisher
}

describe('publishing', () => {
  test('a whole clip arrives, unit for unit, and ends as unpublished', async () => {
    const { port, publish } = await setUp()
    const end = await publish().ended
    assert.equal(end.how, 'finished')
    const publisher = only(port)
    await until(() => publisher.ends.length > 0, 'the end')
    assert.deepEqual(publisher.ends, ['unpublished'])
    assert.deepEqual(
      clip.tracks.map((track) => track.frames.length),
      [publisher.of(1).length, publisher.of(2).length],
    )
    assert.deepEqual(publisher.announced, [{ video: true, audio: true }])
    assert.equal(publisher.facts['framerate'], 30)
    assert.deepEqual(port.requests[0], {
      protocol: 'rtmp',
      remote: '127.0.0.1',
      key: 'good-key',
      encoder: 'FMLE/3.0 (compatible; Bandstand)',
    })
  })

  test('a lost connection ends as disconnected; the publisher comes back by itself', async () => {
    const { port, publish } = await setUp()
    const publisher = publish({ realtime: true, loop: true, reconnectMs: 50 })
    assert.equal(await publisher.publishing, true)
    publisher.disconnect()
    await until(() => port.publishers.length === 2 && (port.publishers[1]?.units.length ?? 0) > 0, 'the return')
    assert.deepEqual(port.publishers[0]?.ends, ['disconnected'])
    await publisher.stop()
    await until(() => port.publishers[1]?.ends[0] === 'unpublished', 'the goodbye')
    assert.equal(publisher.accepted, 2)
  })

  test('a jump and a stall reach the stream as such', async () => {
    const { port, publish } = await setUp()
    const publisher = publish({ realtime: true, loop: true })
    await publisher.publishing
    await until(() => (port.publishers[0]?.units.length ?? 0) > 5, 'media')
    publisher.jump(60_000)
    await until(() => (port.publishers[0]?.units.at(-1)?.dts ?? 0) > 60_000 * 90, 'the jump')
    publisher.stall(60_000)
    const { sent } = publisher
    await new Promise((resolve) => setTimeout(resolve, 350))
    assert.equal(publisher.sent, sent)
    publisher.stall(0)
    // What was held back comes at once: 350 ms are 10 pictures and 16 frames of sound.
    await until(() => publisher.sent >= sent + 20, 'what was held back')
    await publisher.stop()
  })

  test('an encoder whose lease is lost is told why and closed, and says no more to its publisher', async () => {
    const { port, log, publish } = await setUp()
    const publisher = publish({ realtime: true, loop: true })
    await publisher.publishing
    await until(() => (port.publishers[0]?.units.length ?? 0) > 0, 'media')
    port.stops[0]?.({ code: 'taken-over', reason: 'Another encoder took over.' })
    const units = only(port).units.length
    assert.deepEqual(await publisher.ended, {
      how: 'refused',
      code: 'NetStream.Publish.Rejected',
      text: 'Another encoder took over.',
    })
    assert.equal(only(port).units.length, units)
    assert.deepEqual(only(port).ends, [])
    assert.equal(log.lines.filter((line) => line.includes('refused')).length, 1)
  })

  test('a video codec that is not spoken here is refused with what to set', async () => {
    const { publish } = await setUp()
    const vvc = Uint8Array.of(0x90, 0x76, 0x76, 0x63, 0x31, 1)
    const [video] = clip.tracks
    assert.ok(video)
    const end = await publish({ clip: { metadata: undefined, tracks: [{ ...video, header: vvc }] }, loop: true }).ended
    assert.equal(end.code, 'NetStream.Publish.Rejected')
    assert.match(end.text, /H\.264/)
  })

  test('a video that cannot be read is refused with what to set, though the sound is good', async () => {
    const { port, publish } = await setUp()
    const [video, audio] = clip.tracks
    assert.ok(video && audio)
    const body = Uint8Array.of(0x17, 1, 0, 0, 0, 0, 0, 0, 1, 0x65, 0x88, 0x84, 0)
    const startCodes = { ...video, frames: Array.from({ length: 200 }, (_, i) => ({ time: i * 10, key: true, body })) }
    const end = await publish({ clip: { metadata: undefined, tracks: [startCodes, audio] }, loop: true }).ended
    assert.equal(end.code, 'NetStream.Publish.Rejected')
    assert.match(end.text, /Annex B/)
    assert.equal(only(port).of(1).length, 0)
  })

  test('an encoder whose configuration changes all the time is told so', async () => {
    const { port, publish } = await setUp({ configurations: 5 })
    const [video] = clip.tracks
    assert.ok(video?.kind === 'video')
    const { sps, pps } = parseAvcC(video.header.subarray(5))
    const changing = Array.from({ length: 60 }, (_, time) => {
      const last = (pps.at(-1) as Uint8Array).slice()
      last[last.byteLength - 1] = (last.at(-1) ?? 0) ^ (time % 2 === 0 ? 0x10 : 0)
      return {
        time,
        key: true,
        body: new Uint8Array([0x17, 0, 0, 0, 0, ...avcCFromParameterSets([...sps], [...pps.slice(0, -1), last])]),
      }
    })
    const end = await publish({ clip: { metadata: undefined, tracks: [{ ...video, frames: changing }] }, loop: true })
      .ended
    assert.equal(end.code, 'NetStream.Publish.Rejected')
    assert.match(end.text, /settings all the time/)
    assert.ok(only(port).configs.length < 10)
  })
})

describe('refusals', () => {
  test('a wrong key: BadName for the encoder, one log line with four characters of the key', async () => {
    const { log, publish } = await setUp()
    const publisher = publish({ key: 'secret-wrong-key' })
    assert.deepEqual(await publisher.ended, {
      how: 'refused',
      code: 'NetStream.Publish.BadName',
      text: 'This stream key is not known here: copy it from the studio.',
    })
    assert.equal(await publisher.publishing, false)
    assert.equal(log.lines.length, 1)
    assert.match(log.lines[0] ?? '', /^warn .*"remote":"127\.0\.0\.1".*"key":"secr…".*not known here/)
    assert.doesNotMatch(log.lines[0] ?? '', /secret/)
  })

  test('a wrong application is one log line too, and says nothing of the key that may stand in its place', async () => {
    const { log, publish } = await setUp()
    assert.equal((await publish({ app: 'secret-key' }).ended).code, 'NetConnection.Connect.InvalidApp')
    assert.equal(log.lines.length, 1)
    assert.doesNotMatch(log.lines[0] ?? '', /secret/)
  })

  test('a publish port that throws costs only its own connection', async () => {
    const { port, log, publish } = await setUp()
    port.failure = new TypeError('database is gone')
    assert.equal((await publish().ended).code, 'NetStream.Publish.Rejected')
    port.failure = undefined
    assert.equal((await publish().ended).how, 'finished')
    assert.ok(log.lines.some((line) => line.startsWith('error')))
  })

  test('a publisher that throws costs only its own connection', async () => {
    const { port, publish } = await setUp()
    const first = publish({ realtime: true, loop: true })
    await first.publishing
    only(port).unit = () => {
      throw new TypeError('a mistake of ours')
    }
    assert.equal((await first.ended).how, 'lost')
    // Either side may see the end of the connection first.
    await until(() => only(port).ends.length > 0, 'the end')
    assert.deepEqual(only(port).ends, ['disconnected'])
    assert.equal((await publish().ended).how, 'finished')
  })
})

describe('strangers', () => {
  test('any number of connections that send random bytes are one line of each kind', async () => {
    const { listener, log } = await setUp({ connectionsPerAddress: 1000 })
    for (let i = 0; i < 200; i++) await sendAndClose(listener, randomBytes(2000))
    // With the right version, so that what is random comes later: as chunks.
    const hello = Buffer.concat([Buffer.of(3), Buffer.alloc(1536), Buffer.alloc(1536)])
    for (let i = 0; i < 200; i++) await sendAndClose(listener, Buffer.concat([hello, randomBytes(5000)]))
    await until(() => listener.connections() === 0, 'all gone')
    assert.ok(log.lines.length <= CLOSE_REASONS, log.lines.join('\n'))
    assert.ok(log.lines.length > 0)
  })

  test('a failure of ours that encoders cause again and again is not a line each time', async () => {
    const { port, log, publish } = await setUp()
    port.failure = new TypeError('database is gone')
    for (let i = 0; i < 10; i++) await publish({ key: `key-${i}` }).ended
    // That the port failed, and that the encoder was refused.
    assert.equal(log.lines.length, 2, log.lines.join('\n'))
  })
})

/** `CloseReason` has so many. */
const CLOSE_REASONS = 5

describe('connections', () => {
  test('200 idle connections disturb nobody', async () => {
    const { listener, port, publish } = await setUp({ connectionsPerAddress: 1000 })
    const idle = await Promise.all(Array.from({ length: 200 }, () => dial(listener)))
    await until(() => listener.connections() === 200, 'all idle connections')
    assert.equal((await publish().ended).how, 'finished')
    assert.equal(only(port).of(1).length, 48)
    for (const socket of idle) socket.destroy()
    await until(() => listener.connections() === 0, 'all gone')
  })

  test('connections beyond those allowed from one address are turned away and logged', async () => {
    const { listener, log } = await setUp({ connectionsPerAddress: 2, turnedAway: 0 })
    const sockets = [await dial(listener), await dial(listener)]
    await until(() => listener.connections() === 2, 'two connections')
    for (let i = 0; i < 20; i++) await turnedAway(listener)
    // A flood is not one of lines: see `remote/refusals.ts`.
    assert.equal(log.lines.length, 1)
    assert.match(log.lines[0] ?? '', /too many connections from address/)
    for (const socket of sockets) socket.destroy()
    await until(() => listener.connections() === 0, 'all gone')
    const again = await dial(listener)
    await until(() => listener.connections() === 1, 'room again')
    again.destroy()
  })

  test('encoders beyond those allowed are told why, in one log line', async () => {
    const { listener, log, port, publish } = await setUp({ connectionsPerAddress: 1 })
    const allowed = await dial(listener)
    await until(() => listener.connections() === 1, 'the one that is allowed')
    const { how, code, text } = await publish().ended
    assert.deepEqual([how, code], ['refused', 'NetConnection.Connect.Rejected'])
    assert.match(text, /from your address: stop those/)
    assert.deepEqual([listener.connections(), port.requests.length, log.lines.length], [1, 0, 1])
    allowed.destroy()
  })

  test('only a few encoders at a time are told why, the others are reset', async () => {
    const { listener, log } = await setUp({ connections: 0, turnedAway: 2 })
    const mute = [await dial(listener), await dial(listener)]
    await until(() => log.lines.length > 0, 'the line')
    assert.equal(await turnedAway(listener), 'ECONNRESET')
    for (const socket of mute) socket.destroy()
  })

  test('the total is bounded: who does not publish makes room, who publishes does not', async () => {
    const { listener, log, publish } = await setUp({ connections: 2, connectionsPerAddress: 100 })
    const idle = await dial(listener)
    const gone = new Promise((resolve) => idle.once('close', resolve))
    await until(() => listener.connections() === 1, 'one connection')
    const publishers = [publish({ realtime: true, loop: true }), publish({ realtime: true, loop: true })]
    for (const { publishing } of publishers) assert.equal(await publishing, true)
    await gone
    assert.equal(listener.connections(), 2)
    assert.ok(log.lines.some((line) => line.includes('the oldest that did not publish was closed')))
    assert.equal((await publish().ended).code, 'NetConnection.Connect.Rejected')
    assert.ok(log.lines.some((line) => line.startsWith('warn rtmp: too many connections {')))
    assert.equal(listener.connections(), 2)
    await Promise.all(publishers.map((publisher) => publisher.stop()))
  })

  test('a connection that never shakes hands is closed', async () => {
    const { listener } = await setUp({ handshakeMs: 100, lingerMs: 100 })
    const socket = await dial(listener)
    await new Promise((resolve) => socket.once('close', resolve))
    await until(() => listener.connections() === 0, 'gone')
  })

  test('a web browser that comes here is closed', async () => {
    const { listener } = await setUp()
    const socket = await dial(listener)
    // Only written: a browser waits for an answer, so that the end is the listener's.
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await new Promise((resolve) => socket.once('close', resolve))
  })

  test('closing ends all connections as lost ones and frees the port', async () => {
    const { listener, port, publish } = await setUp({ lingerMs: 60_000 })
    const publisher = publish({ realtime: true, loop: true })
    await publisher.publishing
    const idle = await dial(listener)
    idle.pause()
    await until(() => listener.connections() === 2, 'both')
    const start = performance.now()
    await listener.close()
    const took = performance.now() - start
    assert.ok(took < 30_000, `${took} ms`)
    assert.deepEqual(only(port).ends, ['disconnected'])
    assert.equal((await publisher.ended).how, 'lost')
    idle.destroy()
  })

  test('an address in use is an error that says so', async () => {
    const { listener, port, log } = await setUp()
    await assert.rejects(
      startRtmpListener({ address: listener.address, publishPort: port, log, limits: RTMP_LISTENER_LIMITS }),
      (error) => error instanceof EngineError && error.code === 'address-in-use',
    )
  })
})

/** With which error, if any, the connection ended. */
function turnedAway(listener: RtmpListener): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(listener.address)
    let code: string | undefined
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
    socket.once('close', () => resolve(code))
    socket.resume()
  })
}

/** Resolves when the server has closed. */
function sendAndClose(listener: RtmpListener, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(listener.address)
    socket.on('error', () => {})
    socket.once('close', () => resolve())
    socket.resume()
    socket.end(bytes)
  })
}

function dial(listener: RtmpListener): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(listener.address)
    socket.on('error', () => {})
    socket.once('error', reject)
    socket.once('connect', () => resolve(socket))
    // Read, so that the end is seen.
    socket.resume()
  })
}
