import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REASON_LENGTH } from '../limits.ts'
import { readAnswer } from './answer.ts'

const read = (value: unknown) => readAnswer({ status: 200, body: JSON.stringify(value) })

test('yes, another channel, and no with its reason', () => {
  assert.deepEqual(read({ allow: true }), { allow: true, channel: undefined })
  assert.deepEqual(read({ allow: true, channel: null, more: 1 }), { allow: true, channel: undefined })
  assert.deepEqual(read({ allow: true, channel: 'second' }), { allow: true, channel: 'second' })
  assert.deepEqual(read({ allow: false, reason: 'not today' }), { allow: false, reason: 'not today' })
  assert.deepEqual(read({ allow: false, channel: 'second' }), {
    allow: false,
    reason: 'this server does not let this encoder publish now',
  })
})

test('whatever is no clear answer is a fault', () => {
  const faults = [
    null,
    1,
    [],
    {},
    'yes',
    { allow: 'true' },
    { allow: 1 },
    { allow: true, channel: 7 },
    { allow: true, channel: '' },
  ]
  for (const value of [...faults, { allow: false, reason: {} }])
    assert.ok('fault' in read(value), JSON.stringify(value))
  for (const body of ['', '<html>', '{"allow":true', '{"allow":true}}'])
    assert.ok('fault' in readAnswer({ status: 200, body }), body)
  for (const status of [0, 101, 201, 204, 301, 302, 307, 401, 403, 500])
    assert.deepEqual(readAnswer({ status, body: '{"allow":true}' }), { fault: `it answered ${status}, not 200` })
})

test('a reason is one line of bounded length, whatever is in it', () => {
  const reasonOf = (reason: string) => (read({ allow: false, reason }) as { reason: string }).reason
  assert.equal(reasonOf(' line\r\none\u001b[31m\u202etwo\u2028three '), 'line one [31m two three')
  assert.equal(Array.from(reasonOf('😀'.repeat(1000))).length, REASON_LENGTH)
  assert.equal(reasonOf('\u0000\u200b').startsWith('this server'), true)
  assert.equal(reasonOf('\ud800x').isWellFormed(), true)
})
