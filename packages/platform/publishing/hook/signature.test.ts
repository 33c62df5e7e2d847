import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { parseHookSecret, signHook } from './signature.ts'

test('a call is signed as in the example of the standard-webhooks specification', () => {
  const secret = parseHookSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  assert.ok(secret)
  assert.deepEqual(signHook(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_999, '{"test": 2432232314}'), {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('a secret that can be guessed, or that is none, is refused; random ones are taken', () => {
  const weak = [
    '',
    'whsec_',
    'secret',
    randomBytes(32).toString('base64'),
    `whsec_${randomBytes(23).toString('base64')}`,
    `whsec_${randomBytes(65).toString('base64')}`,
    `whsec_${Buffer.alloc(32).toString('base64')}`,
    `whsec_${Buffer.from('abcabcabcabcabcabcabcabcabcabcabc').toString('base64')}`,
    `whsec_${randomBytes(32).toString('base64')} `,
    'whsec_not base64 at all, however long it may be here',
  ]
  for (const text of weak) assert.equal(parseHookSecret(text), undefined, text)
  for (let i = 0; i < 200; i++) {
    const bytes = randomBytes(24 + (i % 41))
    assert.deepEqual(parseHookSecret(`whsec_${bytes.toString('base64')}`), bytes)
    assert.deepEqual(parseHookSecret(`whsec_${bytes.toString('base64').replace(/=+$/, '')}`), bytes)
  }
})
