import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAttempts } from './attempts.ts'
import { SRT_LISTENER_LIMITS } from './limits.ts'

const { attempts, attemptsPerAddress } = SRT_LISTENER_LIMITS

function stage() {
  const counted = createAttempts(SRT_LISTENER_LIMITS)
  /** Of so many attempts of each address, one after the other, those that are allowed. */
  const flood = (addresses: readonly string[], times: number, now: number) => {
    let allowed = 0
    for (let i = 0; i < times; i++) for (const address of addresses) if (counted.allow(address, now)) allowed++
    return allowed
  }
  return { counted, flood }
}

const networks = (count: number) => Array.from({ length: count }, (_, i) => `198.51.${i >> 8}.${i & 255}`)

test('an address has so many in a second, and as many in the next', () => {
  const { flood } = stage()
  assert.equal(flood(['192.0.2.1'], 1000, 0), attemptsPerAddress)
  assert.equal(flood(['192.0.2.1'], 1000, 999), 0)
  assert.equal(flood(['192.0.2.1'], 1000, 1000), attemptsPerAddress)
  // All of one IPv6 network are one.
  assert.equal(flood(['2001:db8::1', '2001:db8::2'], 1000, 1000), attemptsPerAddress)
})

test('a few that repeat themselves without end keep nobody else out', () => {
  const { counted, flood } = stage()
  flood(networks(20), 1000, 0)
  for (let i = 1; i <= 50; i++) assert.ok(counted.allow(`192.0.2.${i}`, 0), `the ${i}th of the others`)
})

test('all together have no more than their bound, from wherever they come', () => {
  assert.equal(stage().flood(networks(2000), 50, 0), attempts)
  const { flood } = stage()
  assert.ok(flood(networks(20), 50, 0) + flood(networks(1000), 50, 0) <= attempts)
})
