import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SIGNED_NETWORKS_MAX } from '@bandstand/contract/limits.ts'
import { createSecrets } from '../access/secrets.ts'
import { SIGNED_KEY_LENGTH } from './limits.ts'
import { type Network, parseNetwork } from './networks.ts'
import { type Policy, parsePolicy, printPolicy } from './policy.ts'
import { readSignedKey, signKey } from './signed-key.ts'

const secrets = createSecrets(Buffer.alloc(32, 7))
const networks = (...texts: string[]): Network[] => texts.map((text) => parseNetwork(text) ?? assert.fail(text))
const policy: Policy = {
  channelId: 'ch_01a1fbb5-74b9-77f2-ac9f-8d4dc7f0ee63',
  secretNumber: 3,
  expiresAt: 1_800_000_000,
  sessionEndsAt: 0,
  networks: networks('192.0.2.0/23', '2001:db8::/32'),
}

test('a policy is these bytes', () => {
  const expected = [
    '01a1fbb574b977f2ac9f8d4dc7f0ee63', // channel
    '00000003', // number of its secret
    '6b49d200', // expires: 2027-01-15 08:00:00 UTC
    '00000000', // the session does not end
    '02', // two networks
    '0417c00002', // IPv4, 23 bits: 192.0.2
    '062020010db8', // IPv6, 32 bits: 2001:db8
  ].join('')
  assert.equal(printPolicy(policy).toString('hex'), expected)
  assert.deepEqual(parsePolicy(Buffer.from(expected, 'hex')), policy)
})

test('bytes that no policy is printed as are none', () => {
  const whole = printPolicy(policy)
  for (let length = 0; length < whole.length; length++) {
    const cut = Buffer.from(whole.subarray(0, length))
    assert.equal(parsePolicy(cut), undefined, `${length} bytes`)
  }
  assert.equal(parsePolicy(Buffer.concat([whole, Buffer.from([0])])), undefined, 'a byte more')
  const changed = (at: number, byte: number) => {
    const bytes = Buffer.from(whole)
    bytes[at] = byte
    return parsePolicy(bytes)
  }
  assert.equal(changed(29, 5), undefined, 'a family that there is not')
  assert.equal(changed(30, 33), undefined, 'a prefix that is too long')
  assert.equal(changed(33, 0x03), undefined, 'a bit behind the prefix')
  assert.equal(changed(28, SIGNED_NETWORKS_MAX + 1), undefined, 'more networks than may be')
})

test('a signed key is read by who signed it, and is nothing once a character has changed', () => {
  const key = signKey(secrets, policy)
  assert.match(key, /^bs1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/)
  assert.deepEqual(readSignedKey(secrets, key), policy)
  for (let i = 0; i < key.length; i++) {
    const other = key[i] === 'A' ? 'B' : 'A'
    assert.equal(readSignedKey(secrets, key.slice(0, i) + other + key.slice(i + 1)), undefined, `character ${i}`)
    assert.equal(readSignedKey(secrets, key.slice(0, i)), undefined, `${i} characters`)
  }
  for (const text of [`${key}A`, ` ${key}`, `${key}\n`, key.replace('bs1', 'bs2'), '', 'bs1..', 'bs1.'.repeat(100)])
    assert.equal(readSignedKey(secrets, text), undefined, text)
  assert.equal(readSignedKey(createSecrets(Buffer.alloc(32, 8)), key), undefined)
})

test('the spare bits of base64 make no second key of the same policy', () => {
  const key = signKey(secrets, { ...policy, networks: [] })
  const [mark = '', body = '', mac = ''] = key.split('.')
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const twin = body.slice(0, -1) + alphabet[alphabet.indexOf(body.at(-1) ?? '') + 1]
  assert.deepEqual(Buffer.from(twin, 'base64url'), Buffer.from(body, 'base64url'))
  assert.equal(readSignedKey(secrets, `${mark}.${twin}.${mac}`), undefined)
})

test('each number of a channel has a secret of its own', () => {
  const key = signKey(secrets, policy)
  const next = signKey(secrets, { ...policy, secretNumber: 4 })
  assert.notEqual(key.split('.')[2], next.split('.')[2])
  assert.equal(readSignedKey(secrets, `${next.slice(0, next.lastIndexOf('.'))}.${key.split('.')[2]}`), undefined)
})

test('the longest signed key fits where encoders put it', () => {
  const most = Array<string>(SIGNED_NETWORKS_MAX).fill('2001:db8::1')
  const key = signKey(secrets, { ...policy, sessionEndsAt: 0xffff_ffff, networks: networks(...most) })
  assert.ok(key.length <= SIGNED_KEY_LENGTH, `${key.length}`)
  assert.ok(readSignedKey(secrets, key))
  assert.ok(`#!::m=publish,s=${key}`.length < 512)
  assert.equal(encodeURIComponent(key), key)
})
