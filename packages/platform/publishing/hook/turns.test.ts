import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTurns } from './turns.ts'

const never = new AbortController().signal

test('so many go at once and the next when one is done, in the order of coming', async () => {
  const turns = createTurns({ all: 2, named: 2, waiting: 10 })
  const [first, second] = [await turns.take('a', never), await turns.take('b', never)]
  const went: string[] = []
  const third = turns.take('c', never)?.then((done) => (went.push('c'), done))
  void turns.take('d', never)?.then(() => went.push('d'))
  assert.deepEqual([turns.running, turns.waiting], [2, 2])
  first?.()
  first?.()
  await third
  assert.deepEqual([went, turns.running, turns.waiting], [['c'], 2, 1])
  second?.()
  ;(await third)?.()
  await new Promise(setImmediate)
  assert.deepEqual([went, turns.running, turns.waiting], [['c', 'd'], 1, 0])
})

test('many of one name wait for each other and hold up no other', async () => {
  const turns = createTurns({ all: 4, named: 1, waiting: 10 })
  const done = await turns.take('a', never)
  let second = false
  void turns.take('a', never)?.then(() => (second = true))
  assert.ok(await turns.take('b', never))
  assert.equal(second, false)
  done?.()
  await new Promise(setImmediate)
  assert.equal(second, true)
})

test('too many are told at once, and who has waited too long waits no more', async () => {
  const turns = createTurns({ all: 1, named: 1, waiting: 1 })
  const done = await turns.take('a', never)
  const impatient = new AbortController()
  const waiting = turns.take('a', impatient.signal)
  assert.equal(turns.take('a', never), undefined)
  impatient.abort(new DOMException('late'))
  await assert.rejects(waiting ?? Promise.resolve(), /late/)
  assert.equal(turns.waiting, 0)
  done?.()
  assert.equal(turns.running, 0)
  assert.ok(await turns.take('a', never))
})
