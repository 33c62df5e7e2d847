import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from './clock-fixture.ts'
import { runCheck } from './command.ts'
import { without } from './mutation-fixture.ts'
import { createFakeStream, type Mutation } from './stream-fixture.ts'

async function run(argv: readonly string[], mutation: Mutation = {}) {
  const clock = createVirtualClock()
  const { url, fetch } = createFakeStream(clock, mutation)
  let out = ''
  let err = ''
  const code = await clock.run(
    runCheck(
      argv.map((a) => (a === 'URL' ? url : a)),
      {
        stdout: { write: (text) => (out += text) },
        stderr: { write: (text) => (err += text) },
        fetch,
        now: clock.now,
        sleep: clock.sleep,
      },
    ),
  )
  return { code, out, err }
}

test('exits 0 and says so when nothing is wrong', async () => {
  const { code, out } = await run(['URL', '--seconds', '4'])
  assert.equal(code, 0)
  assert.match(out, /low latency, \d+ playlists and \d+ media files read/)
  assert.match(out, /\n0 errors, 0 warnings; \d+ rules\n$/)
})

test('exits 1 on errors, with rule, demand and source', async () => {
  const model: Mutation['model'] = (p) => ({ ...p, renditionReports: [] })
  const { code, out } = await run(['URL', '--seconds', '3'], { model })
  assert.equal(code, 1)
  assert.match(out, /ERROR {3}rendition-report-missing: .* \[RFC 8216bis Appendix B\.1\]/)
})

test('warnings alone do not fail', async () => {
  const { code, out } = await run(['--json', 'URL', '--seconds', '3'], {
    top: (p) => ({ ...p, variants: p.variants.map((v) => without(v, 'frameRate')) }),
  })
  assert.equal(code, 0)
  const report = JSON.parse(out)
  assert.equal(report.errors, 0)
  assert.deepEqual(
    report.findings.map((f: { rule: string; level: string }) => [f.rule, f.level]),
    [['variant-frame-rate-missing', 'warning']],
  )
})

test('says what it cannot read of the command line', async () => {
  for (const argv of [[], ['ftp://x/'], ['nonsense'], ['URL', '--fast'], ['URL', 'URL'], ['URL', '--seconds', 'x']]) {
    const { code, err } = await run(argv)
    assert.equal(code, 2, argv.join(' '))
    assert.match(err, /bandstand check URL/)
  }
  assert.equal((await run(['--help'])).code, 0)
})
