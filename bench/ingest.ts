import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBandstand } from '../test/support/bandstand.ts'
import type { Running } from '../test/support/process.ts'
import { sampleUsage, type UsageSummary } from '../test/support/usage.ts'
import { startNginxRtmp } from './peers/nginx-rtmp.ts'
import { startNodeMediaServer } from './peers/node-media-server.ts'
import { createChannels } from './support/channels.ts'
import { makeClip } from './support/clips.ts'
import { readMetrics } from './support/metrics.ts'
import { startPublishers } from './support/publishers.ts'
import { median, megabytes, percent, report } from './support/report.ts'

/**
 * Twenty encoders at 4 Mbit/s: ours with LL-HLS and recording on, nginx-rtmp making HLS, node-media-server taking in
 * only (it makes no HLS), all in the same seconds: a machine's speed changes by half within minutes, and taking turns
 * measured that. Several windows, the median of each figure and of the ratios. Then retention that deletes as fast as is
 * recorded; then a window of ours and nginx-rtmp with OBS's "auto" (250 frames between key frames).
 */
const { values: options } = parseArgs({
  options: {
    publishers: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '20' },
    windows: { type: 'string', default: '5' },
    /** Of the long key interval. */
    'long-windows': { type: 'string', default: '1' },
  },
})
const count = Number(options.publishers)
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

type Starts = Readonly<Record<string, () => Promise<Subject>>>

const subjects = {
  bandstand: () => startOurs(),
  'nginx-rtmp': async () => {
    const peer = await startNginxRtmp()
    return { pids: peer.workers(), rtmp: peer.rtmp, keys: plainKeys, stop: peer.stop }
  },
  'node-media-server': async () => {
    const peer = await startNodeMediaServer()
    return { pids: [peer.pid], rtmp: peer.rtmp, keys: plainKeys, stop: peer.stop }
  },
} satisfies Starts

interface Measured extends UsageSummary {
  readonly delay: Mark | undefined
}

/** Each subject with encoders of its own, all at the same time; then so many windows, each with the figures of all. */
async function measure<Name extends string>(
  clip: string,
  starts: Readonly<Record<Name, () => Promise<Subject>>>,
  { windows, seconds }: { readonly windows: number; readonly seconds: number },
): Promise<Record<Name, Measured>[]> {
  const names = Object.keys(starts) as Name[]
  const running: { readonly name: Name; readonly subject: Subject }[] = []
  const encoders: Running[] = []
  try {
    for (const name of names) {
      const subject = await starts[name]()
      running.push({ name, subject })
      encoders.push(await startPublishers(clip, subject.rtmp, subject.keys))
    }
    // Past the start of each broadcast, and of V8's compiling, which are not what runs for hours.
    await sleep(30_000)
    const measured: Record<Name, Measured>[] = []
    for (let window = 1; window <= windows; window += 1) {
      for (const { subject } of running) await subject.mark?.()
      const sampled = running.map((own) => ({ ...own, sampler: sampleUsage(own.subject.pids) }))
      await sleep(seconds * 1000)
      const used = sampled.map((own) => ({ ...own, usage: own.sampler.stop() }))
      for (const each of encoders) if (each.output().includes('ended:')) throw new Error(each.output())
      const rows: [Name, Measured][] = []
      for (const { name, subject, usage } of used) {
        rows.push([name, { ...usage, delay: await subject.mark?.() }])
        console.log(`window ${window}, ${name}: ${percent(usage.cores)} of a core, ${megabytes(usage.peakRss)}`)
      }
      measured.push(Object.fromEntries(rows) as Record<Name, Measured>)
    }
    return measured
  } finally {
    for (const each of encoders) await each.stop()
    for (const { subject } of running) await subject.stop()
  }
}

/** Whole key intervals, for the clip is played in a loop. */
const makeStream = (gop: number, intervals: number) => makeClip({ seconds: (intervals * gop) / 30, bitrate: 4000, gop })

/** Figures of one subject over all windows. */
interface Summary {
  /** Medians. */
  readonly cpu: number
  readonly memory: number
  /** The worst of all windows, ms; NaN where the subject does not say. */
  readonly delay: { readonly p99: number; readonly max: number }
}

function summarize(windows: readonly Measured[]): Summary {
  const worst = (pick: (mark: Mark) => number) =>
    Math.max(...windows.map(({ delay }) => (delay ? pick(delay) : Number.NaN)))
  return {
    cpu: median(windows.map(({ cores }) => cores)),
    memory: median(windows.map(({ peakRss }) => peakRss)),
    delay: { p99: worst(({ p99 }) => p99), max: worst(({ max }) => max) },
  }
}

const describeStream = (gop: number) => `${count} publishers × 4 Mbit/s, key frames every ${gop} frames`

interface Pair {
  readonly bandstand: Measured
  readonly 'nginx-rtmp': Measured
}

/** @param must whether the requirement is of this stream. */
function reportPair(what: string, windows: readonly Pair[], peers: readonly [string, string], must: boolean): void {
  const ours = summarize(windows.map(({ bandstand }) => bandstand))
  const nginx = summarize(windows.map((window) => window['nginx-rtmp']))
  const ratio = median(windows.map((window) => window.bandstand.cores / window['nginx-rtmp'].cores))
  report({
    what: `${what}: CPU`,
    measured: `${percent(ours.cpu)} of a core, ${ratio.toFixed(2)} × nginx-rtmp`,
    peer: `nginx-rtmp with HLS ${percent(nginx.cpu)}${peers[0]}`,
    ...(must && { must: '≤ 2.0 × nginx-rtmp (aim 1.5)', ok: ratio <= 2 }),
  })
  report({
    what: `${what}: peak memory`,
    measured: megabytes(ours.memory),
    peer: `nginx-rtmp ${megabytes(nginx.memory)}${peers[1]}`,
    ...(must && { must: '350 MB (aim 250)', ok: ours.memory <= 350e6 }),
  })
  const { p99, max } = ours.delay
  report({
    what: `${what}: event-loop delay p99 / max, beside all others`,
    measured: `${p99.toFixed(1)} / ${max.toFixed(1)} ms`,
    ...(must && { must: '20 / 100 ms', ok: p99 <= 20 && max <= 100 }),
  })
}

/** Two minutes of each publisher stay, which live playlists list, though the limit is less: from then on retention deletes as much as comes in. */
async function reportDeleting(clip: string, what: string): Promise<void> {
  const recordingMaxGb = Math.max(0.1, (count * 4.2e6 * 20) / 8 / 1e9)
  const seconds = 180
  const ours = { bandstand: () => startOurs(['--recording-max-gb', String(recordingMaxGb)]) }
  const [window] = await measure(clip, ours, { windows: 1, seconds })
  const {
    p99,
    max,
    recorded: kept,
  } = window?.bandstand.delay ?? { p99: Number.NaN, max: Number.NaN, recorded: Number.NaN }
  const published = (count * 4.2e6 * (seconds + 30)) / 8
  report({
    what: `${what}, retention deleting (${megabytes(published)} published, ${megabytes(kept)} kept): event-loop delay p99 / max`,
    measured: `${p99.toFixed(1)} / ${max.toFixed(1)} ms`,
    must: '20 / 100 ms',
    ok: p99 <= 20 && max <= 100 && kept < published * 0.8,
  })
}

const seconds = Number(options.seconds)
const usual = await makeStream(60, 10)
const windows = await measure(usual, subjects, { windows: Number(options.windows), seconds })
const other = summarize(windows.map((window) => window['node-media-server']))
const beside = [
  `, node-media-server without HLS ${percent(other.cpu)}`,
  `, node-media-server ${megabytes(other.memory)}`,
] as const
reportPair(describeStream(60), windows, beside, true)
await reportDeleting(usual, describeStream(60))

const { bandstand, 'nginx-rtmp': nginx } = subjects
const long = { windows: Number(options['long-windows']), seconds }
const longWindows = await measure(await makeStream(250, 3), { bandstand, 'nginx-rtmp': nginx }, long)
reportPair(describeStream(250), longWindows, ['', ''], false)
