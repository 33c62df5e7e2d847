import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualScheduler } from '../fixtures/watched.ts'
import { WINDOW_LIMITS } from '../limits.ts'
import { createWaitingRoom } from './waiting-room.ts'

test('equal wishes share one promise and are answered together', async () => {
  const room = createWaitingRoom<number, string>(manualScheduler(), 1000, String)
  const one = room.wait(1)
  assert.equal(room.wait(1), one)
  const two = room.wait(2)
  room.answer(
    (key) => key === 1,
    (key) => `answer ${key}`,
  )
  assert.equal(await one, 'answer 1')
  assert.equal(room.size, 1)
  room.answer(
    () => true,
    () => undefined,
  )
  assert.equal(await two, undefined)
})

test('who waits too long is let go', async () => {
  const scheduler = manualScheduler()
  const room = createWaitingRoom<number, string>(scheduler, 1000, String)
  const one = room.wait(1)
  scheduler.advance(1000)
  assert.equal(await one, undefined)
  assert.equal(room.size, 0)
})

test('the room is bounded in wishes and in waiters', () => {
  const room = createWaitingRoom<number, string>(manualScheduler(), 1000, String)
  for (let i = 0; i < WINDOW_LIMITS.waitingFor; i++) assert.ok(room.wait(i) !== undefined)
  assert.equal(room.wait(-1), undefined)
  for (let i = WINDOW_LIMITS.waitingFor; i < WINDOW_LIMITS.waiters; i++) void room.wait(0)
  assert.equal(room.wait(0), undefined)
})
