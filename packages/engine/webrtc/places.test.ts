import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPlaces } from './places.ts'

test('so many places for an address, so many in all, and those given back are free again', () => {
  const places = createPlaces({ sessions: 3, sessionsPerAddress: 2 })
  const take = (...remotes: string[]) => remotes.map(places.take)
  assert.deepEqual(take('10.0.0.1', '10.0.0.1', '10.0.0.1'), [true, true, false])
  assert.deepEqual(take('10.0.0.2', '10.0.0.3'), [true, false])
  places.release('10.0.0.1')
  assert.deepEqual(take('10.0.0.1', '10.0.0.1'), [true, false])
})

test('a network that one host has is one address', () => {
  const { take } = createPlaces({ sessions: 10, sessionsPerAddress: 1 })
  assert.deepEqual(['2001:db8::1', '2001:db8::ffff:1', '2001:db8:0:1::1'].map(take), [true, false, true])
  assert.deepEqual(['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2'].map(take), [true, false, true])
})
