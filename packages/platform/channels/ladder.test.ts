import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_LADDER, readLadder, writeLadder } from './ladder.ts'

test('a channel nobody has set up gets 720p, 480p and 360p by x264, made while somebody watches them', () => {
  const { mode, encoder, rungs } = readLadder(null)
  assert.deepEqual([mode, encoder], ['on-demand', 'x264'])
  assert.deepEqual(
    rungs.map(({ height, bitrate, frameRate }) => [height, bitrate, frameRate]),
    [
      [720, 2_800_000, 60],
      [480, 1_400_000, 30],
      [360, 800_000, 30],
    ],
  )
})

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
