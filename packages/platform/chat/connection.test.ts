import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import type { ClientMessage } from '@bandstand/contract/chat/client.ts'
import { CLOSE_LIMIT } from '@bandstand/contract/chat/close.ts'
import { WebSocket } from 'ws'
import { Connection } from './connection.ts'
import { CHAT_LIMITS, EARLY_FRAMES_MAX } from './limits.ts'

const second = 1000
const garbage = Buffer.from('{')
const ping = Buffer.from('{"type":"ping"}')

/** A connection whose peer never answers a close, with a clock that stands until it is set. */
function open(t: TestContext) {
  const clock = { now: 0 }
  t.mock.method(performance, 'now', () => clock.now)
  const closes: number[] = []
  const heard: ClientMessage[] = []
  const dropped: string[] = []
  const opened: number = WebSocket.OPEN
  const ws = Object.assign(new EventEmitter(), {
    readyState: opened,
    OPEN: WebSocket.OPEN,
    close(code: number) {
      closes.push(code)
      ws.readyState = WebSocket.CLOSING
    },
    terminate() {
      ws.readyState = WebSocket.CLOSED
    },
  })
  const facts = { channelId: 'ch_1', address: '', addressHash: '', owner: false, session: undefined }
  const connection = new Connection(ws as unknown as WebSocket, new PassThrough().resume(), facts, CHAT_LIMITS, {
    message: (_from, message) => void heard.push(message),
    closed() {},
    dropped: (_from, why) => void dropped.push(why),
  })
  return { clock, closes, heard, dropped, connection, frame: (data: Buffer) => ws.emit('message', data, false), ws }
}

test('who floods before hello is closed, whether the frames are of the protocol or not', (t) => {
  for (const data of [garbage, ping]) {
    const { closes, frame } = open(t)
    for (let i = 0; i < EARLY_FRAMES_MAX; i++) frame(data)
    assert.deepEqual(closes, [])
    frame(data)
    assert.deepEqual(closes, [CLOSE_LIMIT])
  }
})

test('pings of WebSocket itself, which are answered too, count as frames', (t) => {
  const { closes, connection, ws } = open(t)
  connection.greeted = true
  for (let i = 0; i < CHAT_LIMITS.frameRate.burst; i++) ws.emit('ping')
  assert.deepEqual(closes, [])
  ws.emit('ping')
  assert.deepEqual(closes, [CLOSE_LIMIT])
})

test('hello must come within its time, whatever else comes', (t) => {
  const { clock, connection, dropped, frame } = open(t)
  clock.now = 9 * second
  frame(garbage)
  connection.sweep(clock.now)
  assert.deepEqual(dropped, [])
  clock.now = 11 * second
  connection.sweep(clock.now)
  assert.deepEqual(dropped, ['silent'])
})

test('who was closed and does not leave is not heard any more', (t) => {
  const { connection, frame, heard } = open(t)
  frame(ping)
  connection.close(CLOSE_LIMIT, 'enough')
  frame(ping)
  assert.equal(heard.length, 1)
})
