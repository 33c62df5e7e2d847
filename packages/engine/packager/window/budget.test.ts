import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryBudget, type MemoryHolder } from './budget.ts'

function holder(parts: number[], keep = 0): MemoryHolder {
  return {
    get bytes() {
      return parts.reduce((sum, p) => sum + p, 0)
    },
    release() {
      if (parts.length <= keep) return false
      parts.shift()
      return true
    },
  }
}

test('whoever holds most gives back, until the total fits', () => {
  const budget = createMemoryBudget(100)
  const large = holder([40, 40, 40])
  const small = holder([10, 10])
  budget.join(large)
  budget.join(small)
  budget.settle()
  assert.deepEqual([large.bytes, small.bytes], [80, 20])
})

test('what must stay stays, even above the limit', () => {
  const budget = createMemoryBudget(10)
  const kept = holder([50], 1)
  budget.join(kept)
  budget.settle()
  assert.equal(budget.used, 50)
  budget.leave(kept)
  assert.equal(budget.used, 0)
})
