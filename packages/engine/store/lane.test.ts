import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineError } from '../error.ts'
import { createLane } from './lane.ts'

test('no more than its width runs, the rest in order, and failures free their place', async () => {
  const lane = createLane(2, 10)
  const order: number[] = []
  let most = 0
  const tasks = Array.from({ length: 8 }, (_, i) =>
    lane.run(async () => {
      most = Math.max(most, lane.running)
      order.push(i)
      await new Promise((resolve) => setImmediate(resolve))
      if (i === 3) throw new EngineError('disk', 'no')
    }),
  )
  await Promise.allSettled(tasks)
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7])
  assert.deepEqual([most, lane.running, lane.waiting], [2, 0, 0])
})

test('beyond its limit a task is refused', async () => {
  const lane = createLane(1, 1)
  const first = lane.run(() => new Promise((resolve) => setTimeout(resolve, 5)))
  const second = lane.run(async () => undefined)
  await assert.rejects(
    lane.run(async () => undefined),
    (error) => error instanceof EngineError && error.code === 'limit',
  )
  await Promise.all([first, second])
})
