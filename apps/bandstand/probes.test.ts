import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDeliveryMeter } from '@bandstand/engine/http/delivery.ts'
import type { LadderReport } from '@bandstand/engine/transcode/report.ts'
import Fastify from 'fastify'
import { readSamples } from '../../bench/support/metrics.ts'
import { createProbes, type ProbeSources } from './probes.ts'

const rung = (height: number, shed = false) => ({ width: (height / 9) * 16, height, shed })
const running: LadderReport = {
  ...{ state: 'running', encoder: 'x264', speed: 0.98, restarts: 2, message: undefined },
  rungs: [rung(720, true), rung(480), rung(360)],
}

async function serve(t: TestContext, more: Partial<ProbeSources> = {}) {
  const app = Fastify({ logger: false })
  t.after(() => app.close())
  const probes = createProbes({
    ladders: () => [],
    sounds: () => [],
    viewers: () => [],
    store: { usage: () => 12_000_000_000 },
    budget: { used: 34_000_000 } as ProbeSources['budget'],
    delivery: createDeliveryMeter(),
    webrtc: () => undefined,
    publishHook: () => undefined,
    whip: () => undefined,
    srt: () => ({ connections: 8, halfOpen: 0, packets: 9, lost: 10, recovered: 11, dropped: 12 }),
    connections: () => ({ http: 56, rtmp: 7 }),
    isAvailable: () => true,
    ...more,
  })
  probes.register(app)
  const get = (url: string) => app.inject({ url })
  return { probes, get, samples: async () => readSamples((await get('/metrics')).body) }
}

/** One line of the text format, version 0.0.4, of Prometheus. Numbers are what Go's ParseFloat takes. */
const line =
  /^(?:# HELP [a-zA-Z_:][\w:]* .*|# TYPE [a-zA-Z_:][\w:]* (?:counter|gauge|histogram|summary|untyped)|[a-zA-Z_:][\w:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf)|nan)(?: \d+)?)$/i

test('a server that starts or has no database is alive and not ready, and says why', async (t) => {
  let isAvailable = true
  const { probes, get } = await serve(t, { isAvailable: () => isAvailable })
  const ready = async () => {
    const { statusCode, headers, body } = await get('/readyz')
    assert.equal(headers['cache-control'], 'no-store')
    return statusCode === 200 ? body : `${statusCode} ${headers['retry-after']} ${JSON.parse(body).detail}`
  }
  assert.equal(await ready(), '503 1 the server is starting')
  probes.ready()
  assert.equal(await ready(), 'ready\n')
  isAvailable = false
  assert.match(await ready(), /^503 1 the database does not answer/)
  assert.equal((await get('/healthz')).body, 'ok\n')
})

test('every line of the figures is one that Prometheus reads, and every sample has a type before it', async (t) => {
  const { get } = await serve(t, { viewers: () => [{ channel: 'main', viewers: 3 }] })
  const { headers, body } = await get('/metrics')
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(headers['cache-control'], 'no-store')
  assert.ok(body.endsWith('\n'))
  const types = new Set<string>()
  for (const text of body.split('\n').filter(Boolean)) {
    assert.match(text, line)
    const [, typed] = /^# TYPE (\S+)/.exec(text) ?? []
    if (typed !== undefined) types.add(typed)
    else if (!text.startsWith('#')) {
      const name = /^[\w:]+/.exec(text)?.[0] ?? ''
      assert.ok(types.has(name) || types.has(name.replace(/_(?:bucket|sum|count)$/, '')), `${name} has no type`)
    }
  }
})

test('the figures are those of their sources, under the names that the documentation has', async (t) => {
  const webrtc = { sessions: 1, connected: 2, packets: 3, resent: 4, refused: 5, droppedGroups: 6, failed: 7 }
  const whip = { sessions: 8, connected: 9 }
  const viewers = [
    { channel: 'main', viewers: 3 },
    { channel: 'second', viewers: 0 },
  ]
  const ladders = () => [{ channel: 'main', ladder: running }]
  const sounds = (): ReturnType<ProbeSources['sounds']> => [
    { channel: 'main', sound: { state: 'running', restarts: 3, message: undefined } },
  ]
  const { samples } = await serve(t, {
    viewers: () => viewers,
    webrtc: () => webrtc,
    whip: () => whip,
    ladders,
    sounds,
  })
  const first = await samples()
  const figures = Object.fromEntries([...first].filter(([name]) => name.startsWith('bandstand_')))
  const expected = {
    bandstand_recording_bytes: 12_000_000_000,
    bandstand_live_memory_bytes: 34_000_000,
    bandstand_http_connections: 56,
    bandstand_rtmp_connections: 7,
    bandstand_srt_connections: 8,
    bandstand_srt_packets: 9,
    bandstand_srt_lost: 10,
    bandstand_srt_retransmitted: 11,
    bandstand_srt_dropped: 12,
    bandstand_webrtc_sessions: 1,
    bandstand_webrtc_connected: 2,
    bandstand_webrtc_packets: 3,
    bandstand_webrtc_resent: 4,
    bandstand_webrtc_refused: 5,
    bandstand_webrtc_dropped_groups: 6,
    bandstand_webrtc_failed: 7,
    bandstand_whip_sessions: 8,
    bandstand_whip_connected: 9,
    'bandstand_viewers{channel="main"}': 3,
    'bandstand_viewers{channel="second"}': 0,
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(figures[name], value, name)
  viewers.pop()
  assert.equal(
    (await samples()).has('bandstand_viewers{channel="second"}'),
    false,
    'a channel that is over stays listed',
  )

  const names = new Set(Object.keys(figures).map((name) => name.replace(/\{.*/, '')))
  const page = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8')
  assert.deepEqual(new Set(page.match(/bandstand_\w+/g)), names)
  // What benchmarks and soaks judge by besides.
  for (const name of [
    'nodejs_heap_size_used_bytes',
    'nodejs_heap_size_total_bytes',
    'nodejs_external_memory_bytes',
    'process_resident_memory_bytes',
  ])
    assert.ok((first.get(name) ?? 0) > 0, name)
  const resident = process.memoryUsage.rss()
  assert.ok(Math.abs((first.get('process_resident_memory_bytes') ?? 0) / resident - 1) < 0.5)
})

test('what is measured since the last scrape begins anew with each', async (t) => {
  let now = 0
  const delivery = createDeliveryMeter(() => now)
  const { samples } = await serve(t, { delivery })
  const delivered = async () => {
    const found = await samples()
    const loop = (name: string) => found.get(`bandstand_event_loop_delay_${name}_seconds`) ?? Number.NaN
    return {
      parts: ['count', 'p50_seconds', 'p99_seconds', 'max_seconds'].map((n) =>
        found.get(`bandstand_part_delivery_${n}`),
      ),
      loop: { p99: loop('p99'), max: loop('max') },
    }
  }
  await delivered()
  now = 1_000
  for (let ms = 1; ms <= 100; ms++) delivery.onDelivered({ closedAt: now - ms })
  // Between two ticks of the histogram's timer: it knows nothing of what is before its first.
  await sleep(50)
  const blocked = performance.now() + 400
  while (performance.now() < blocked);
  await sleep(50)
  const first = await delivered()
  assert.deepEqual(first.parts, [100, 0.05, 0.099, 0.1])
  assert.ok(first.loop.max > 0.3, `${first.loop.max} s, and the loop stood still for 0.4`)
  assert.ok(first.loop.p99 <= first.loop.max)
  const second = await delivered()
  assert.deepEqual(second.parts, [0, Number.NaN, Number.NaN, Number.NaN])
  // A busy machine may hold up the loop for as long again.
  let { max } = second.loop
  for (let looks = 0; looks < 5 && max >= first.loop.max; looks++) ({ max } = (await delivered()).loop)
  assert.ok(max < first.loop.max)
})

test('each channel says how its ladder is: what is made, what is left out, how fast, how often ffmpeg ended', async (t) => {
  const waiting: LadderReport = { ...running, state: 'waiting', speed: undefined, restarts: 0, rungs: [rung(360)] }
  const ladders = () => [
    { channel: 'main', ladder: running },
    { channel: 'garden', ladder: waiting },
  ]
  const found = [...(await (await serve(t, { ladders })).samples())]
  assert.deepEqual(
    found.filter(([name]) => name.startsWith('bandstand_ladder_')),
    [
      ['bandstand_ladder_rungs{channel="main"}', 2],
      ['bandstand_ladder_rungs{channel="garden"}', 0],
      ['bandstand_ladder_shed{channel="main"}', 1],
      ['bandstand_ladder_shed{channel="garden"}', 0],
      ['bandstand_ladder_speed{channel="main"}', 0.98],
      ['bandstand_ladder_restarts{channel="main"}', 2],
      ['bandstand_ladder_restarts{channel="garden"}', 0],
    ],
  )
})

test('each channel whose sound is not AAC says whether that is made, and how often ffmpeg ended', async (t) => {
  const sounds = (): ReturnType<ProbeSources['sounds']> => [
    { channel: 'main', sound: { state: 'running', restarts: 3, message: undefined } },
    { channel: 'garden', sound: { state: 'waiting', restarts: 0, message: undefined } },
  ]
  const found = [...(await (await serve(t, { sounds })).samples())]
  assert.deepEqual(
    found.filter(([name]) => name.startsWith('bandstand_sound_')),
    [
      ['bandstand_sound_running{channel="main"}', 1],
      ['bandstand_sound_running{channel="garden"}', 0],
      ['bandstand_sound_restarts{channel="main"}', 3],
      ['bandstand_sound_restarts{channel="garden"}', 0],
    ],
  )
})
