import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SourceFacts } from './model.ts'
import { chosenRungs, plainRung, type RungPolicy } from './rung-policy.ts'

const source: SourceFacts = {
  ...{ width: 1920, height: 1080, sampleAspectRatio: [1, 1], frameRate: 30, interlaced: false },
}

/** Heights that are encoded, the more the less the machine carries. */
function shedding(policy: RungPolicy): readonly (readonly number[])[] {
  const plan = policy.plan(source)
  const counts = Array.from({ length: policy.most + 1 }, (_, shed) => shed)
  return counts.map((shed) => policy.kept(plan, shed).map(({ height }) => height))
}

test('what the owner has chosen is made all at once, without the dearest where that is too much', () => {
  const rungs = [720, 480, 360].map((height) => ({ height, bitrate: 1_000_000, frameRate: 30 }))
  assert.deepEqual(shedding(chosenRungs(rungs)), [[720, 480, 360], [480, 360], [360], []])
})

test('a source that is made once more is made in one size, in a smaller one where that is too much', () => {
  assert.deepEqual(shedding(plainRung), [[1080], [720], [480], []])
})
