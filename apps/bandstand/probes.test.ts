import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LadderReport } from '@bandstand/engine/transcode/report.ts'
import fastify from 'fastify'
import { createProbes, type ProbeSources } from './probes.ts'

const rung = (height: number, shed = false) => ({ width: (height / 9) * 16, height, shed })
const running: LadderReport = {
  ...{ state: 'running', encoder: 'x264', speed: 0.98, restarts: 2, message: undefined },
  rungs: [rung(720, true), rung(480), rung(360)],
}

/** The samples whose names begin so. */
async function scrape(begin: string, ladders: ReturnType<ProbeSources['ladders']>): Promise<string[]> {
  const app = fastify()
  createProbes({
    ladders: () => ladders,
    viewers: () => [{ channel: 'main', viewers: 3 }],
    store: { usage: () => 0 },
    budget: { used: 0 } as ProbeSources['budget'],
    delivery: { count: 0, quantile: () => 0, reset() {} },
    webrtc: () => undefined,
    connections: () => ({ http: 0, rtmp: 0 }),
    isAvailable: () => true,
  }).register(app)
  const { body } = await app.inject('/metrics')
  await app.close()
  return body.split('\n').filter((line) => line.startsWith(begin))
}

test('each channel says how its ladder is: what is made, what is left out, how fast, how often ffmpeg ended', async () => {
  const waiting: LadderReport = { ...running, state: 'waiting', speed: undefined, restarts: 0, rungs: [rung(360)] }
  const found = await scrape('bandstand_ladder_', [
    { channel: 'main', ladder: running },
    { channel: 'garden', ladder: waiting },
  ])
  assert.deepEqual(found, [
    'bandstand_ladder_rungs{channel="main"} 2',
    'bandstand_ladder_rungs{channel="garden"} 0',
    'bandstand_ladder_shed{channel="main"} 1',
    'bandstand_ladder_shed{channel="garden"} 0',
    'bandstand_ladder_speed{channel="main"} 0.98',
    'bandstand_ladder_restarts{channel="main"} 2',
    'bandstand_ladder_restarts{channel="garden"} 0',
  ])
})

test('a channel has its viewers', async () => {
  assert.deepEqual(await scrape('bandstand_viewers', []), ['bandstand_viewers{channel="main"} 3'])
})
