import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PEER_LIMITS } from '../limits.ts'
import { createRepairs } from './repairs.ts'

const { keyGapMs, repairMs, repairShare } = PEER_LIMITS

test('within one group each repair has to wait twice as long as the one before', () => {
  const repairs = createRepairs()
  const taken: number[] = []
  for (let now = 0; now < keyGapMs * 16; now += keyGapMs) if (repairs.take({ key: 7, age: 100 }, now)) taken.push(now)
  assert.deepEqual(
    taken,
    [0, 2, 6, 14].map((n) => n * keyGapMs),
  )
  assert.equal(repairs.take({ key: 8, age: 100 }, keyGapMs * 16), true)
})

test('what is sent again is paid for, and comes back with time', () => {
  const repairs = createRepairs()
  assert.equal(repairs.take({ key: 1, age: repairMs }, 0), true)
  assert.equal(repairs.take({ key: 2, age: 1_000 }, keyGapMs), false)
  assert.equal(repairs.take({ key: 2, age: 1_000 }, 1_000 / repairShare), true)
})

test('a group longer than the budget is sent when the budget is whole', () => {
  const repairs = createRepairs()
  assert.equal(repairs.take({ key: 1, age: repairMs * 3 }, 0), true)
  assert.equal(repairs.take({ key: 2, age: repairMs * 3 }, repairMs), false)
  assert.equal(repairs.take({ key: 2, age: repairMs * 3 }, (repairMs * 3) / repairShare), true)
})
