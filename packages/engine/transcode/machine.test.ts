import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CAPACITY_LIMITS } from './limits.ts'
import { createLadderMachine } from './machine.ts'

test('no more ladders run than the machine has places for', () => {
  const machine = createLadderMachine(2)
  const [one, two, three] = [{}, {}, {}]
  assert.deepEqual([one, two, three, two].map(machine.join), [true, true, false, true])
  assert.equal(machine.hasRoom, false)
  machine.leave(two)
  assert.deepEqual([machine.hasRoom, machine.join(three), machine.hasRoom], [true, true, false])
})

test('rungs come back one at a time', () => {
  const machine = createLadderMachine(2)
  assert.equal(machine.mayRestore(0), true)
  machine.restored(0)
  assert.equal(machine.mayRestore(CAPACITY_LIMITS.restores - 1), false)
  assert.equal(machine.mayRestore(CAPACITY_LIMITS.restores), true)
})
