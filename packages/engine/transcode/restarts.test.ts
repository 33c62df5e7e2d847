import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LADDER_LIMITS } from './limits.ts'
import { createRestarts } from './restarts.ts'

const { backOff, longestBackOff, worked, settled, failures } = LADDER_LIMITS

test('the first may start at once; after each end in a row it is waited twice as long, up to a longest', () => {
  const restarts = createRestarts()
  assert.equal(restarts.mayStart(0), true)
  const waits = Array.from({ length: 12 }, (_, i) => restarts.failed('gone', 10, i).again)
  assert.deepEqual(waits.slice(0, 3), [backOff, 2 * backOff, 4 * backOff])
  assert.equal(waits.at(-1), longestBackOff)
  assert.equal(restarts.mayStart(11 + longestBackOff - 1), false)
  assert.equal(restarts.mayStart(11 + longestBackOff), true)
  assert.equal(restarts.count, 12)
})

test('one that has worked for a while is replaced at once, and what follows it soon as after the first', () => {
  const restarts = createRestarts()
  for (let i = 0; i < 5; i++) restarts.failed('gone', 10, i)
  restarts.proved()
  assert.equal(restarts.failed('gone', worked + 1, 100_000).again, 0)
  assert.equal(restarts.mayStart(100_000), true)
  const waits = [1, 2].map((i) => restarts.failed('gone', 10, 100_000 + i).again)
  assert.deepEqual(waits, [backOff, 2 * backOff])
})

test('one that made nothing for all the time that it took, or a picture and no more, is not', () => {
  const restarts = createRestarts()
  const waits = [1, 2].map((i) => restarts.failed('it wrote nothing', LADDER_LIMITS.startPatience, i).again)
  restarts.proved()
  waits.push(restarts.failed('gone', worked, 3).again)
  // What one before it made, which was asked to end, is nothing that it has made.
  restarts.proved()
  restarts.started()
  waits.push(restarts.failed('it wrote nothing', LADDER_LIMITS.startPatience, 4).again)
  assert.deepEqual(waits, [backOff, 2 * backOff, 4 * backOff, 8 * backOff])
})

test('hopeless after too many ends in a row, until one makes pictures; the encoder is doubted each time so many are full', () => {
  const restarts = createRestarts()
  const doubts = Array.from({ length: 2 * failures }, (_, i) => restarts.failed('gone', 10, i).isDoubtful)
  const full = (_: unknown, i: number) => (i + 1) % failures === 0
  assert.deepEqual(doubts, Array.from(doubts, full))
  assert.equal(restarts.isHopeless, true)
  restarts.proved()
  assert.equal(restarts.isHopeless, false)
  assert.equal(restarts.failed('gone', 10, 100).isDoubtful, false)
})

test('why it ended is told until one has run for a while', () => {
  const restarts = createRestarts()
  restarts.failed('no such card', 10, 0)
  restarts.ran(settled)
  assert.equal(restarts.trouble, 'ffmpeg: no such card')
  restarts.ran(settled + 1)
  assert.equal(restarts.trouble, undefined)
  assert.equal(restarts.count, 1)
})

test('where one made pictures the next may go on, and once more; where that makes none either another begins anew', () => {
  const restarts = createRestarts()
  for (const lasted of [worked + 1, 10]) {
    restarts.proved()
    const next = [lasted, 10, 10].map((ran, i) => {
      restarts.failed('gone', ran, i)
      return restarts.mayGoOn
    })
    assert.deepEqual(next, lasted > worked ? [true, true, false] : [true, false, false])
  }
})

test('the end of one that has worked is none without anything to show', () => {
  const restarts = createRestarts()
  restarts.proved()
  const ends = [worked + 1, ...Array<number>(failures).fill(10)].map((lasted, i) => restarts.failed('gone', lasted, i))
  assert.deepEqual(
    ends.map(({ isDoubtful }) => isDoubtful),
    [...Array<boolean>(failures).fill(false), true],
  )
  assert.equal(restarts.isHopeless, true)
})
