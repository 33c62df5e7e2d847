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
 * only (it makes no HLS). Taking turns, several rounds, the median of each. Then retention that deletes as fast as is
 * recorded; then a round of ours and nginx-rtmp with OBS's "auto" (250 frames between key frames).
 */
const { values: options } = parseArgs({
  options: {
    publishers: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    /** Of the long key interval. */
    'long-rounds': { type: 'string', default: '1' },
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

async function measure(clip: string, startSubject: () => Promise<Subject>, seconds: number): Promise<Measured> {
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

/** Whole key intervals, for the clip is played in a loop. */
const makeStream = (gop: number, intervals: number) => makeClip({ seconds: (intervals * gop) / 30, bitrate: 4000, gop })

/** Figures of one subject over all rounds. */
interface Summary {
  /** Medians. */
  readonly cpu: number
  readonly memory: number
  /** The worst of all rounds, ms; NaN where the subject does not say. */
  readonly delay: { readonly p99: number; readonly max: number }
}

function summarize(rounds: readonly Measured[]): Summary {
  const median = (pick: (measured: Measured) => number) => {
    const sorted = rounds.map(pick).sort((a, b) => a - b)
    return sorted[sorted.length >> 1] ?? Number.NaN
  }
  const worst = (pick: (mark: Mark) => number) =>
    Math.max(...rounds.map(({ delay }) => (delay ? pick(delay) : Number.NaN)))
  return {
    cpu: median(({ cores }) => cores),
    memory: median(({ peakRss }) => peakRss),
    delay: { p99: worst(({ p99 }) => p99), max: worst(({ max }) => max) },
  }
}

/** Subjects take turns; the summary of each by its name. */
async function compare<Name extends string>(
  clip: string,
  starts: Readonly<Record<Name, () => Promise<Subject>>>,
  rounds: number,
): Promise<Record<Name, Summary>> {
  const names = Object.keys(starts) as Name[]
  const results = new Map<Name, Measured[]>(names.map((name) => [name, []]))
  for (let round = 1; round <= rounds; round += 1)
    for (const [name, list] of results) {
      const measured = await measure(clip, starts[name], Number(options.seconds))
      list.push(measured)
      console.log(`round ${round}, ${name}: ${percent(measured.cores)} of a core, ${megabytes(measured.peakRss)}`)
    }
  return Object.fromEntries([...results].map(([name, list]) => [name, summarize(list)])) as Record<Name, Summary>
}

const describeStream = (gop: number) => `${count} publishers × 4 Mbit/s, key frames every ${gop} frames`

/** @param must whether the requirement is of this stream. */
function reportPair(
  what: string,
  ours: Summary,
  nginx: Summary,
  peers: readonly [string, string],
  must: boolean,
): void {
  const ratio = ours.cpu / nginx.cpu
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
    what: `${what}: event-loop delay p99 / max`,
    measured: `${p99.toFixed(1)} / ${max.toFixed(1)} ms`,
    ...(must && { must: '20 / 100 ms', ok: p99 <= 20 && max <= 100 }),
  })
}

/** Keeps what twenty publishers record in 20 s: from then on retention deletes as much as comes in. */
async function reportDeleting(clip: string, what: string): Promise<void> {
  const recordingMaxGb = Math.max(0.1, (count * 4.2e6 * 20) / 8 / 1e9)
  const seconds = 75
  const { delay } = await measure(clip, () => startOurs(['--recording-max-gb', String(recordingMaxGb)]), seconds)
  const { p99, max, recorded: kept } = delay ?? { p99: Number.NaN, max: Number.NaN, recorded: Number.NaN }
  const published = (count * 4.2e6 * (seconds + 30)) / 8
  report({
    what: `${what}, retention deleting (${megabytes(published)} published, ${megabytes(kept)} kept): event-loop delay p99 / max`,
    measured: `${p99.toFixed(1)} / ${max.toFixed(1)} ms`,
    must: '20 / 100 ms',
    ok: p99 <= 20 && max <= 100 && kept < published * 0.8,
  })
}

const usual = await makeStream(60, 10)
const {
  bandstand,
  'nginx-rtmp': nginx,
  'node-media-server': other,
} = await compare(usual, subjects, Number(options.rounds))
const beside = [
  `, node-media-server without HLS ${percent(other.cpu)}`,
  `, node-media-server ${megabytes(other.memory)}`,
] as const
reportPair(describeStream(60), bandstand, nginx, beside, true)
await reportDeleting(usual, describeStream(60))

const { bandstand: oursLong, 'nginx-rtmp': nginxLong } = await compare(
  await makeStream(250, 3),
  { bandstand: subjects.bandstand, 'nginx-rtmp': subjects['nginx-rtmp'] },
  Number(options['long-rounds']),
)
reportPair(describeStream(250), oursLong, nginxLong, ['', ''], false)
