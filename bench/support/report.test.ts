import assert from 'node:assert/strict'
import { it } from 'node:test'
import { quantile, shortfalls, slope } from './report.ts'

it('finds quantiles of unsorted values', () => {
  const values = Array.from({ length: 100 }, (_, index) => (index * 37) % 100)
  assert.equal(quantile(values, 0.5), 50)
  assert.equal(quantile(values, 0.99), 99)
  assert.equal(quantile(values, 1), 99)
  assert.ok(Number.isNaN(quantile([], 0.5)))
})

it('finds the slope of a noisy line', () => {
  const points = Array.from({ length: 100 }, (_, x) => ({ x, y: 3 * x + 7 + (x % 2 === 0 ? 1 : -1) }))
  assert.ok(Math.abs(slope(points) - 3) < 0.01)
})

it('names what fell short, and not what has nothing to reach', () => {
  const rows = [
    { what: 'fast', measured: '1 ms', ok: true },
    { what: 'slow', measured: '9 ms', ok: false },
    { what: 'the generator', measured: '3 ms' },
  ]
  assert.deepEqual(shortfalls(rows), ['slow'])
})
