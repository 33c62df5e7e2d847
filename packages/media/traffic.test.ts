import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrafficMeter } from './traffic.ts'

test('the sum covers the window and forgets what is older', () => {
  const meter = new TrafficMeter(5000)
  for (let second = 0; second < 5; second++) meter.add(100, second * 1000)
  assert.equal(meter.add(0, 4999), 500)
  assert.equal(meter.add(0, 5000), 400)
  assert.equal(meter.add(50, 60_000), 50)
})

test('a steady rate stays steady however it is cut', () => {
  const meter = new TrafficMeter(5000)
  for (let ms = 0; ms < 20_000; ms += 10) meter.add(10, ms)
  assert.ok(Math.abs(meter.add(0, 20_000) - 4500) <= 500)
})
