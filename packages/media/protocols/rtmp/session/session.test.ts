import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeAmf0 } from '../amf0/encode.ts'
import { amf0Object, isAmf0Object, stringField } from '../amf0/value.ts'
import { ChunkDecoder } from '../chunk/decoder.ts'
import { ChunkEncoder } from '../chunk/encoder.ts'
import type { RtmpMessage } from '../chunk/message.ts'
import type { RtmpCrypto } from '../handshake/crypto.ts'
import { RTMP_LIMITS, type RtmpLimits } from '../limits.ts'
import { type Command, parseCommand, printCommand } from '../message/command.ts'
import { parseControl, printControl } from '../message/control.ts'
import { parseUserControl, printUserControl } from '../message/user-control.ts'
import { createRtmpServerSession } from './server.ts'
import type { RtmpOutput, RtmpServerEvent, RtmpServerSession } from './server-types.ts'

const crypto: RtmpCrypto = { hmacSha256: () => new Uint8Array(32), randomBytes: (length) => new Uint8Array(length) }

/** An encoder made by hand: says what a test wants and reads what it is told. */
class HandEncoder {
  readonly session: RtmpServerSession
  readonly events: RtmpServerEvent[] = []
  readonly heard: RtmpMessage[] = []
  readonly #encoder = new ChunkEncoder()
  readonly #decoder = new ChunkDecoder(RTMP_LIMITS)
  #handshakeLeft = 1 + 2 * 1536
  now = 0
  wakeAt = 0

  constructor(limits: Partial<RtmpLimits> = {}, rejection?: string) {
    this.session = createRtmpServerSession({
      ...{ crypto, limits: { ...RTMP_LIMITS, ...limits }, app: 'live', now: 0 },
      ...(rejection !== undefined && { rejection }),
    })
  }

  take(output: RtmpOutput<RtmpServerEvent>): void {
    this.events.push(...output.events)
    this.wakeAt = output.wakeAt
    for (const bytes of output.send) {
      const skipped = Math.min(this.#handshakeLeft, bytes.byteLength)
      this.#handshakeLeft -= skipped
      this.#decoder.push(bytes.subarray(skipped), (message) => {
        if (message.type === 1) {
          const control = parseControl(message)
          if (control.kind === 'set-chunk-size') this.#decoder.chunkSize = control.bytes
        }
        this.heard.push(message)
      })
    }
  }

  bytes(bytes: Uint8Array): this {
    this.take(this.session.receive(bytes, this.now))
    return this
  }

  handshake(): this {
    const c = new Uint8Array(1 + 2 * 1536)
    c[0] = 3
    return this.bytes(c)
  }

  say(message: RtmpMessage, chunkStream = 3): this {
    for (const piece of this.#encoder.encode(chunkStream, message)) this.bytes(piece)
    return this
  }

  command(
    name: string,
    args: Command['args'] = [],
    transaction = 0,
    object: Command['object'] = null,
    stream = 0,
  ): this {
    return this.say(printCommand({ name, transaction, object, args }, stream))
  }

  connect(app = 'live'): this {
    return this.command('connect', [], 1, amf0Object({ app, flashVer: 'Test/1', tcUrl: `rtmp://h/${app}` }))
  }

  publishing(): this {
    this.handshake().connect().command('createStream', [], 2).command('publish', ['KEY', 'live'], 3, null, 1)
    this.take(this.session.acceptPublish(this.now))
    return this
  }

  media(type: 8 | 9, timestamp: number, length = 3): this {
    return this.say({ type, streamId: 1, timestamp, payload: new Uint8Array(length).fill(type) }, 4)
  }

  wake(now: number): this {
    this.now = now
    this.take(this.session.wake(now))
    return this
  }

  get commands(): Command[] {
    return this.heard.filter((message) => message.type === 20).map(parseCommand)
  }

  get status(): string[] {
    return this.commands.flatMap(({ args: [info] }) => (isAmf0Object(info) ? [stringField(info, 'code')] : []))
  }

  get closed(): Extract<RtmpServerEvent, { type: 'close' }> | undefined {
    return this.events.find((event) => event.type === 'close')
  }

  get closeReason(): string | undefined {
    return this.closed?.reason
  }
}

describe('publishing', () => {
  test('the sequence of OBS leads to a publish event and then to media', () => {
    const encoder = new HandEncoder()
      .handshake()
      .say(printControl({ kind: 'set-chunk-size', bytes: 4096 }), 2)
      .connect()
      .command('releaseStream', ['KEY'], 2)
      .command('FCPublish', ['KEY'], 3)
      .command('createStream', [], 4)
      .command('publish', ['KEY', 'live'], 5, null, 1)
    assert.deepEqual(encoder.events, [{ type: 'publish', key: 'KEY', encoder: 'Test/1' }])
    assert.deepEqual(
      encoder.commands.map(({ name, transaction }) => [name, transaction]),
      [
        ['_result', 1],
        ['_result', 2],
        ['_result', 3],
        ['onFCPublish', 0],
        ['_result', 4],
      ],
    )
    assert.equal(encoder.commands[4]?.args[0], 1)
    encoder.take(encoder.session.acceptPublish(0))
    assert.equal(encoder.status.at(-1), 'NetStream.Publish.Start')
    encoder.media(8, 0).media(9, 20)
    assert.deepEqual(encoder.events.slice(1), [
      { type: 'audio', timestamp: 0, data: Uint8Array.of(8, 8, 8) },
      { type: 'video', timestamp: 20, data: Uint8Array.of(9, 9, 9) },
    ])
  })

  test('media sent before the answer is held back and comes after it, in order', () => {
    const encoder = new HandEncoder().handshake().connect().command('createStream', [], 2)
    encoder.command('publish', ['KEY', 'live'], 3, null, 1).media(8, 1).media(9, 2)
    assert.deepEqual(
      encoder.events.map((event) => event.type),
      ['publish'],
    )
    encoder.take(encoder.session.acceptPublish(0))
    assert.deepEqual(
      encoder.events.map((event) => event.type),
      ['publish', 'audio', 'video'],
    )
  })

  test('too much media before the answer ends the session', () => {
    const encoder = new HandEncoder({ pendingMessages: 10 }).handshake().connect().command('createStream', [], 2)
    encoder.command('publish', ['KEY', 'live'], 3, null, 1)
    for (let i = 0; i < 12; i++) encoder.media(9, i)
    assert.equal(encoder.closed?.reason, 'limit')
  })

  test('a whole conversation in one piece, and byte by byte, gives the same events', () => {
    const chunks = new ChunkEncoder()
    const say = (name: string, transaction: number, args: Command['args'], object: Command['object'] = null) =>
      chunks.encode(3, printCommand({ name, transaction, object, args }, name === 'publish' ? 1 : 0))
    const start = new Uint8Array(1 + 2 * 1536)
    start[0] = 3
    const bytes = Buffer.concat([
      start,
      ...say('connect', 1, [], amf0Object({ app: 'live' })),
      ...say('createStream', 2, []),
      ...say('publish', 3, ['KEY']),
      ...chunks.encode(4, { type: 9, streamId: 1, timestamp: 7, payload: new Uint8Array(500) }),
    ])
    const run = (step: number): RtmpServerEvent[] => {
      const encoder = new HandEncoder()
      for (let at = 0; at < bytes.byteLength; at += step) encoder.bytes(bytes.subarray(at, at + step))
      encoder.take(encoder.session.acceptPublish(0))
      return encoder.events
    }
    const whole = run(bytes.byteLength)
    assert.deepEqual(
      whole.map((event) => event.type),
      ['publish', 'video'],
    )
    assert.deepEqual(run(1), whole)
  })

  test('metadata is an event; script data that cannot be read is left out without harm', () => {
    const encoder = new HandEncoder().publishing()
    encoder.say({ type: 18, streamId: 1, timestamp: 0, payload: Uint8Array.of(0x11, 1) })
    const data = printCommand({ name: 'onMetaData', transaction: 0, object: null, args: [] }, 1)
    encoder.say({ ...data, type: 18 })
    assert.deepEqual(encoder.events.slice(1), [])
    const payload = encodeAmf0(['onMetaData', amf0Object({ width: 2 })])
    encoder.say({ type: 18, streamId: 1, timestamp: 0, payload })
    encoder.say({ type: 15, streamId: 1, timestamp: 0, payload: Uint8Array.of(0, ...payload) })
    const metadata = { type: 'metadata', values: amf0Object({ width: 2 }) }
    assert.deepEqual(encoder.events.slice(1), [metadata, metadata])
  })

  test('an aggregate becomes its parts', () => {
    const encoder = new HandEncoder().publishing()
    const payload = Buffer.from('080000010003e800000000aa0000000c090000010003fd00000000bb0000000c', 'hex')
    encoder.say({ type: 22, streamId: 1, timestamp: 100, payload }, 4)
    assert.deepEqual(
      encoder.events.slice(1).map((event) => 'timestamp' in event && [event.type, event.timestamp]),
      [
        ['audio', 100],
        ['video', 121],
      ],
    )
  })

  test('timestamps go on past 32 bits, audio and video together', () => {
    const encoder = new HandEncoder().publishing().media(9, 0xffffffff).media(8, 3).media(9, 10)
    assert.deepEqual(
      encoder.events.slice(1).map((event) => 'timestamp' in event && event.timestamp),
      [0xffffffff, 2 ** 32 + 3, 2 ** 32 + 10],
    )
  })

  for (const [name, args] of [
    ['FCUnpublish', ['KEY']],
    ['closeStream', []],
    ['deleteStream', [1]],
  ] as const) {
    test(`${name} is a goodbye, said once; publishing again is possible`, () => {
      const encoder = new HandEncoder().publishing().command(name, args, 9).command('deleteStream', [1])
      assert.deepEqual(
        encoder.events.map((event) => event.type),
        ['publish', 'unpublish'],
      )
      encoder.media(9, 0).command('publish', ['KEY', 'live'], 10, null, 1)
      assert.deepEqual(
        encoder.events.map((event) => event.type),
        ['publish', 'unpublish', 'publish'],
      )
    })
  }

  test('an encoder may stop and start again on one connection as often as it likes', () => {
    const encoder = new HandEncoder().handshake().connect()
    for (let i = 0; i < 3 * RTMP_LIMITS.messageStreams; i++) {
      encoder.now = i * 10_000
      encoder.command('createStream', [], 2)
      const stream = encoder.commands.at(-1)?.args[0]
      assert.equal(stream, 1)
      encoder.command('publish', ['KEY', 'live'], 3, null, 1)
      encoder.take(encoder.session.acceptPublish(encoder.now))
      encoder.command('deleteStream', i % 2 === 0 ? [1] : [], 0)
    }
    assert.equal(encoder.closed, undefined)
    assert.equal(encoder.events.filter(({ type }) => type === 'unpublish').length, 3 * RTMP_LIMITS.messageStreams)
  })

  test('deleting another stream changes nothing', () => {
    assert.equal(new HandEncoder().publishing().command('deleteStream', [7]).events.length, 1)
  })

  test('getStreamLength, _checkbw and unknown commands are answered, those without a transaction are not', () => {
    const encoder = new HandEncoder().handshake().connect()
    const before = encoder.commands.length
    encoder.command('getStreamLength', ['x'], 7).command('_checkbw', [], 8).command('somethingElse', [], 9)
    encoder.command('notice', [], 0)
    assert.deepEqual(
      encoder.commands.slice(before).map(({ name, transaction }) => [name, transaction]),
      [
        ['_result', 7],
        ['_result', 8],
        ['_result', 9],
      ],
    )
  })
})

describe('refusals', () => {
  test('the owner refuses: onStatus error on the stream, then close', () => {
    const encoder = new HandEncoder().handshake().connect().command('createStream', [], 2)
    encoder.command('publish', ['KEY', 'live'], 3, null, 1)
    encoder.take(encoder.session.refuse('NetStream.Publish.BadName', 'Copy the key from the studio.', 0))
    const last = encoder.heard.at(-1)
    assert.equal(last?.streamId, 1)
    assert.deepEqual(encoder.commands.at(-1)?.args, [
      amf0Object({ level: 'error', code: 'NetStream.Publish.BadName', description: 'Copy the key from the studio.' }),
    ])
    assert.deepEqual(encoder.closed, { type: 'close', reason: 'refused', text: 'Copy the key from the studio.' })
    assert.equal(encoder.wakeAt, Number.POSITIVE_INFINITY)
    const events = encoder.events.length
    encoder.media(9, 0)
    assert.equal(encoder.events.length, events)
  })

  test('another application: _error with NetConnection.Connect.InvalidApp, which does not repeat it', () => {
    const encoder = new HandEncoder().handshake().connect('other')
    assert.equal(encoder.commands[0]?.name, '_error')
    assert.deepEqual(encoder.status, ['NetConnection.Connect.InvalidApp'])
    assert.match(encoder.closed?.text ?? '', /must end in "\/live"/)
    assert.doesNotMatch(encoder.closed?.text ?? '', /other/)
  })

  test('a peer that is not let in is told so where it connects, and has the time of the handshake for that', () => {
    const encoder = new HandEncoder({}, 'Try again later.').handshake().connect()
    assert.deepEqual(encoder.status, ['NetConnection.Connect.Rejected'])
    assert.deepEqual(encoder.closed, { type: 'close', reason: 'refused', text: 'Try again later.' })
    const slow = new HandEncoder({}, 'Try again later.').handshake()
    assert.equal(slow.wake(RTMP_LIMITS.handshakeMs).closeReason, 'idle')
  })

  test('no key: NetStream.Publish.BadName that says where to enter it', () => {
    const encoder = new HandEncoder().handshake().connect().command('publish', [''], 3, null, 1)
    assert.deepEqual(encoder.status.at(-1), 'NetStream.Publish.BadName')
    assert.equal(encoder.closed?.reason, 'refused')
  })

  test('play is refused with the way to watch', () => {
    const encoder = new HandEncoder().handshake().connect().command('play', ['KEY'], 0, null, 1)
    assert.equal(encoder.status.at(-1), 'NetStream.Play.Failed')
    assert.equal(encoder.closed?.reason, 'refused')
  })

  test('commands before connect, connect twice and publish twice are protocol errors', () => {
    assert.equal(new HandEncoder().handshake().command('createStream', [], 1).closed?.reason, 'protocol')
    assert.equal(new HandEncoder().handshake().connect().connect().closed?.reason, 'protocol')
    const twice = new HandEncoder().publishing().command('publish', ['KEY'], 4, null, 1)
    assert.equal(twice.closed?.reason, 'protocol')
  })
})

describe('limits and liveness', () => {
  test('HTTP on this port is a handshake failure', () => {
    const encoder = new HandEncoder().bytes(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    assert.equal(encoder.closed?.reason, 'handshake')
  })

  test('a connection that says nothing is closed when the handshake is due', () => {
    const encoder = new HandEncoder().wake(RTMP_LIMITS.handshakeMs - 1)
    assert.equal(encoder.closed, undefined)
    assert.equal(encoder.wakeAt, RTMP_LIMITS.handshakeMs)
    assert.equal(encoder.wake(encoder.wakeAt).closed?.reason, 'handshake')
  })

  test('a connection that drips bytes does not put the handshake off', () => {
    const encoder = new HandEncoder()
    encoder.now = RTMP_LIMITS.handshakeMs - 1
    encoder.bytes(Uint8Array.of(3))
    assert.equal(encoder.wake(RTMP_LIMITS.handshakeMs).closed?.reason, 'handshake')
  })

  test('a connection that never publishes is closed', () => {
    const encoder = new HandEncoder().handshake().connect()
    for (let now = 0; now <= RTMP_LIMITS.publishMs; now += 1000) {
      encoder.wake(now).say(printUserControl({ kind: 'ping-request', value: now }), 2)
    }
    assert.equal(encoder.closed?.reason, 'idle')
  })

  test('an owner that does not answer: the encoder is told to try again', () => {
    const encoder = new HandEncoder().handshake().connect().command('publish', ['KEY'], 3, null, 1)
    encoder.wake(RTMP_LIMITS.decisionMs)
    assert.equal(encoder.status.at(-1), 'NetStream.Publish.Rejected')
    assert.equal(encoder.closed?.reason, 'refused')
    encoder.take(encoder.session.acceptPublish(RTMP_LIMITS.decisionMs))
    assert.equal(encoder.status.at(-1), 'NetStream.Publish.Rejected')
  })

  test('a silent publisher is pinged, then given up; one that answers stays', () => {
    const silent = new HandEncoder().publishing()
    const alive = new HandEncoder().publishing()
    for (let now = 0; now <= RTMP_LIMITS.idleMs; now += 500) {
      silent.wake(now)
      const before = alive.heard.length
      alive.wake(now)
      for (const message of alive.heard.slice(before)) {
        if (message.type !== 4) continue
        const { kind, value } = parseUserControl(message.payload)
        if (kind !== 'ping-request') continue
        alive.now = now + 30
        alive.say(printUserControl({ kind: 'ping-response', value }), 2)
      }
    }
    assert.equal(silent.closed?.reason, 'idle')
    assert.ok(silent.heard.filter((message) => message.type === 4).length >= 3)
    assert.equal(alive.closed, undefined)
  })

  test('a publisher that sends media is not pinged', () => {
    const encoder = new HandEncoder().publishing()
    const before = encoder.heard.length
    for (let now = 0; now < 60_000; now += 1000) encoder.wake(now).media(9, now)
    assert.equal(encoder.heard.length, before)
    assert.equal(encoder.closed, undefined)
  })

  test('pings are answered', () => {
    const encoder = new HandEncoder()
      .handshake()
      .connect()
      .say(printUserControl({ kind: 'ping-request', value: 77 }), 2)
    const { payload } = encoder.heard.at(-1) as RtmpMessage
    assert.deepEqual(parseUserControl(payload), { kind: 'ping-response', value: 77 })
  })

  test('acknowledgements are sent per the window that the peer asked for', () => {
    const encoder = new HandEncoder().publishing()
    encoder.say(printControl({ kind: 'window-acknowledgement-size', bytes: 10_000 }), 2)
    for (let i = 0; i < 100; i++) encoder.media(9, i, 1000)
    const acknowledged = encoder.heard.filter((message) => message.type === 3).map(parseControl)
    assert.ok(acknowledged.length >= 9 && acknowledged.length <= 11)
    const last = acknowledged.at(-1)
    assert.ok(last?.kind === 'acknowledgement' && last.sequence > 90_000)
  })

  test('messages of an encoder that is not accepted yet are bounded tighter than afterwards', () => {
    const waiting = new HandEncoder({ messageBytesBeforeAcceptance: 1000 }).handshake().connect()
    waiting.command('publish', ['KEY', 'live'], 3, null, 1)
    assert.equal(waiting.media(9, 0, 1001).closed?.reason, 'limit')
    const known = new HandEncoder({ messageBytesBeforeAcceptance: 1000, messageBytes: 2000 }).publishing()
    assert.equal(known.media(9, 0, 2000).closed, undefined)
    assert.equal(known.media(9, 0, 2001).closed?.reason, 'limit')
  })

  test('a peer that has named no key gets room for commands only', () => {
    const limits = { messageBytesOfStranger: 500, pendingBytesOfStranger: 800, messageBytesBeforeAcceptance: 2000 }
    assert.equal(new HandEncoder(limits).handshake().connect().media(9, 0, 501).closeReason, 'limit')
    const split = new HandEncoder(limits).handshake().connect()
    // Two messages begun, of 500 bytes each.
    for (const chunkStream of [5, 6]) {
      split.bytes(new Uint8Array([chunkStream, 0, 0, 0, 0, 0x01, 0xf4, 9, 1, 0, 0, 0, ...new Uint8Array(128)]))
    }
    assert.equal(split.closeReason, 'limit')
    const named = new HandEncoder(limits).handshake().connect().command('createStream', [], 2)
    named.command('publish', ['KEY', 'live'], 3, null, 1).media(9, 0, 1500)
    assert.equal(named.closed, undefined)
  })

  test('a chunk size above the bound is refused', () => {
    const encoder = new HandEncoder({ chunkBytes: 65_536 }).handshake()
    assert.equal(encoder.say(printControl({ kind: 'set-chunk-size', bytes: 65_537 }), 2).closed?.reason, 'limit')
  })

  test('a bitrate above the limit over the window ends the stream and says so', () => {
    const encoder = new HandEncoder({ bitrate: 80_000 }).publishing() // 50 000 bytes in 5 s
    for (let second = 0; second < 20; second++) {
      encoder.now = second * 1000
      encoder.media(9, second * 1000, 8000)
    }
    assert.equal(encoder.closeReason, undefined)
    for (let i = 0; i < 3; i++) encoder.media(9, 20_000 + i, 8000)
    assert.equal(encoder.closeReason, 'limit')
    assert.equal(encoder.status.at(-1), 'NetStream.Publish.Rejected')
  })

  test('a flood of commands and too many message streams end the session', () => {
    const flood = new HandEncoder().handshake().connect()
    for (let i = 0; i < 600; i++) flood.command('x')
    assert.equal(flood.closed?.reason, 'limit')
    const streams = new HandEncoder().handshake().connect()
    for (let i = 0; i < 9; i++) streams.command('createStream', [], i + 2)
    assert.equal(streams.closed?.reason, 'limit')
  })

  test('a stranger is bounded in messages and bytes, however short they are and whatever they are', () => {
    const short = new HandEncoder({ messagesBeforeAcceptance: 100 }).handshake().connect()
    for (let i = 0; i < 98; i++) short.media(9, i, 0)
    assert.equal(short.closed, undefined)
    for (let i = 0; i < 3; i++) short.media(9, i, 0)
    assert.equal(short.closeReason, 'limit')
    const large = new HandEncoder({ bytesBeforeAcceptance: 10_000 }).handshake().connect()
    for (let i = 0; i < 10; i++) large.media(9, i, 1000)
    assert.equal(large.closeReason, 'limit')
  })

  test('a new publish on the same connection begins to count again', () => {
    const encoder = new HandEncoder({ messagesBeforeAcceptance: 20 }).publishing()
    for (let i = 0; i < 100; i++) encoder.media(9, i)
    encoder.command('deleteStream', [1], 0)
    for (let i = 0; i < 10; i++) encoder.media(9, i)
    encoder.command('publish', ['KEY', 'live'], 5, null, 1)
    assert.equal(encoder.closed, undefined)
  })

  test('a publish that is taken back before its answer lifts no limit and puts nothing off', () => {
    const hasty = (limits: Partial<RtmpLimits> = {}) => {
      const encoder = new HandEncoder(limits).handshake().connect()
      const again = () => encoder.command('publish', ['x', 'live'], 3, null, 1).command('closeStream', [], 0, null, 1)
      again()
      return { encoder, again }
    }
    assert.equal(hasty({ messageBytesOfStranger: 500 }).encoder.media(9, 0, 501).closeReason, 'limit')
    const pending = hasty({ pendingBytesOfStranger: 800 }).encoder
    for (const chunkStream of [5, 6]) {
      pending.bytes(new Uint8Array([chunkStream, 0, 0, 0, 0, 0x01, 0xf4, 9, 1, 0, 0, 0, ...new Uint8Array(128)]))
    }
    assert.equal(pending.closeReason, 'limit')
    const many = hasty({ messagesBeforeAcceptance: 100 })
    for (let i = 0; i < 50 && many.encoder.closed === undefined; i++) many.again()
    assert.equal(many.encoder.closeReason, 'limit')
    const slow = hasty()
    for (let now = 0; now < RTMP_LIMITS.publishMs; now += 1000) {
      slow.encoder.wake(now)
      slow.again()
    }
    assert.equal(slow.encoder.closed, undefined)
    assert.equal(slow.encoder.wakeAt, RTMP_LIMITS.publishMs)
    assert.equal(slow.encoder.wake(RTMP_LIMITS.publishMs).closeReason, 'idle')
  })

  test('a stream much faster than it plays is ended and told so, in messages of their own and in aggregates', () => {
    const plain = new HandEncoder({ messagesPerWindow: 100 }).publishing()
    const whole = new HandEncoder({ messagesPerWindow: 100 }).publishing()
    for (let i = 0; i < 101; i++) plain.media(8, i, 1)
    const tag = [8, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xaf, 0, 0, 0, 12]
    const payload = new Uint8Array(Array.from({ length: 5_000 }, () => tag).flat())
    whole.say({ type: 22, streamId: 1, timestamp: 0, payload }, 4)
    for (const encoder of [plain, whole]) {
      assert.equal(encoder.closeReason, 'limit')
      assert.equal(encoder.status.at(-1), 'NetStream.Publish.Rejected')
      assert.ok(encoder.events.filter(({ type }) => type === 'audio').length <= 100)
    }
  })

  test('a flood of metadata ends the session', () => {
    const encoder = new HandEncoder().publishing()
    const payload = encodeAmf0(['onMetaData', amf0Object({ width: 1 })])
    for (let i = 0; i < 600; i++) encoder.say({ type: 18, streamId: 1, timestamp: 0, payload }, 4)
    assert.equal(encoder.closeReason, 'limit')
  })

  test('one output never changes after it was given', () => {
    const encoder = new HandEncoder()
    const first = encoder.session.wake(0)
    encoder.handshake()
    assert.deepEqual(first.send, [])
  })
})
