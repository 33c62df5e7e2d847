import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rung } from './model.ts'
import { type LadderFacts, reportLadder } from './report.ts'

const rung = (height: number): Rung => ({
  ...{ slot: 0, width: (height / 9) * 16, height, frameRate: 30, every: 1, bitrate: 1_000_000, level: 31 },
  codecString: 'avc1.64001f',
})
const [big, small] = [rung(720), rung(360)]
const running: LadderFacts = {
  ...{ encoder: 'x264', fallback: undefined, trouble: undefined, restarts: 0, plan: [big, small], lost: [] },
  missing: undefined,
  ...{ speed: 1, hasBegun: true, isWanted: true, isGivenUp: false },
}

test('the state follows from what there is', () => {
  const state = (change: Partial<LadderFacts>) => reportLadder({ ...running, ...change }).state
  assert.equal(state({}), 'running')
  assert.equal(state({ hasBegun: false }), 'starting')
  assert.equal(state({ hasBegun: undefined }), 'failing')
  assert.equal(state({ hasBegun: undefined, isWanted: false }), 'waiting')
  assert.equal(state({ plan: [], lost: [] }), 'nothing-to-do')
  assert.equal(state({ isGivenUp: true, isWanted: false }), 'failing')
  assert.equal(state({ encoder: undefined }), 'starting')
  assert.equal(state({ encoder: undefined, fallback: 'no such card' }), 'failing')
})

test('where there is nothing to do it is said why', () => {
  const { state, message } = reportLadder({ ...running, plan: [], missing: 'there are no pictures' })
  assert.deepEqual([state, message], ['nothing-to-do', 'there are no pictures'])
})

test('a rung that is left out is told of, with everything else that is wrong', () => {
  assert.equal(reportLadder(running).message, undefined)
  const { rungs, message } = reportLadder({ ...running, lost: [big], trouble: 'ffmpeg: it hung' })
  assert.deepEqual(rungs, [
    { width: 1280, height: 720, shed: true },
    { width: 640, height: 360, shed: false },
  ])
  assert.equal(message, 'ffmpeg: it hung; this machine is too slow for 720p; left out for a while')
})
