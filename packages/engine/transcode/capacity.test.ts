import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CapacityLook, createCapacityGuard } from './capacity.ts'

const fine: CapacityLook = { lag: 0.4, load: 0.3 }

/** Looks once a second from `from` on; what was decided, by second. */
function run(guard: ReturnType<typeof createCapacityGuard>, from: number, looks: readonly CapacityLook[]) {
  return looks.flatMap((look, i) => {
    const verdict = guard.look(look, (from + i) * 1000)
    return verdict === undefined ? [] : [[from + i, verdict]]
  })
}
/** The same look again and again. */
const often = (count: number, look: CapacityLook = fine) => Array.from({ length: count }, () => look)
const falling = (seconds: number) => Array.from({ length: seconds }, (_, i) => ({ lag: 1 + i, load: 2 }))

test('a ladder that falls further and further behind sheds a rung', () => {
  assert.deepEqual(run(createCapacityGuard(3), 100, falling(6)), [[105, 'shed']])
})

test('one that is behind after its start and catches up sheds none', () => {
  const catching = Array.from({ length: 20 }, (_, i) => ({ lag: Math.max(0.4, 12 - i), load: 2 }))
  assert.deepEqual(run(createCapacityGuard(3), 100, catching), [])
})

test('a rung comes back after a minute, when the machine has room', () => {
  const guard = createCapacityGuard(3)
  run(guard, 100, falling(6))
  assert.deepEqual(run(guard, 110, often(50)), [])
  assert.deepEqual(run(guard, 160, often(10, { ...fine, load: 0.9 })), [])
  assert.deepEqual(run(guard, 170, [fine, fine]), [[170, 'restore']])
})

test('a rung that had to go again waits longer', () => {
  const guard = createCapacityGuard(3)
  run(guard, 100, falling(6))
  run(guard, 170, [fine])
  assert.deepEqual(run(guard, 180, falling(6)), [[185, 'shed']])
  assert.deepEqual(run(guard, 190, often(114)), [])
  assert.deepEqual(run(guard, 304, often(4)), [[305, 'restore']])
})

test('no more rungs are shed than there are', () => {
  assert.deepEqual(run(createCapacityGuard(2), 100, falling(60)).length, 2)
})

test('a start anew is no falling behind', () => {
  const guard = createCapacityGuard(3)
  run(guard, 100, falling(5))
  guard.restarted()
  assert.deepEqual(run(guard, 105, [{ lag: 6, load: 1 }]), [])
})

test('one that can no longer be fed sheds a rung at once, and none that is not there', () => {
  const guard = createCapacityGuard(1)
  assert.equal(guard.overwhelmed(100_000), 'shed')
  assert.equal(guard.overwhelmed(101_000), undefined)
  assert.equal(guard.shed, 1)
  assert.deepEqual(run(guard, 102, often(60)), [[160, 'restore']])
  assert.equal(guard.shed, 0)
})

test('two rungs that go one after the other come back one after the other, not later', () => {
  const guard = createCapacityGuard(3)
  const looks = [...falling(10), ...often(200)]
  assert.deepEqual(run(guard, 100, looks), [
    [105, 'shed'],
    [109, 'shed'],
    [169, 'restore'],
    [229, 'restore'],
  ])
})
