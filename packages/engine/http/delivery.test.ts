import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeliveryMeter } from './delivery.ts'
import { createLiveHandler } from './live.ts'
import { createFakeBroadcast } from './live-fixture.ts'
import { get, openSocket, startServer, until } from './testing.ts'

test('gives quantiles of the time from the closing of a part to its last byte, in seconds', () => {
  let now = 1_000_000
  const meter = createDeliveryMeter(() => now)
  assert.ok(Number.isNaN(meter.quantile(0.99)))
  for (let i = 1; i <= 100; i++) {
    now = 1_000_000 + i
    meter.onDelivered({ closedAt: 1_000_000 })
  }
  assert.equal(meter.count, 100)
  assert.equal(meter.quantile(0.5), 0.05)
  assert.equal(meter.quantile(0.99), 0.099)
  assert.equal(meter.quantile(1), 0.1)
  meter.reset()
  assert.equal(meter.count, 0)
})

test('what was not a part is not measured, and a clock set back counts as the least', () => {
  const meter = createDeliveryMeter(() => 5)
  meter.onDelivered(undefined)
  meter.onDelivered({ plain: 'playlist' })
  assert.equal(meter.count, 0)
  meter.onDelivered({ closedAt: 10 })
  assert.equal(meter.quantile(1), 0.001)
})

test('a part counts once, when the last of those who waited for it has it', async (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const fake = createFakeBroadcast()
  fake.advance()
  const live = createLiveHandler({ find: () => fake.broadcast })
  const { port } = await startServer(t, [live.handle])
  const path = '/live/main/as_1/v1/p0000000001.m4s'
  const gone = await openSocket(t, port)
  gone.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`)
  const all = [get(port, path), get(port, path), get(port, path)]
  await until(() => live.waiting() === 4)
  gone.destroy()
  await until(() => live.waiting() === 3)
  fake.advance()
  t.mock.timers.tick(250)
  for (const answer of await Promise.all(all)) assert.equal(answer.status, 200)
  assert.equal(live.delivery.count, 1)
  assert.equal(live.delivery.quantile(1), 0.25)
})
