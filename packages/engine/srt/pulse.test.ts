import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createPulse } from './pulse.ts'

test('time passes only when a turn has read few datagrams: the socket is empty', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let passed = 0
  const pulse = createPulse(10, () => passed++)
  t.after(() => pulse.stop())
  pulse.start()
  t.mock.timers.tick(10)
  for (let i = 0; i < 5; i++) {
    for (let j = 0; j < 32; j++) pulse.received()
    await turn()
    assert.equal(passed, 0, `turn ${i}`)
  }
  pulse.received()
  await turn()
  await turn()
  assert.equal(passed, 1)
})

test('a flood does not stop time', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let passed = 0
  const pulse = createPulse(10, () => passed++)
  t.after(() => pulse.stop())
  pulse.start()
  t.mock.timers.tick(10)
  for (let i = 0; i < 110; i++) {
    for (let j = 0; j < 32; j++) pulse.received()
    await turn()
  }
  assert.equal(passed, 1)
})

test('what is stopped stays so', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let passed = 0
  const pulse = createPulse(10, () => passed++)
  pulse.start()
  t.mock.timers.tick(10)
  pulse.stop()
  await turn()
  t.mock.timers.tick(100)
  await turn()
  assert.equal(passed, 0)
})
