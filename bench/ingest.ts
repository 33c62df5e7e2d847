import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBandstand } from '../test/support/bandstand.ts'
import { sampleUsage, type UsageSummary } from '../test/support/usage.ts'
import { startNginxRtmp } from './peers/nginx-rtmp.ts'
import { startNodeMediaServer } from './peers/node-media-server.ts'
import { createChannels } from './support/channels.ts'
import { makeClip } from './support/clips.ts'
import { readMetrics } from './support/metrics.ts'
import { startPublishers } from './support/publishers.ts'
import { megabytes, percent, report } from './support/report.ts'

/**
 * Twenty encoders at 4 Mbit/s: ours with LL-HLS and recording on, nginx-rtmp making HLS, node-media-server taking in
 * only (it makes no HLS). Taking turns, several rounds, the median of each.
 */
const { values: options } = parseArgs({
  options: {
    publishers: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    gop: { type: 'string', default: '60' },
  },
})
const count = Number(options.publishers)
const clip = await makeClip({ seconds: 20, bitrate: 4000, gop: Number(options.gop) })
const plainKeys = Array.from({ length: count }, (_, index) => `bench${index}`)

interface Mark {
  /** Event-loop delay in ms since the mark before. */
  readonly p99: number
  readonly max: number
  /** Bytes that recordings take. */
  readonly recorded: number
}

interface Subject {
  readonly pids: readonly number[]
  readonly rtmp: string
  readonly keys: readonly string[]
  /** Just before measuring and just after. */
  readonly mark?: () => Promise<Mark>
  stop(): Promise<unknown>
}

async function startOurs(args: readonly string[] = []): Promise<Subject> {
  const server = await startBandstand({ ffmpeg: true, limit: 7_200_000, args })
  const keys = await createChannels(server, count)
  return {
    pids: [server.pid],
    rtmp: server.rtmp,
    keys,
    // One question for all: asking begins a new window.
    mark: async () => {
      const metrics = await readMetrics(server.http)
      const figure = (name: string) => metrics.get(`bandstand_${name}`) ?? Number.NaN
      const [p99, max] = [figure('event_loop_delay_p99_seconds'), figure('event_loop_delay_max_seconds')]
      return { p99: p99 * 1000, max: max * 1000, recorded: figure('recording_bytes') }
    },
    stop: server.stop,
  }
}

const subjects: Readonly<Record<string, () => Promise<Subject>>> = {
  bandstand: () => startOurs(),
  'nginx-rtmp': async () => {
    const peer = await startNginxRtmp()
    return { pids: peer.workers(), rtmp: peer.rtmp, keys: plainKeys, stop: peer.stop }
  },
  'node-media-server': async () => {
    const peer = await startNodeMediaServer()
    return { pids: [peer.pid], rtmp: peer.rtmp, keys: plainKeys, stop: peer.stop }
  },
}

interface Measured extends UsageSummary {
  readonly delay: Mark | undefined
}

async function measure(startSubject: () => Promise<Subject>, seconds = Number(options.seconds)): Promise<Measured> {
  const subject = await startSubject()
  try {
    const publishers = await startPublishers(clip, subject.rtmp, subject.keys)
    // Past the start of each broadcast, and of V8's compiling, which are not what runs for hours.
    await sleep(30_000)
    await subject.mark?.()
    const sampler = sampleUsage(subject.pids)
    await sleep(seconds * 1000)
    const usage = sampler.stop()
    const delay = await subject.mark?.()
    if (publishers.output().includes('ended:')) throw new Error(publishers.output())
    await publishers.stop()
    return { ...usage, delay }
  } finally {
    await subject.stop()
  }
}

const results = new Map<string, Measured[]>(Object.keys(subjects).map((name) => [name, []]))
for (let round = 0; round < Number(options.rounds); round += 1)
  for (const [name, startSubject] of Object.entries(subjects)) {
    const measured = await measure(startSubject)
    results.get(name)?.push(measured)
    console.log(`round ${round + 1}, ${name}: ${percent(measured.cores)} of a core, ${megabytes(measured.peakRss)}`)
  }

/** As much as twenty publishers record in 20 s: retention, which looks twice a minute, then deletes as much as comes in. */
const recordingMaxGb = Math.max(0.1, (count * 4.2e6 * 20) / 8 / 1e9)
const retentionSeconds = 75
const deleting = await measure(() => startOurs(['--recording-max-gb', String(recordingMaxGb)]), retentionSeconds)

const median = (name: string, pick: (measured: Measured) => number) => {
  const values = (results.get(name) ?? []).map(pick).sort((a, b) => a - b)
  return values[values.length >> 1] ?? Number.NaN
}
const cpu = (name: string) => median(name, ({ cores }) => cores)
const memory = (name: string) => median(name, ({ peakRss }) => peakRss)
const what = `${count} publishers × 4 Mbit/s, key frames every ${options.gop} frames`
const ratio = cpu('bandstand') / cpu('nginx-rtmp')
report({
  what: `${what}: CPU`,
  measured: `${percent(cpu('bandstand'))} of a core, ${ratio.toFixed(2)} × nginx-rtmp`,
  peer: `nginx-rtmp with HLS ${percent(cpu('nginx-rtmp'))}, node-media-server without HLS ${percent(cpu('node-media-server'))}`,
  must: '≤ 2.0 × nginx-rtmp (aim 1.5)',
  ok: ratio <= 2,
})
report({
  what: `${what}: peak memory`,
  measured: megabytes(memory('bandstand')),
  peer: `nginx-rtmp ${megabytes(memory('nginx-rtmp'))}, node-media-server ${megabytes(memory('node-media-server'))}`,
  must: '350 MB (aim 250)',
  ok: memory('bandstand') <= 350e6,
})
const worst = (pick: (delay: Mark) => number) =>
  Math.max(...(results.get('bandstand') ?? []).map(({ delay }) => (delay ? pick(delay) : Number.NaN)))
const [p99, max] = [worst((delay) => delay.p99), worst((delay) => delay.max)]
report({
  what: `${what}: event-loop delay p99 / max`,
  measured: `${p99.toFixed(1)} / ${max.toFixed(1)} ms`,
  must: '20 / 100 ms',
  ok: p99 <= 20 && max <= 100,
})

const kept = deleting.delay?.recorded ?? Number.NaN
const published = (count * 4.2e6 * (retentionSeconds + 30)) / 8
report({
  what: `${what}, retention deleting (${megabytes(published)} published, ${megabytes(kept)} kept): event-loop delay p99 / max`,
  measured: `${deleting.delay?.p99.toFixed(1)} / ${deleting.delay?.max.toFixed(1)} ms`,
  must: '20 / 100 ms',
  ok: deleting.delay !== undefined && deleting.delay.p99 <= 20 && deleting.delay.max <= 100 && kept < published * 0.8,
})
