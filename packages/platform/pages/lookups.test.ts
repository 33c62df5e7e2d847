import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOOKUPS, LOOKUPS_WAITING } from './limits.ts'
import { createLookups } from './lookups.ts'

test('few run at a time, the others in their order, also after one that fails', async () => {
  const lookups = createLookups<number>()
  const order: number[] = []
  let running = 0
  const asked = Array.from({ length: 20 }, (_, i) =>
    lookups.share(String(i), async () => {
      assert.ok(++running <= LOOKUPS)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      order.push(i)
      if (i === 3) throw new TypeError('injected')
      return i
    }),
  )
  const outcomes = await Promise.allSettled(asked)
  assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 1)
  assert.deepEqual(
    order,
    Array.from({ length: 20 }, (_, i) => i),
  )
})

test('who asks for the same shares a look-up while it runs, and not later', async () => {
  const lookups = createLookups<number>()
  let looked = 0
  const look = async () => ++looked
  assert.deepEqual(await Promise.all([lookups.share('a', look), lookups.share('a', look)]), [1, 1])
  assert.equal(await lookups.share('a', look), 2)
})

test('those that wait are bounded', async () => {
  const lookups = createLookups<void>()
  const { promise, resolve } = Promise.withResolvers<void>()
  const asked = Array.from({ length: LOOKUPS + LOOKUPS_WAITING }, (_, i) => lookups.share(String(i), () => promise))
  await assert.rejects(
    lookups.share('one more', () => promise),
    { code: 'limit' },
  )
  resolve()
  await Promise.all(asked)
  await lookups.share('again', () => promise)
})
