import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Child, ChildOptions } from '../child.ts'
import { LADDER_LIMITS } from './limits.ts'
import type { Encoder } from './model.ts'
import { createTrials, type TrialResult, tryEncoder } from './trial.ts'

/** Trials on a clock of their own, whose results are given. */
function stage(results: TrialResult[]) {
  const tried: Encoder[] = []
  const clock = { now: 1_000 }
  const attempt = async (_: string, encoder: Encoder): Promise<TrialResult> => {
    tried.push(encoder)
    return results.shift() ?? { works: true }
  }
  return { tried, clock, trials: createTrials('ffmpeg', () => clock.now, attempt) }
}

test('a success is remembered, as old as it may be', async () => {
  const rig = stage([])
  await rig.trials.of('x264')
  rig.clock.now += 20_000
  assert.deepEqual(await rig.trials.of('x264'), { works: true })
  await rig.trials.of('x264', 30_000)
  assert.equal(rig.tried.length, 1)
  await rig.trials.of('x264', 10_000)
  assert.equal(rig.tried.length, 2)
})

test('a failure is remembered for ten minutes, one that says nothing of the encoder for moments', async () => {
  for (const [isInconclusive, rest] of [
    [false, LADDER_LIMITS.trialAgain],
    [true, LADDER_LIMITS.inconclusiveAgain],
  ] as const) {
    const rig = stage([{ works: false, reason: 'of some kind', isInconclusive }])
    await rig.trials.of('nvenc')
    rig.clock.now += rest
    assert.equal((await rig.trials.of('nvenc')).works, false)
    assert.equal(rig.tried.length, 1)
    rig.clock.now += 1
    assert.equal((await rig.trials.of('nvenc')).works, true)
  }
})

/** A program that hangs; killed, it ends after so many ms. */
function hanging(t: TestContext, endsAfter: number) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const start = ({ onEnd }: ChildOptions): Child => ({
    ...{ pid: 1, input: undefined, output: () => undefined },
    kill: () => void setTimeout(() => onEnd({ how: 'SIGKILL', ok: false }), endsAfter),
  })
  return tryEncoder('ffmpeg', 'vaapi', start)
}

test('a trial that takes too long says nothing of the encoder: the machine may be busy', async (t) => {
  const result = hanging(t, 10)
  t.mock.timers.tick(LADDER_LIMITS.trialPatience)
  t.mock.timers.tick(10)
  assert.deepEqual(await result, { works: false, reason: 'it did not finish in time', isInconclusive: true })
})

test('a program that does not end when it is killed, as one that sleeps in a driver, holds up no other trial', async (t) => {
  const result = hanging(t, 3_600_000)
  t.mock.timers.tick(LADDER_LIMITS.trialPatience)
  t.mock.timers.tick(LADDER_LIMITS.killPatience)
  assert.deepEqual(await result, {
    works: false,
    reason: 'it did not finish in time, nor did it end when it was killed',
  })
})
