import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUuid } from './uuid.ts'

const timeOf = (uuid: string) => Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)

test('a UUIDv7 has its time, its version and its variant where RFC 9562 has them', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 0x7fff_0123_4567 })
  assert.match(createUuid(), /^7fff0123-4567-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('more than a millisecond can count sort in the order of making, and differ', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 0x7fff_1000_0000 })
  const made = Array.from({ length: 10_000 }, createUuid)
  assert.deepEqual(made.toSorted(), made)
  assert.equal(new Set(made).size, made.length)
  assert.ok(timeOf(made.at(-1) ?? '') < 0x7fff_1000_0000 + 10)
})

test('a clock that goes back does not put a UUID before an earlier one', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 0x7fff_2000_0000 })
  const earlier = createUuid()
  t.mock.timers.setTime(0x7fff_1fff_0000)
  assert.ok(createUuid() > earlier)
})
