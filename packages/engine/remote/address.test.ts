import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPublic, networkOf, plainAddress } from './address.ts'

test('IPv4 is itself, also where a dual-stack socket dresses it up; of IPv6 the /64 counts', () => {
  assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(networkOf('192.0.2.1'), '192.0.2.1')
  assert.equal(networkOf('2001:db8::1'), networkOf('2001:db8:0:0:ffff::2'))
  assert.notEqual(networkOf('2001:db8::1'), networkOf('2001:db8:0:1::1'))
  assert.equal(networkOf(plainAddress('')), '')
})

test('private, shared, link and loopback addresses are not public', () => {
  for (const address of ['10.0.0.4', '172.17.0.2', '192.168.1.9', '100.64.0.1', '169.254.1.1', '127.0.0.1'])
    assert.equal(isPublic(address), false, address)
  for (const address of ['fd00::1', 'fe80::1', '::1', '::127.0.0.1', '::a00:4', 'nonsense'])
    assert.equal(isPublic(address), false, address)
  for (const address of ['1.1.1.1', '2606:4700:4700::1111', '::ffff:1.1.1.1'])
    assert.equal(isPublic(address), true, address)
})
