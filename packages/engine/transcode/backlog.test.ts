import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBacklog } from './backlog.ts'
import { LADDER_LIMITS } from './limits.ts'

const S = 90_000

/** Pictures of 1 s, key frames every `gop` of them. */
function filled(seconds: number, gop: number, oldest = 0, size = 1) {
  const backlog = createBacklog()
  for (let i = 0; i < seconds; i++) {
    const unit = { track: 1, dts: i * S, pts: i * S, key: i % gop === 0, data: new Uint8Array(size), arrivedAt: 0 }
    backlog.add(unit, oldest)
  }
  return backlog
}
const begin = (backlog: ReturnType<typeof createBacklog>, starts: readonly number[]) => backlog.from(starts)[0]?.dts

test('a ladder begins with the newest segment that has a second of pictures', () => {
  assert.equal(begin(filled(6, 2), [2 * S, 4 * S]), 4 * S)
  assert.equal(begin(filled(5, 2), [2 * S, 4 * S]), 2 * S)
})

test('where no segment begins with a key frame, with the newest key frame that is old enough', () => {
  assert.equal(begin(filled(7, 3), [1 * S, 5 * S]), 3 * S)
})

test('what is gone on with begins at the newest key frame before it, whatever segments there are', () => {
  const from = (reached: number) => filled(9, 3).from([4 * S, 6 * S], reached)[0]?.dts
  assert.deepEqual([6 * S, 7 * S, 8 * S].map(from), [6 * S, 6 * S, 6 * S])
  // Two seconds behind the newest picture may be made up for.
  assert.equal(filled(9, 2).from([4 * S], 7 * S)[0]?.dts, 6 * S)
})

test('what is too far behind, or behind too much that is only decoded, is not gone on with', () => {
  assert.equal(filled(9, 3).from([6 * S], 5 * S)[0]?.dts, 6 * S)
  const seldom = filled(20, 12).from([4 * S], 11 * S + S)[0]?.dts
  assert.equal(seldom, 12 * S)
  assert.equal(filled(14, 13).from([4 * S], 12 * S)[0]?.dts, 0)
  assert.deepEqual(filled(9, 3).from([6 * S], 6 * S + 1).length, 3)
})

test('with the only key frame there is, however new', () => {
  assert.equal(begin(filled(1, 8), [0]), 0)
})

test('without a key frame there is nothing to begin with', () => {
  const backlog = createBacklog()
  backlog.add({ track: 1, dts: 0, pts: 0, key: false, data: new Uint8Array(1), arrivedAt: 0 }, 0)
  assert.deepEqual(backlog.from([0]), [])
})

test('what is older than the oldest open segment is let go, back to the key frame it needs', () => {
  assert.equal(filled(13, 4, 9 * S).from([]).length, 5)
  assert.equal(filled(13, 4, 0).from([0]).length, 13)
})

test('it is bounded in bytes, also where no key frame comes', () => {
  const backlog = filled(40, 100, 0, 1024 * 1024)
  assert.deepEqual(backlog.from([0]), [])
})

test('it is bounded in pictures, for all of them have to be decoded', () => {
  const most = LADDER_LIMITS.backlogPictures
  assert.equal(filled(most, 1e9).from([0]).length, most)
  assert.deepEqual(filled(most + 1, 1e9).from([0]), [])
  assert.equal(begin(filled(most + 5, most), [0]), most * S)
})

test('memory that is needed elsewhere is given back a group of pictures at a time, but for the newest', () => {
  const backlog = filled(9, 3)
  assert.equal(backlog.bytes, 9)
  assert.equal(backlog.release(), true)
  assert.equal(backlog.bytes, 6)
  assert.equal(backlog.release(), true)
  assert.equal(backlog.release(), false)
  assert.deepEqual(
    backlog.from([6 * S]).map(({ dts }) => dts),
    [6 * S, 7 * S, 8 * S],
  )
  backlog.clear()
  assert.equal(backlog.bytes, 0)
})
