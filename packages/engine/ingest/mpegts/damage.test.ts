import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDamage } from './damage.ts'

test('damage is told as it begins and doubles, and forgotten after one to two periods', () => {
  const damage = createDamage(1000, 0)
  assert.equal(damage.update(0, 10), undefined)
  assert.equal(damage.update(1, 20), 1)
  assert.equal(damage.update(1, 30), undefined)
  assert.equal(damage.update(2, 40), 2)
  assert.equal(damage.update(3, 50), undefined)
  assert.equal(damage.update(4, 60), 4)
  // The period that follows still counts the one before.
  assert.equal(damage.update(5, 1100), undefined)
  assert.equal(damage.update(5, 2100), 1)
  assert.equal(damage.update(5, 3100), 0)
  assert.equal(damage.update(5, 4100), undefined)
})

test('what came before a long silence is forgotten with it', () => {
  const damage = createDamage(1000, 0)
  assert.equal(damage.update(8, 500), 8)
  assert.equal(damage.update(8, 9000), 0)
  assert.equal(damage.update(9, 9001), 1)
})
