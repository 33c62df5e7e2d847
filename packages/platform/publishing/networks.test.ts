import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWithin, parseNetwork, printNetwork } from './networks.ts'

const network = (text: string) => parseNetwork(text) ?? assert.fail(text)
const written = (text: string) => printNetwork(network(text))

test('a network is kept in one form, whatever form it was given in', () => {
  assert.equal(written('192.0.2.7'), '192.0.2.7')
  assert.equal(written(' 192.0.2.7/24 '), '192.0.2.0/24')
  assert.equal(written('192.0.2.7/32'), '192.0.2.7')
  assert.equal(written('0.0.0.0/0'), '0.0.0.0/0')
  assert.equal(written('2001:DB8:0:0::1/32'), '2001:db8::/32')
  assert.equal(written('::ffff:192.0.2.7/120'), '192.0.2.0/24')
  assert.equal(written('::ffff:192.0.2.7'), '192.0.2.7')
  assert.equal(written('::/0'), '::/0')
})

test('what is no address or network is none', () => {
  for (const text of [
    '',
    'x',
    '192.0.2',
    '192.0.2.7/33',
    '2001:db8::/129',
    '192.0.2.7/',
    '1.2.3.4/8/8',
    '0x7f.1',
    '127.1',
    'fe80::1%eth0',
    '1.2.3.4, 5.6.7.8',
  ])
    assert.equal(parseNetwork(text), undefined, text)
})

test('an address is within its network to the bit, mapped IPv4 and zones included', () => {
  const inside = (remote: string, ...texts: string[]) => isWithin(remote, texts.map(network))
  assert.equal(inside('192.0.2.7', '192.0.2.0/24'), true)
  assert.equal(inside('::ffff:192.0.2.7', '192.0.2.0/24'), true)
  assert.equal(inside('192.0.3.7', '192.0.2.0/24'), false)
  assert.equal(inside('192.0.2.9', '192.0.2.8/31'), true)
  assert.equal(inside('192.0.2.10', '192.0.2.8/31'), false)
  assert.equal(inside('2001:db8:1::1', '2001:db8::/33'), true)
  assert.equal(inside('2001:db8:8000::1', '2001:db8::/33'), false)
  assert.equal(inside('fe80::1%eth0', 'fe80::/10'), true)
  assert.equal(inside('10.0.0.1', '192.0.2.0/24', '10.0.0.0/8'), true)
  assert.equal(inside('10.0.0.1', '::/0'), false)
  assert.equal(inside('2001:db8::1', '0.0.0.0/0'), false)
  assert.equal(inside('', '0.0.0.0/0', '::/0'), false)
  assert.equal(inside('localhost', '0.0.0.0/0', '::/0'), false)
})
