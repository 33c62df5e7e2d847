import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPacketHistory } from './history.ts'
import { RTP_LIMITS } from './limits.ts'

const bounds = { packets: 4, bytes: 100, age: 50 }

test('packets are found by their number until more than the bound have come', () => {
  const history = createPacketHistory<string>(bounds)
  for (const [i, packet] of ['a', 'b', 'c', 'd', 'e', 'f'].entries()) assert.equal(history.add(packet, 10, 0), i)
  assert.deepEqual(
    [-1, 0, 1, 2, 3, 4, 5, 6].map((number) => history.get(number)),
    [undefined, undefined, undefined, 'c', 'd', 'e', 'f', undefined],
  )
  assert.deepEqual([history.packets, history.bytes, history.next], [4, 40, 6])
})

test('the oldest leave when the bytes exceed the bound', () => {
  const history = createPacketHistory<string>(bounds)
  history.add('a', 40, 0)
  history.add('b', 40, 0)
  history.add('c', 50, 0)
  assert.deepEqual([history.get(0), history.get(1), history.bytes], [undefined, 'b', 90])
})

test('the oldest leave when they are too old', () => {
  const history = createPacketHistory<string>(bounds)
  history.add('a', 10, 0)
  history.add('b', 10, 30)
  history.add('c', 10, 51)
  assert.deepEqual([history.get(0), history.get(1), history.bytes], [undefined, 'b', 20])
})

test('the newest packet stays even when it alone exceeds the bounds', () => {
  const history = createPacketHistory<string>(bounds)
  history.add('a', 10, 0)
  history.add('b', 500, 1000)
  assert.deepEqual([history.packets, history.get(1)], [1, 'b'])
})

test('numbers that differ by the size of the table are not mixed up', () => {
  const history = createPacketHistory<number>(bounds)
  for (let i = 0; i < 1000; i++) history.add(i, 1, 0)
  assert.equal(history.get(996), 996)
  assert.equal(history.get(995), undefined)
  assert.equal(history.get(1000), undefined)
})

test('the bounds of a live stream hold a second of 8 Mbit/s', () => {
  const history = createPacketHistory<number>(RTP_LIMITS.history)
  const count = 8_000_000 / 8 / RTP_LIMITS.payload
  for (let i = 0; i < count; i++) history.add(i, RTP_LIMITS.payload, (i * 1000) / count)
  assert.equal(history.get(0), 0)
})
