import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, packet } from './fixtures.ts'
import { RECEIVE_LIMITS } from './limits.ts'
import { createReorder, type Ordered } from './reorder.ts'

const numbers = (ordered: readonly Ordered[]) =>
  ordered.map((one) => (one.kind === 'gap' ? 'gap' : one.packet.sequence))
const at = (sequence: number) => packet(sequence, bytes(1))

test('what is in order goes through at once, also past the end of the numbers', () => {
  const reorder = createReorder(500)
  for (const sequence of [65_534, 65_535, 65_536, 65_537]) {
    assert.deepEqual(numbers(reorder.push(at(sequence), 0)), [sequence & 0xffff])
  }
  assert.equal(reorder.isWaiting, false)
})

test('a packet that was overtaken is waited for, and asked for only after a moment', () => {
  const reorder = createReorder(500)
  reorder.push(at(1), 0)
  assert.deepEqual(numbers(reorder.push(at(3), 5)), [])
  assert.deepEqual(reorder.ask(5 + RECEIVE_LIMITS.reorderMs - 1), [])
  assert.deepEqual(numbers(reorder.push(at(2), 10)), [2, 3])
  assert.deepEqual({ ...reorder.counters }, { reordered: 1, recovered: 0, lost: 0, late: 0, gaps: 0 })
})

test('what is missing is asked for again and again, and counts as recovered when it comes', () => {
  const reorder = createReorder(500)
  reorder.push(at(1), 0)
  reorder.push(at(4), 0)
  assert.deepEqual(reorder.ask(20), [2, 3])
  assert.deepEqual(reorder.ask(40), [], 'not so soon')
  assert.deepEqual(numbers(reorder.push(at(2), 60)), [2])
  assert.equal(reorder.trip, 40)
  assert.deepEqual(reorder.ask(140), [3])
  assert.deepEqual(numbers(reorder.push(at(3), 150)), [3, 4])
  assert.equal(reorder.counters.recovered, 2)
  assert.equal(reorder.trip, 40, 'of one that was asked for twice nobody knows')
})

test('what does not come is given up after its time, and what comes later is dropped', () => {
  const reorder = createReorder(500)
  reorder.push(at(1), 0)
  reorder.push(at(3), 100)
  reorder.push(at(5), 200)
  assert.deepEqual(numbers(reorder.step(599)), [])
  assert.deepEqual(numbers(reorder.step(600)), ['gap', 3])
  assert.deepEqual(numbers(reorder.step(700)), ['gap', 5])
  assert.deepEqual(numbers(reorder.push(at(2), 701)), [])
  assert.deepEqual(numbers(reorder.push(at(5), 701)), [], 'twice')
  assert.deepEqual({ ...reorder.counters }, { reordered: 0, recovered: 0, lost: 2, late: 2, gaps: 2 })
})

test('a number far off is believed only when the next one bears it out', () => {
  const reorder = createReorder(500)
  reorder.push(at(1), 0)
  assert.deepEqual(numbers(reorder.push(at(30_000), 1)), [])
  assert.deepEqual(numbers(reorder.push(at(2), 2)), [2], 'it was nothing')
  assert.deepEqual(numbers(reorder.push(at(40_000), 3)), [])
  assert.deepEqual(numbers(reorder.push(at(40_001), 4)), ['gap', 40_001])
  assert.deepEqual(numbers(reorder.push(at(40_002), 5)), [40_002])
})

test('where the line was cut nothing is asked for', () => {
  const reorder = createReorder(500)
  reorder.push(at(1), 0)
  reorder.push(at(3), 0)
  assert.deepEqual(numbers(reorder.push(at(3 + RECEIVE_LIMITS.missing + 1), 1)), [
    'gap',
    3,
    'gap',
    3 + RECEIVE_LIMITS.missing + 1,
  ])
  assert.equal(reorder.isWaiting, false)
})

test('no more is held than its bounds allow', () => {
  const reorder = createReorder(Number.POSITIVE_INFINITY)
  reorder.push(at(0), 0)
  let out = 0
  for (let n = 2; n < 2 * RECEIVE_LIMITS.packets; n++) out += reorder.push(at(n), 0).length
  assert.ok(out >= RECEIVE_LIMITS.packets - 2)
  const heavy = createReorder(Number.POSITIVE_INFINITY)
  const large = new Uint8Array(60_000)
  heavy.push(packet(0, large), 0)
  let given = 0
  for (let n = 2; n < 400; n++) given += heavy.push(packet(n, large), 0).length
  assert.ok(given > 200)
})

test('numbers of a hostile sender keep it neither busy nor growing', () => {
  const reorder = createReorder(500)
  let seed = 7
  const begun = performance.now()
  for (let n = 0; n < 50_000; n++) {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    reorder.push(at(seed % 65_536), n)
    reorder.step(n)
    assert.ok(reorder.ask(n).length <= RECEIVE_LIMITS.missing)
  }
  assert.ok(performance.now() - begun < 20_000)
})
