import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgressReader } from './progress.ts'

const report = 'frame=10\nfps=29.9\nspeed=1.02x\ndrop_frames=3\nprogress=continue\n'

test('a report counts when its last line is there, wherever it is split', () => {
  for (let at = 1; at < report.length; at++) {
    const reader = createProgressReader()
    assert.equal(reader.push(report.slice(0, at)), undefined)
    assert.deepEqual(reader.push(report.slice(at)), { speed: 1.02 })
  }
})

test('what ffmpeg does not know is not known', () => {
  assert.deepEqual(createProgressReader().push('speed=N/A\nprogress=continue\n'), {
    speed: undefined,
  })
})

test('a line without end is not kept', () => {
  const reader = createProgressReader()
  for (let i = 0; i < 100; i++) reader.push('x'.repeat(10_000))
  assert.deepEqual(reader.push(`\n${report}`), { speed: 1.02 })
})
