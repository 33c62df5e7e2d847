import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkOf, plainAddress } from './address.ts'

test('IPv4 is itself, also where a dual-stack socket dresses it up; of IPv6 the /64 counts', () => {
  assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(networkOf('192.0.2.1'), '192.0.2.1')
  assert.equal(networkOf('2001:db8::1'), networkOf('2001:db8:0:0:ffff::2'))
  assert.notEqual(networkOf('2001:db8::1'), networkOf('2001:db8:0:1::1'))
  assert.equal(networkOf(plainAddress('')), '')
})
