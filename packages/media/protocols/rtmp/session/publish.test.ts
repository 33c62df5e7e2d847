import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { MediaError } from '../../../error.ts'
import { amf0Object } from '../amf0/value.ts'
import type { RtmpCrypto } from '../handshake/crypto.ts'
import { RTMP_LIMITS } from '../limits.ts'
import { parseCapabilities, printCapabilities } from './capabilities.ts'
import { createRtmpPublishSession, type RtmpPublishEvent, type RtmpPublishSession } from './publish.ts'
import { createRtmpServerSession } from './server.ts'
import type { RtmpOutput, RtmpServerEvent, RtmpServerSession } from './server-types.ts'

const crypto: RtmpCrypto = {
  hmacSha256: (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
  randomBytes: (length) => new Uint8Array(length).fill(7),
}

/** Publisher and server joined without sockets, the wire cut into pieces of `step` bytes. */
class Wire {
  readonly server: RtmpServerSession
  readonly publisher: RtmpPublishSession
  readonly heard: RtmpServerEvent[] = []
  readonly told: RtmpPublishEvent[] = []
  readonly #step: number

  constructor(
    step = 10_000,
    options: { app?: string; handshake?: 'plain' | 'digest'; enhanced?: boolean; chunkBytes?: number } = {},
  ) {
    this.#step = step
    this.server = createRtmpServerSession({ crypto, limits: RTMP_LIMITS, app: 'live', now: 0 })
    this.publisher = createRtmpPublishSession({
      crypto,
      limits: RTMP_LIMITS,
      app: options.app ?? 'live',
      tcUrl: 'rtmp://h/live',
      key: 'KEY',
      encoder: 'Test/1',
      handshake: options.handshake ?? 'plain',
      enhanced: options.enhanced ?? false,
      chunkBytes: options.chunkBytes ?? 4096,
      now: 0,
    })
  }

  start(): this {
    this.fromPublisher(this.publisher.start())
    return this
  }

  fromPublisher(output: RtmpOutput<RtmpPublishEvent>): void {
    this.told.push(...output.events)
    this.send(output.send)
  }

  send(pieces: readonly Uint8Array[]): void {
    for (const bytes of pieces) {
      for (let at = 0; at < bytes.byteLength; at += this.#step) {
        this.fromServer(this.server.receive(bytes.subarray(at, at + this.#step), 0))
      }
    }
  }

  fromServer(output: RtmpOutput<RtmpServerEvent>): void {
    this.heard.push(...output.events)
    for (const bytes of output.send) {
      for (let at = 0; at < bytes.byteLength; at += this.#step) {
        this.fromPublisher(this.publisher.receive(bytes.subarray(at, at + this.#step), 0))
      }
    }
  }
}

for (const handshake of ['plain', 'digest'] as const) {
  for (const step of [10_000, 1]) {
    test(`publishes after a ${handshake} handshake, ${step} bytes at a time`, () => {
      const wire = new Wire(step, { handshake, chunkBytes: 200 }).start()
      assert.deepEqual(wire.heard, [{ type: 'publish', key: 'KEY', encoder: 'Test/1' }])
      wire.fromServer(wire.server.acceptPublish(0))
      assert.deepEqual(wire.told, [{ type: 'publishing', server: parseCapabilities(null) }])
      const body = Uint8Array.from({ length: 3000 }, (_, i) => i & 255)
      const values = amf0Object({ width: 1280 })
      wire.send(wire.publisher.metadata(values))
      wire.send(wire.publisher.media('video', 0, body))
      wire.send(wire.publisher.media('audio', 21, body.subarray(0, 10)))
      wire.send(wire.publisher.unpublish())
      assert.deepEqual(wire.heard.slice(1), [
        { type: 'metadata', values },
        { type: 'video', timestamp: 0, data: body },
        { type: 'audio', timestamp: 21, data: body.subarray(0, 10) },
        { type: 'unpublish' },
      ])
    })
  }
}

test('a refused key ends it with code and text', () => {
  const wire = new Wire().start()
  wire.fromServer(wire.server.refuse('NetStream.Publish.BadName', 'Wrong key.', 0))
  assert.deepEqual(wire.told, [{ type: 'close', code: 'NetStream.Publish.BadName', text: 'Wrong key.' }])
  assert.deepEqual(wire.publisher.unpublish(), [])
})

test('a refused application ends it with code and text', () => {
  const [event] = new Wire(10_000, { app: 'other' }).start().told
  assert.ok(event?.type === 'close' && event.code === 'NetConnection.Connect.InvalidApp')
})

test('a takeover while publishing ends it', () => {
  const wire = new Wire().start()
  wire.fromServer(wire.server.acceptPublish(0))
  wire.fromServer(wire.server.refuse('NetStream.Publish.Rejected', 'Taken over.', 0))
  assert.deepEqual(wire.told.at(-1), { type: 'close', code: 'NetStream.Publish.Rejected', text: 'Taken over.' })
})

test('who says that it speaks Enhanced RTMP is told what the server can do', () => {
  const wire = new Wire(10_000, { enhanced: true }).start()
  wire.fromServer(wire.server.acceptPublish(0))
  assert.deepEqual(wire.told, [{ type: 'publishing', server: parseCapabilities(printCapabilities()) }])
})

test('an encoder that can is asked to connect again and is left to do so, another is refused', () => {
  const text = 'The server starts anew.'
  const [able, unable] = [true, false].map((enhanced) => {
    const wire = new Wire(10_000, { enhanced }).start()
    wire.fromServer(wire.server.acceptPublish(0))
    wire.fromServer(wire.server.askToReconnect(text, 0))
    return wire
  })
  assert.deepEqual(able?.told.at(-1), { type: 'reconnect', tcUrl: '', text })
  assert.deepEqual(able?.heard.at(-1), { type: 'close', reason: 'reconnect', text })
  assert.deepEqual(able?.publisher.media('video', 0, new Uint8Array(1)).length, 1)
  assert.deepEqual(unable?.told.at(-1), { type: 'close', code: 'NetStream.Publish.Rejected', text })
  assert.deepEqual(unable?.heard.at(-1), { type: 'close', reason: 'refused', text })
})

test('media before publishing is accepted is a mistake of the caller', () => {
  const wire = new Wire().start()
  assert.throws(() => wire.publisher.media('video', 0, new Uint8Array(1)), MediaError)
  assert.throws(() => wire.publisher.metadata(new Map()), MediaError)
})

test('a server that does not answer is given up', () => {
  const { publisher } = new Wire()
  assert.deepEqual(publisher.wake(RTMP_LIMITS.handshakeMs - 1).events, [])
  assert.equal(publisher.wake(RTMP_LIMITS.handshakeMs).events[0]?.type, 'close')
})

test('a server that speaks something else is given up', () => {
  const { publisher } = new Wire()
  assert.equal(publisher.receive(new TextEncoder().encode('HTTP/1.1 400'), 0).events[0]?.type, 'close')
})
