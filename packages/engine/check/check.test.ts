import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowed } from './allowed-fixture.ts'
import { broken } from './broken-fixture.ts'
import { type CheckReport, checkStream } from './check.ts'
import type { Fetch } from './client.ts'
import { createVirtualClock } from './clock-fixture.ts'
import type { Limits } from './limits.ts'
import { model, without } from './mutation-fixture.ts'
import { printReport } from './report.ts'
import { allRules } from './rules/all.ts'
import { createFakeStream, type Mutation } from './stream-fixture.ts'

async function check(mutation: Mutation = {}, durationMs = 9_000, limits: Partial<Limits> = {}): Promise<CheckReport> {
  const clock = createVirtualClock()
  const { url, fetch } = createFakeStream(clock, mutation)
  return clock.run(checkStream({ url, fetch, now: clock.now, sleep: clock.sleep, durationMs, limits }))
}

test('finds nothing in a low-latency stream that is right, across a discontinuity that leaves the window', async () => {
  const report = await check({}, 12_000)
  assert.deepEqual(report.findings, [])
  assert.equal(report.renditions.length, 2)
  assert.ok(report.renditions.every((r) => r.lowLatency && r.playlists > 30 && r.objects > 40))
})

test('finds nothing in a stream without low latency that is right', async () => {
  const report = await check({ lowLatency: false }, 12_000)
  assert.deepEqual(report.findings, [])
  assert.ok(report.renditions.every((r) => !r.lowLatency && r.playlists > 5))
})

test('finds nothing in a broadcast that ends while it is watched', async () => {
  const report = await check({
    model: (p, { parts }) => {
      if (parts < 138) return p
      const segments = p.segments.slice(0, 23 - p.mediaSequence)
      return { ...without(p, 'preloadHint'), segments, trailingParts: [], renditionReports: [], endList: true }
    },
    position: (parts) => Math.min(parts, 138),
  })
  assert.deepEqual(report.findings, [])
})

test('every rule has a fixture that breaks it', () => {
  assert.deepEqual(Object.keys(broken).toSorted(), allRules.map((r) => r.id).toSorted())
  assert.equal(new Set(allRules.map((r) => r.id)).size, allRules.length)
})

for (const rule of allRules) {
  test(`sees: ${rule.id}`, async () => {
    for (const mutation of broken[rule.id] ?? []) {
      const report = await check(mutation)
      const found = report.findings.find((f) => f.rule === rule.id)
      assert.ok(found, `found only ${report.findings.map((f) => f.rule).join(', ')}`)
      assert.equal(found.level, rule.level)
      assert.equal(report.errors, report.findings.filter((f) => f.level === 'error').length)
    }
  })
}

for (const [what, { mutation, warnings }] of Object.entries(allowed)) {
  test(`allows ${what}`, async () => {
    const { findings } = await check(mutation)
    assert.deepEqual(
      findings.filter((f) => f.level === 'error').map((f) => [f.rule, ...f.messages]),
      [],
    )
    assert.deepEqual(
      findings.map((f) => f.rule),
      warnings,
    )
  })
}

test('times are not compared across parts that were never seen', async () => {
  const { findings } = await check(
    model((p) => ({
      ...p,
      segments: p.segments.map((s, i) => (p.mediaSequence + i === 19 ? { ...s, parts: s.parts.slice(0, 3) } : s)),
    })),
  )
  assert.deepEqual(
    findings.filter((f) => f.level === 'error').map((f) => f.rule),
    ['parts-sum', 'parts-differ-from-segment'],
  )
})

test('an address that answers nothing is an error, not an exception', async () => {
  const clock = createVirtualClock()
  const fetch = () => Promise.reject(new TypeError('refused'))
  const url = 'http://origin.test/x.m3u8'
  const report = await clock.run(checkStream({ url, fetch, now: clock.now, sleep: clock.sleep, durationMs: 1_000 }))
  assert.deepEqual(
    report.findings.map((f) => f.rule),
    ['playlist-unreachable'],
  )
})

test('a check that a bound ends early says so, and finds nothing wrong for that', async () => {
  for (const [limits, why] of [
    [{ snapshots: 12 }, 'only 12 readings of a playlist are kept: 4 s'],
    [{ objects: 30 }, 'only 30 media files of a playlist are read'],
    [{ media: 40_000 }, 'only 40000 bytes of media are read'],
    [{ renditions: 1 }, 'only 1 of 2 renditions were watched'],
  ] as const) {
    const report = await check({}, 9_000, limits)
    assert.deepEqual(report.truncated, [why])
    assert.match(printReport(report), new RegExp(`not everything was looked at: ${why}`))
    if (!('renditions' in limits)) assert.deepEqual(report.findings, [])
  }
})

test('hostile URIs and playlists do not stop the check', async () => {
  for (const uri of ['http://[', 'javascript:alert(1)', '\\\\', '//', 'a'.repeat(5_000)]) {
    const report = await check({ text: (text) => text.replaceAll(/s\d+-\d+\.m4s/g, uri) }, 2_000)
    assert.ok(report.errors > 0)
  }
})

for (const [what, body] of [
  ['a page with a very long line', `<!doctype html>\n<script>${'x'.repeat(20_000)}</script>`],
  ['a text of very many lines', '\n'.repeat(400_001)],
] as const) {
  test(`${what}, in place of a playlist, is an error, not an exception`, async () => {
    const clock = createVirtualClock()
    const run = (fetch: Fetch) =>
      clock.run(
        checkStream({ url: 'http://origin.test/x.m3u8', fetch, now: clock.now, sleep: clock.sleep, durationMs: 1_000 }),
      )
    const foreign = () => Promise.resolve(new Response(body))
    const unreadable = (report: CheckReport) => report.findings.find((f) => f.rule === 'playlist-unreadable')
    const alone = await run(foreign)
    assert.match(unreadable(alone)?.messages[0] ?? '', /x\.m3u8: .*(more than|exceeds)/)
    assert.ok(alone.errors > 0)
    const top = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv1.m3u8\n'
    const behind = await run((url) => (url.endsWith('x.m3u8') ? Promise.resolve(new Response(top)) : foreign()))
    assert.match(unreadable(behind)?.messages[0] ?? '', /v1\.m3u8: /)
    assert.ok(behind.findings.every((f) => f.rule !== 'variant-not-media'))
  })
}
