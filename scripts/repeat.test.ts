import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sumUp } from './repeat.ts'

const good = (seconds: number) => ({ seconds, ok: true, output: 'some test\n\n5 passed, 0 failed\n' })
const bad = (seconds: number, ...names: string[]) => {
  const listed = names.map((name) => `  ${name}`).join('\n')
  return { seconds, ok: false, output: `\nfailed:\n${listed}\n\n2 skipped\n\n5 passed, ${names.length} failed\n` }
}

it('counts how often each test failed, and says how long runs took', () => {
  const { lines, ok } = sumUp([
    good(480),
    bad(500, 'a.test.ts: x'),
    good(470),
    bad(490, 'b.test.ts: y', 'a.test.ts: x'),
  ])
  assert.deepEqual(lines, [
    '2 × a.test.ts: x',
    '1 × b.test.ts: y',
    '4 runs, 2 without a failure; 470 to 500 s, median 490 s, to be at most 600 s',
  ])
  assert.equal(ok, false)
})

it('is content with runs without a failure in time, and with none that takes longer or ends without a word', () => {
  assert.equal(sumUp([good(480), good(599)]).ok, true)
  assert.equal(sumUp([good(480), good(601)]).ok, false)
  const silent = sumUp([{ seconds: 3, ok: false, output: 'Killed' }])
  assert.equal(silent.ok, false)
  assert.equal(silent.lines[0], '1 × a run that named nothing')
})
