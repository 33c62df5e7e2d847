import assert from 'node:assert/strict'
import { test } from 'node:test'
import { part } from './fixtures/material.ts'
import { STORE_LIMITS } from './limits.ts'
import { createPartQueue } from './queue.ts'

test('parts leave in the order they came, and room is given back', () => {
  const queue = createPartQueue(STORE_LIMITS, () => false)
  for (let i = 0; i < 4; i++) for (const track of [1, 2]) assert.equal(queue.push(part(track, i)), true)
  const names = (count: number) => queue.peek(count).map(({ track, number }) => `${track}:${number}`)
  assert.deepEqual(names(3), ['1:0', '2:0', '1:1'])
  queue.shift(3)
  assert.deepEqual(names(9), ['2:1', '1:2', '2:2', '1:3', '2:3'])
  assert.equal(queue.parts, 5)
  queue.shift(5)
  assert.deepEqual([queue.parts, queue.bytes, queue.dropped], [0, 0, 0])
})

for (const [what, limits] of [
  ['parts', { queueParts: 8 }],
  ['bytes', { queueBytes: 3_000 }],
] as const) {
  test(`beyond its ${what} a segment is given up on all tracks until a later one finds room`, () => {
    const queue = createPartQueue({ ...STORE_LIMITS, ...limits }, () => false)
    let i = 0
    while (!queue.overflowing) {
      queue.push(part(1, i))
      queue.push(part(2, i))
      i++
    }
    const lost = part(1, i - 1).msn
    while (queue.parts > 0) queue.shift(10)
    // Room there is, but not in the middle of a segment that lost parts.
    if (part(1, i).msn === lost) assert.equal(queue.push(part(1, i)), false)
    const next = (lost + 1) * 3
    assert.equal(queue.push(part(1, next)), true)
    const [gap, first] = queue.peek(2)
    assert.deepEqual([gap?.msn, gap?.gap, gap?.lost, gap?.last, gap?.bytes.byteLength], [lost, true, true, true, 0])
    assert.equal(first?.number, next)
    assert.equal(queue.overflowing, false)
  })
}

test('while blocked everything is dropped and memory does not grow', () => {
  let isBlocked = true
  const queue = createPartQueue(STORE_LIMITS, () => isBlocked)
  for (let i = 0; i < 1_000; i++) queue.push(part(1, i))
  assert.deepEqual([queue.parts, queue.dropped], [0, 1_000])
  isBlocked = false
  assert.equal(queue.push(part(1, 1_002)), true)
  assert.deepEqual(
    queue.peek(3).map(({ msn, gap }) => [msn, gap]),
    [
      [0, true],
      [334, false],
    ],
  )
})
