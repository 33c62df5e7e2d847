import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPictureLane } from './lane.ts'

test('one job runs at a time, also after one that fails', async () => {
  const lane = createPictureLane()
  let running = 0
  const job = (outcome: () => string) => async () => {
    assert.equal(++running, 1)
    await new Promise((done) => setImmediate(done))
    running--
    return outcome()
  }
  const outcomes = await Promise.allSettled([
    lane.run(
      'a',
      job(() => 'a'),
    ),
    lane.run(
      'b',
      job(() => {
        throw new TypeError('injected')
      }),
    ),
    lane.run(
      'c',
      job(() => 'c'),
    ),
  ])
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.message)),
    ['a', 'injected', 'c'],
  )
  assert.equal(lane.size, 0)
})

test('a crowd that asks for one picture makes it once, and again later', async () => {
  const lane = createPictureLane()
  let made = 0
  const job = async () => ++made
  assert.deepEqual(await Promise.all([lane.run('a', job), lane.run('a', job)]), [1, 1])
  assert.equal(await lane.run('a', job), 2)
})

test('the line is bounded', async () => {
  const lane = createPictureLane(2)
  const { promise, resolve } = Promise.withResolvers<void>()
  const seated = ['running', 'first', 'second'].map((key) => lane.run(key, () => promise))
  await assert.rejects(
    lane.run('third', () => promise),
    { code: 'limit' },
  )
  resolve()
  await Promise.all(seated)
  await lane.run('third', () => promise)
})
