import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRtcp, parseRtp } from '@bandstand/media/protocols/rtp/packet.ts'
import { WEBRTC_LIMITS } from '../limits.ts'
import type { AnsweredMedia, FromRoom } from '../messages.ts'
import type { ConnectionOptions } from './connection.ts'
import { AUDIO, readGot, slice, VIDEO } from './fixtures.ts'
import { createRoom } from './room.ts'

type Hooks = Omit<ConnectionOptions, 'port' | 'host'>

function stage(extra: Partial<AnsweredMedia> = {}) {
  /** `step`: milliseconds that pass with each look at the clock. */
  const at = { now: 0, step: 0 }
  const said: FromRoom[] = []
  const connections = new Map<string, Hooks & { isClosed: boolean; packets: number[]; left: number[] }>()
  const room = createRoom({
    openConnection(options) {
      if (options.offer === 'bad') throw new RangeError('injected')
      const connection = { ...options, isClosed: false, packets: [] as number[], left: [] as number[] }
      connections.set(options.id, connection)
      return {
        write(kind, packet) {
          if (kind !== 'video' || isRtcp(packet)) return
          connection.packets.push(readGot(packet).picture)
          const said = parseRtp(packet).extensions.find(({ id }) => id === extra.absSendTime)?.data
          if (said !== undefined) connection.left.push(Buffer.from(said).readUIntBE(0, 3) / 2 ** 18)
        },
        close() {
          if (connection.isClosed) return
          connection.isClosed = true
          options.onClosed()
        },
      }
    },
    say: (message) => said.push(message),
    onBehind() {},
    now: () => (at.now += at.step),
    wallClock: () => at.now,
  })
  return {
    room,
    at,
    said,
    connection: (id: string) => connections.get(id) as NonNullable<ReturnType<typeof connections.get>>,
    offer: (session: string, stream: number, sdp = 'v=0') =>
      room.handle({ kind: 'offer', session, stream, sdp, video: { ...VIDEO, ...extra }, audio: AUDIO }),
    picture: (stream: number, n: number, key: boolean) =>
      room.handle({ kind: 'picture', stream, time: n * 3000, key, data: slice(n, key) }),
    told: (kind: FromRoom['kind']) => said.filter((message) => message.kind === kind),
  }
}

test('an offer is answered, and pictures go to whoever is connected', () => {
  const { room, offer, connection, picture, told } = stage()
  room.handle({ kind: 'open', stream: 1 })
  offer('a', 1)
  connection('a').onAnswer('answer')
  assert.deepEqual(told('answer'), [{ kind: 'answer', session: 'a', sdp: 'answer' }])
  picture(1, 1, true)
  assert.deepEqual(connection('a').packets, [])
  connection('a').onOpen()
  picture(1, 2, false)
  room.step()
  assert.deepEqual(connection('a').packets, [1, 1, 2, 2])
})

test('an offer for a stream that is not there, or that the library does not take, is refused', () => {
  const { room, offer, told } = stage()
  offer('a', 1)
  room.handle({ kind: 'open', stream: 1 })
  offer('b', 1, 'bad')
  assert.deepEqual(
    told('refused').map((message) => message.kind === 'refused' && [message.session, message.fault]),
    [
      ['a', 'stream'],
      ['b', 'offer'],
    ],
  )
  assert.equal(room.viewers, 0)
})

test('a stream that is closed sends its viewers away', () => {
  const { room, offer, connection, told } = stage()
  room.handle({ kind: 'open', stream: 1 })
  offer('a', 1)
  room.handle({ kind: 'close', stream: 1 })
  assert.equal(connection('a').isClosed, true)
  assert.deepEqual(told('closed'), [{ kind: 'closed', session: 'a', reason: 'the stream ended' }])
})

test('who does not connect in time, and who falls silent, is let go of', () => {
  const { room, offer, connection, at, told } = stage()
  room.handle({ kind: 'open', stream: 1 })
  for (const session of ['never', 'silent', 'alive']) offer(session, 1)
  connection('silent').onOpen()
  connection('alive').onOpen()
  at.now = Math.max(WEBRTC_LIMITS.connectMs, WEBRTC_LIMITS.silenceMs) + 1
  connection('alive').onRtcp(new Uint8Array())
  room.tick()
  assert.deepEqual(
    told('closed').map((message) => message.kind === 'closed' && [message.session, message.reason]),
    [
      ['never', 'it did not connect'],
      ['silent', 'nothing was heard of it'],
    ],
  )
  assert.equal(room.viewers, 1)
})

test('while the process itself stood nobody was silent', () => {
  const { room, offer, connection, at, told } = stage()
  room.handle({ kind: 'open', stream: 1 })
  for (const session of ['connecting', 'watching']) offer(session, 1)
  connection('watching').onOpen()
  room.tick()
  at.now = Math.max(WEBRTC_LIMITS.connectMs, WEBRTC_LIMITS.silenceMs) + 1
  room.tick()
  assert.deepEqual(told('closed'), [])
  const end = at.now + Math.max(WEBRTC_LIMITS.connectMs, WEBRTC_LIMITS.silenceMs) + 1_000
  for (; at.now <= end; at.now += 1_000) room.tick()
  assert.equal(told('closed').length, 2)
})

test('a viewer that goes over to another stream stays on the old one until the new one has a key frame', () => {
  const { room, offer, connection, picture } = stage()
  room.handle({ kind: 'open', stream: 1 })
  room.handle({ kind: 'open', stream: 2 })
  offer('a', 1)
  connection('a').onOpen()
  picture(1, 10, true)
  room.handle({ kind: 'switch', session: 'a', stream: 2, isUrgent: false })
  picture(1, 11, false)
  picture(2, 20, false)
  picture(2, 21, true)
  picture(1, 12, true)
  picture(2, 22, false)
  assert.deepEqual(connection('a').packets, [10, 10, 11, 11, 21, 21, 22, 22])
  room.handle({ kind: 'close', stream: 1 })
  assert.equal(connection('a').isClosed, false)
})

/** A viewer that watches stream 1, beside 2 and 3. */
function watching() {
  const run = stage()
  for (const stream of [1, 2, 3]) run.room.handle({ kind: 'open', stream })
  run.offer('a', 1)
  run.connection('a').onOpen()
  run.picture(1, 10, true)
  const go = (stream: number, isUrgent = false) => run.room.handle({ kind: 'switch', session: 'a', stream, isUrgent })
  /** Pictures since it was asked last, each once. */
  const shown = () =>
    run
      .connection('a')
      .packets.splice(0)
      .filter((n, i, all) => n !== all[i - 1])
  shown()
  return { ...run, go, shown }
}

test('a viewer that comes back before the other stream has begun stays where it is', () => {
  const { picture, go, shown } = watching()
  go(2)
  go(1)
  picture(1, 11, false)
  picture(2, 20, true)
  picture(1, 12, true)
  picture(1, 13, false)
  assert.deepEqual(shown(), [11, 12, 13])
})

test('a viewer that was sent away in haste gets what it left again when the other stream does not begin', () => {
  const { room, picture, go, shown } = watching()
  picture(1, 11, false)
  go(2, true)
  picture(1, 12, false)
  shown()
  go(1)
  picture(1, 13, false)
  for (let n = 0; n < 10; n++) room.step()
  picture(1, 14, false)
  picture(2, 20, true)
  picture(1, 15, true)
  picture(1, 16, false)
  assert.deepEqual(shown(), [10, 11, 12, 13, 14, 15, 16])
})

test('where a viewer is is reported once the pictures come from there', () => {
  const { room, said, picture, go } = watching()
  const told = () => {
    room.tick()
    const report = said.at(-1)
    return report?.kind === 'report' ? report.viewers[0]?.stream : assert.fail()
  }
  const before = told()
  go(2)
  const between = told()
  picture(2, 20, true)
  assert.deepEqual([before, between, told()], [1, undefined, 2])
})

test('a viewer that changes its mind on the way goes on with what it has until the last choice begins', () => {
  const { picture, go, shown } = watching()
  go(2)
  go(3)
  picture(1, 11, false)
  picture(2, 20, true)
  picture(1, 12, false)
  picture(3, 30, true)
  picture(1, 13, true)
  picture(2, 21, true)
  picture(3, 31, false)
  assert.deepEqual(shown(), [11, 12, 30, 31])
})

test('packets are counted on when viewers leave, and the report tells how they fare', () => {
  const { room, offer, connection, picture, said } = stage()
  room.handle({ kind: 'open', stream: 1 })
  offer('a', 1)
  offer('b', 1)
  connection('a').onOpen()
  picture(1, 1, true)
  room.handle({ kind: 'leave', session: 'a' })
  room.tick()
  assert.deepEqual(said.at(-1), {
    kind: 'report',
    viewers: [
      {
        session: 'b',
        connected: false,
        stream: 1,
        reports: 0,
        loss: 0,
        roundTrip: undefined,
        estimate: undefined,
        sent: 0,
        probed: undefined,
      },
    ],
    packets: 2,
    resent: 0,
    refused: 0,
  })
})

test('a line is tried while somebody is there, and the report tells what came of it', () => {
  const { room, offer, connection, picture, said, at } = stage({ retransmission: 109, transportSequence: 4 })
  room.handle({ kind: 'open', stream: 1 })
  offer('a', 1)
  picture(1, 1, true)
  room.handle({ kind: 'probe', session: 'a', bitrate: 1_000_000 })
  room.handle({ kind: 'probe', session: 'nobody', bitrate: 1_000_000 })
  assert.equal(room.isBusy, false)
  connection('a').onOpen()
  room.step()
  assert.equal(room.isBusy, false)
  room.handle({ kind: 'probe', session: 'a', bitrate: 1_000_000 })
  const before = connection('a').packets.length
  for (; room.isBusy && at.now < 5_000; at.now += 5) room.step()
  assert.ok(connection('a').packets.length > before + 20)
  room.tick()
  const report = said.at(-1)
  // Nobody has answered.
  assert.deepEqual(report?.kind === 'report' && report.viewers[0]?.probed, { count: 1, isCarried: undefined })
})

test('what is sent is told in bits a second, of each second anew', () => {
  const { room, offer, connection, picture, said, at } = stage()
  room.handle({ kind: 'open', stream: 1 })
  at.now = 5000
  offer('a', 1)
  connection('a').onOpen()
  const sent = () => {
    at.now += 1000
    room.tick()
    const last = said.at(-1)
    return last?.kind === 'report' ? last.viewers[0]?.sent : undefined
  }
  for (let n = 0; n < 30; n++) picture(1, n, n === 0)
  const busy = sent() ?? 0
  assert.ok(busy > 30 * 2000 * 8 && busy < 30 * 2100 * 8, `${busy} bit/s`)
  assert.equal(sent(), 0)
})

test('each packet says when it left, however long a picture takes for all', () => {
  const { room, at, offer, connection, picture } = stage({ absSendTime: 3 })
  room.handle({ kind: 'open', stream: 1 })
  for (const session of ['a', 'b']) {
    offer(session, 1)
    connection(session).onOpen()
  }
  at.step = 100
  picture(1, 1, true)
  const [first, second] = ['a', 'b'].map((session) => connection(session).left[0] ?? 0)
  assert.ok((second ?? 0) - (first ?? 0) >= 0.1, `${first} and ${second}`)
})

test('a stream that cannot be sent sends its own viewers away and nobody else', () => {
  const { room, offer, connection, picture, told, at } = stage()
  for (const stream of [1, 2]) room.handle({ kind: 'open', stream })
  offer('a', 1)
  offer('b', 2)
  for (const session of ['a', 'b']) connection(session).onOpen()
  picture(1, 1, true)
  // A length that goes beyond the picture, and sound larger than a packet.
  room.handle({ kind: 'picture', stream: 1, time: 9000, key: false, data: Uint8Array.of(0, 0, 9, 9, 0x41) })
  assert.equal(connection('a').isClosed, true)
  assert.deepEqual(
    told('unsendable').map((message) => message.kind === 'unsendable' && message.stream),
    [1],
  )
  picture(2, 1, true)
  assert.deepEqual(connection('b').packets, [1, 1])
  room.handle({ kind: 'sound', stream: 2, time: 0, data: new Uint8Array(5_000) })
  assert.equal(connection('b').isClosed, true)
  at.now = 1_000
  room.tick()
  assert.equal(room.viewers, 0)
})
