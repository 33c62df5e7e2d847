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
  budget.settle(40)
  assert.deepEqual([large.bytes, small.bytes], [80, 20])
})

test('what must stay stays, even above the limit', () => {
  const budget = createMemoryBudget(10)
  const kept = holder([50], 1)
  budget.join(kept)
  budget.settle(50)
  assert.equal(budget.used, 50)
  budget.leave(kept)
  assert.equal(budget.used, 0)
})

test('holders are counted again before they can be over the limit', () => {
  const budget = createMemoryBudget(1000)
  const parts: number[] = []
  let counts = 0
  budget.join({
    get bytes() {
      counts++
      return parts.reduce((sum, p) => sum + p, 0)
    },
    release: () => parts.shift() !== undefined,
  })
  for (let i = 0; i < 200; i++) {
    parts.push(10)
    budget.settle(10)
    assert.ok(parts.length <= 100, `${parts.length} parts of 10 bytes`)
    if (i < 10) assert.equal(counts, 0)
  }
  assert.equal(parts.length, 100)
  assert.ok(counts > 0)
})
