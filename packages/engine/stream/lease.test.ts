import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PublishRefusal } from '../ports.ts'
import { createLease, type LeaseHolder, SILENT_AFTER_MS, TAKE_BACK_BLOCK_MS } from './lease.ts'

function encoder(remote: string, lastMedia = 0): LeaseHolder & { stopped: PublishRefusal[] } {
  const stopped: PublishRefusal[] = []
  return { remote, lastMedia, stopped, stop: (why) => stopped.push(why) }
}

test('a second encoder takes over at once and the first is told why', () => {
  const lease = createLease('allow')
  const first = encoder('10.0.0.1')
  const second = encoder('10.0.0.2')
  assert.equal(lease.acquire(first, 0), undefined)
  assert.equal(lease.acquire(second, 100), undefined)
  assert.equal(lease.holder, second)
  assert.equal(first.stopped[0]?.code, 'taken-over')
})

test('a source, which has no key, is told what is true of it', () => {
  const lease = createLease('allow')
  const source = { ...encoder('this machine'), isSource: true }
  const other = encoder('10.0.0.2', 100)
  lease.acquire(source, 0)
  lease.acquire(other, 100)
  assert.equal(source.stopped[0]?.code, 'taken-over')
  assert.match(source.stopped[0]?.reason ?? '', /goes on when it is gone/)
  assert.doesNotMatch(source.stopped[0]?.reason ?? '', /key/)
  const later = 200 + SILENT_AFTER_MS
  lease.acquire({ ...encoder('this machine', later), isSource: true }, later)
  assert.match(other.stopped[0]?.reason ?? '', /source that is configured/)
})

test('the address that was taken over cannot take back for 15 s, and can afterwards', () => {
  const lease = createLease('allow')
  lease.acquire(encoder('10.0.0.1'), 0)
  const second = encoder('10.0.0.2')
  lease.acquire(second, 100)
  second.lastMedia = 5_000
  assert.equal(lease.acquire(encoder('10.0.0.1', 5_000), 5_000)?.code, 'taken-over')
  assert.equal(lease.holder, second)
  const later = 100 + TAKE_BACK_BLOCK_MS
  second.lastMedia = later
  assert.equal(lease.acquire(encoder('10.0.0.1', later), later), undefined)
})

test('an encoder that reconnects over its own dead connection is not blocked', () => {
  const lease = createLease('allow')
  lease.acquire(encoder('10.0.0.1', 0), 0)
  const again = SILENT_AFTER_MS + 1
  assert.equal(lease.acquire(encoder('10.0.0.1', again), again), undefined)
  const third = 2 * again + 1
  assert.equal(lease.acquire(encoder('10.0.0.1', third), third), undefined)
})

test('an encoder that was lost when another asked, and wakes up before that one takes over, is no quarrel', () => {
  const lease = createLease('allow')
  const frozen = encoder('10.0.0.1')
  lease.acquire(frozen, 0)
  const asked = SILENT_AFTER_MS + 1
  assert.equal(lease.lost(asked - 1), undefined)
  assert.equal(lease.lost(asked), frozen)
  frozen.lastMedia = asked + 10
  const fresh = { ...encoder('10.0.0.1', asked + 20), foundLost: frozen }
  assert.equal(lease.acquire(fresh, asked + 20), undefined)
  assert.equal(frozen.stopped[0]?.code, 'taken-over')
  // Nobody is blocked.
  assert.equal(lease.acquire(encoder('10.0.0.1'), asked + 30), undefined)
})

test('with takeover refused a live encoder is kept and a silent one is replaced', () => {
  const lease = createLease('refuse')
  const first = encoder('10.0.0.1', 0)
  lease.acquire(first, 0)
  assert.equal(lease.acquire(encoder('10.0.0.2'), 10)?.code, 'in-use')
  assert.equal(lease.acquire(encoder('10.0.0.2'), SILENT_AFTER_MS + 1), undefined)
})

test('a loser whose block has not passed may come when the channel is free', () => {
  const lease = createLease('allow')
  lease.acquire(encoder('10.0.0.1'), 0)
  const second = encoder('10.0.0.2')
  lease.acquire(second, 100)
  assert.equal(lease.release(second), true)
  assert.equal(lease.acquire(encoder('10.0.0.1', 200), 200), undefined)
})

test('a former holder cannot release the lease of its successor', () => {
  const lease = createLease('allow')
  const first = encoder('10.0.0.1')
  lease.acquire(first, 0)
  lease.acquire(encoder('10.0.0.2'), 1)
  assert.equal(lease.release(first), false)
  assert.notEqual(lease.holder, undefined)
})

test('who was taken over from its own address is told that it may have been its own connection', () => {
  const lease = createLease('allow')
  const first = encoder('10.0.0.1')
  lease.acquire(first, 0)
  lease.acquire(encoder('10.0.0.1', 1_000), 1_000)
  assert.match(first.stopped[0]?.reason ?? '', /^a newer connection from this address/)
  const refusal = lease.acquire(encoder('10.0.0.1', 2_000), 2_000)
  assert.equal(refusal?.code, 'taken-over')
  assert.match(refusal?.reason ?? '', /^a newer connection from this address .* wait 14 s/)
  const elsewhere = createLease('allow')
  elsewhere.acquire(encoder('10.0.0.1'), 0)
  elsewhere.acquire(encoder('10.0.0.2', 1_000), 1_000)
  assert.match(elsewhere.refusal('10.0.0.1', 2_000)?.reason ?? '', /^another encoder/)
})
