import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_LADDER, readLadder, writeLadder } from './ladder.ts'

test('what was chosen is read as it was written, highest rung first', () => {
  const rungs = DEFAULT_LADDER.rungs.toReversed()
  assert.deepEqual(readLadder(writeLadder({ ...DEFAULT_LADDER, mode: 'always', rungs })), {
    ...DEFAULT_LADDER,
    mode: 'always',
  })
})

test('nothing, nonsense and what an older version knew are the default', () => {
  for (const column of [null, 'nonsense', '{}', '{"mode":"sometimes"}']) {
    assert.deepEqual(readLadder(column), DEFAULT_LADDER, String(column))
  }
})
