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

test('the room is bounded in wishes, not in those who share one: who counts them sees them leave', async () => {
  const room = createWaitingRoom<number, string>(manualScheduler(), 1000, String)
  const shared = Array.from({ length: 50_000 }, () => room.wait(0))
  assert.ok(shared.every((promise) => promise !== undefined && promise === shared[0]))
  for (let i = 1; i < WINDOW_LIMITS.waitingFor; i++) assert.ok(room.wait(i) !== undefined)
  assert.equal(room.wait(-1), undefined)
  assert.equal(room.size, WINDOW_LIMITS.waitingFor)
  room.answer((key) => key === 0, String)
  assert.equal(await shared.at(-1), '0')
  assert.ok(room.wait(-1) !== undefined)
})
