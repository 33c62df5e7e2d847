import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LADDER_LIMITS } from './limits.ts'
import { createSuccession, type EncoderRun } from './succession.ts'

/** A succession of at most two that go, and what it told and asked for, oldest first. */
function setUp() {
  const said: string[] = []
  const clock = { now: 0 }
  const succession = createSuccession<EncoderRun, { readonly clean: boolean }>({
    most: 2,
    steady: () => clock.now,
    onPause: ({ epoch }) => said.push(`pause ${epoch}`),
    onRest: () => said.push('rest'),
    onFinished: () => said.push('finished'),
    onFailure: (_, lasted) => said.push(`failed after ${lasted}`),
  })
  const begin = (epoch: number): EncoderRun => {
    const process = {
      finish: () => said.push(`finish ${epoch}`),
      kill: (reason: string) => said.push(`kill ${epoch}: ${reason}`),
      tick: () => said.push(`tick ${epoch}`),
    }
    const run = { process, epoch, startedAt: clock.now }
    succession.begin(run)
    return run
  }
  const heard = () => said.splice(0)
  return { succession, clock, begin, heard }
}

test('one that was asked to end makes its epoch to the end before another may begin it', () => {
  const { succession, begin, heard } = setUp()
  const first = begin(1)
  succession.finish()
  assert.equal(succession.current, undefined)
  assert.deepEqual([succession.mayStart(1), succession.mayStart(2)], [false, true])
  succession.ended(first, { clean: true })
  assert.equal(succession.mayStart(1), true)
  assert.deepEqual(heard(), ['finish 1', 'pause 1', 'finished'])
  succession.gone(first)
  assert.deepEqual(heard(), ['rest'])
})

test('there is no rest while another is at work, or while one goes', () => {
  const { succession, begin, heard } = setUp()
  const first = begin(1)
  succession.replace('another is wanted')
  const second = begin(2)
  succession.ended(first, { clean: false })
  succession.gone(first)
  assert.deepEqual(heard(), ['kill 1: another is wanted', 'pause 1', 'finished'])
  succession.ended(second, { clean: true })
  assert.deepEqual(heard(), ['pause 2'])
  succession.gone(second)
  assert.deepEqual(heard(), ['rest'])
})

test('one that fails says after how long; one that ends by itself and cleanly is no failure', () => {
  const { succession, clock, begin, heard } = setUp()
  const first = begin(1)
  clock.now = 700
  succession.ended(first, { clean: false })
  assert.deepEqual(heard(), ['pause 1', 'failed after 700'])
  succession.ended(begin(2), { clean: true })
  assert.deepEqual(heard(), ['pause 2'])
})

test('where as many as may be have been killed and do not go, none is started, and after a while that is said', () => {
  const { succession, clock, begin } = setUp()
  const runs = [begin(1), begin(2)]
  for (const run of runs) succession.ended(run, { clean: false })
  assert.deepEqual([succession.mayStart(3), succession.isStuck], [false, false])
  clock.now = LADDER_LIMITS.killPatience + 1
  assert.equal(succession.isStuck, true)
  succession.gone(runs[0] as EncoderRun)
  assert.deepEqual([succession.mayStart(3), succession.isStuck], [true, false])
})

test('time passes for all of which something may come, and all are killed with the broadcast', () => {
  const { succession, begin, heard } = setUp()
  begin(1)
  succession.finish()
  begin(2)
  heard()
  succession.tick()
  succession.kill()
  assert.deepEqual(heard(), ['tick 2', 'tick 1', 'kill 1: the broadcast is over', 'kill 2: the broadcast is over'])
  succession.abandon()
  assert.deepEqual([heard(), succession.current], [['pause 2'], undefined])
})
