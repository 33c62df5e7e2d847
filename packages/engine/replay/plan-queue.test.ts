import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineError } from '../error.ts'
import { createPlanQueue } from './plan-queue.ts'

const limits = { planning: 1, planningQueue: 3, planningPerNetwork: 2 }
const isLimit = (error: unknown) => error instanceof EngineError && error.code === 'limit'
const stays = new AbortController().signal

/** A task that ends when it is told to. */
function held() {
  const { promise, resolve } = Promise.withResolvers<string>()
  return { task: () => promise, finish: () => resolve('made') }
}

test('one at a time, the rest in order, and failures free their place', async () => {
  const queue = createPlanQueue({ ...limits, planningPerNetwork: 4 })
  const order: number[] = []
  const tasks = [0, 1, 2, 3].map((i) =>
    queue.run('a', stays, async () => {
      order.push(i)
      await new Promise((resolve) => setImmediate(resolve))
      if (i === 1) throw new EngineError('disk', 'no')
      order.push(i)
    }),
  )
  await assert.rejects(
    queue.run('b', stays, async () => undefined),
    isLimit,
  )
  await Promise.allSettled(tasks)
  assert.deepEqual(order, [0, 0, 1, 2, 2, 3, 3])
  assert.equal(await queue.run('a', stays, async () => 'made'), 'made')
})

test('one network has no more than its share, and others have their places', async () => {
  const queue = createPlanQueue(limits)
  const [first, second, other] = [held(), held(), held()]
  const all = [queue.run('a', stays, first.task), queue.run('a', stays, second.task)]
  await assert.rejects(queue.run('a', stays, first.task), isLimit)
  all.push(queue.run('b', stays, other.task))
  first.finish()
  await all[0]
  all.push(queue.run('a', stays, first.task))
  for (const { finish } of [second, other]) finish()
  assert.deepEqual(await Promise.all(all), ['made', 'made', 'made', 'made'])
})

test('what nobody waits for any more is not begun and takes no place; what has begun is finished', async () => {
  const queue = createPlanQueue({ ...limits, planningQueue: 1 })
  const gone = new AbortController()
  const begun = held()
  const first = queue.run('a', gone.signal, begun.task)
  let isBegun = false
  const waiting = queue.run('a', gone.signal, async () => {
    isBegun = true
  })
  gone.abort()
  assert.equal(await waiting, undefined)
  const next = queue.run('a', stays, async () => 'next')
  begun.finish()
  assert.deepEqual(await Promise.all([first, next]), ['made', 'next'])
  assert.equal(isBegun, false)
})
