import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPassage } from './passage.ts'
import type { Stage } from './stage.ts'

function stage(id: number) {
  let viewers = 0
  const made: Pick<Stage, 'id' | 'came' | 'left'> = { id, came: () => void viewers++, left: () => void viewers-- }
  return { stage: made as Stage, viewers: () => viewers }
}

test('who goes over to another stage is counted in both until it has arrived', () => {
  const [from, to] = [stage(1), stage(2)]
  const passage = createPassage(from.stage, true)
  passage.go(to.stage)
  // A report from before it was sent away, and one on the way.
  passage.arrived(1)
  passage.arrived(undefined)
  assert.deepEqual([passage.stage.id, from.viewers(), to.viewers(), passage.isUnderWay], [2, 1, 1, true])
  passage.arrived(2)
  assert.deepEqual([from.viewers(), to.viewers(), passage.isUnderWay], [0, 1, false])
})

test('who comes back on the way is counted once', () => {
  const [from, to] = [stage(1), stage(2)]
  const passage = createPassage(from.stage, true)
  passage.go(to.stage)
  passage.go(from.stage)
  assert.deepEqual([from.viewers(), to.viewers()], [1, 1])
  passage.arrived(1)
  assert.deepEqual([from.viewers(), to.viewers()], [1, 0])
})

test('who leaves on the way is counted nowhere', () => {
  const stages = [stage(1), stage(2), stage(3)] as const
  const passage = createPassage(stages[0].stage, true)
  passage.go(stages[1].stage)
  passage.go(stages[2].stage)
  passage.end()
  assert.deepEqual(
    stages.map(({ viewers }) => viewers()),
    [0, 0, 0],
  )
})
