import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PICTURE_LIMITS } from './limits.ts'
import { createRests } from './rests.ts'

test('who fails rests longer each time, until it works', () => {
  let now = 0
  const rests = createRests(() => now)
  const lengths: number[] = []
  for (let i = 0; i < 8; i++) {
    assert.equal(rests.isResting('as_1'), false)
    rests.failed('as_1')
    const begun = now
    while (rests.isResting('as_1')) now += 1_000
    lengths.push((now - begun) / 1_000)
  }
  assert.deepEqual(lengths, [10, 20, 40, 80, 160, 300, 300, 300])
  assert.equal(rests.isResting('as_2'), false)
  rests.worked('as_1')
  rests.failed('as_1')
  now += PICTURE_LIMITS.fresh
  assert.equal(rests.isResting('as_1'), false)
})
