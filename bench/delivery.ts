import { statSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBandstand, streamKey } from '../test/support/bandstand.ts'
import { sampleUsage } from '../test/support/usage.ts'
import { makeClip } from './support/clips.ts'
import { readMetrics } from './support/metrics.ts'
import { makeOldRecordings } from './support/old-recordings.ts'
import { startPublishers } from './support/publishers.ts'
import { megabytes, percent, report } from './support/report.ts'
import { runViewers, type Viewers } from './support/viewers.ts'

/**
 * The whole server with one encoder of 2.5 Mbit/s, recording on and retention deleting, and many players in another
 * process: how long a part takes to reach the last of them, and what that costs.
 *
 *   node bench/delivery.ts [--viewers 1000] [--tls-viewers 200] [--seconds 30] [--profile FOLDER]
 */
const { values: options } = parseArgs({
  options: {
    viewers: { type: 'string', default: '1000' },
    'tls-viewers': { type: 'string', default: '200' },
    seconds: { type: 'string', default: '30' },
    /** Keeps a processor profile of the server here. */
    profile: { type: 'string' },
  },
})
const seconds = Number(options.seconds)
const certificate = (name: string) =>
  join(import.meta.dirname, '../packages/engine/http/fixtures', `localhost.${name}.pem`)
/** Picture and sound, cut alike. */
const renditions = 2
const partDuration = 1 / 3
const clipSeconds = 20
const clip = await makeClip({ seconds: clipSeconds, bitrate: 2370 })
/** The least that the setting takes, and a data folder that holds so much already: retention deletes while it is measured. */
const recordingMaxGb = 0.1
const data = await makeOldRecordings(clip, recordingMaxGb * 1e9)

/** What became of recordings while it was measured; bytes. */
interface Retention {
  readonly published: number
  readonly kept: number
  /** Recordings that were deleted. */
  readonly deleted: number
}

async function measure(viewers: number, secure: boolean): Promise<void> {
  const server = await startBandstand({
    ffmpeg: true,
    limit: 600_000,
    data,
    args: [
      ...['--max-http-connections-per-address', '100000'],
      ...['--recording-max-gb', String(recordingMaxGb)],
      ...(secure ? ['--tls-cert', certificate('cert'), '--tls-key', certificate('key')] : []),
    ],
    env: options.profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${options.profile}` },
  })
  try {
    const publishers = await startPublishers(clip, server.rtmp, [streamKey])
    await sleep(5_000)
    const url = `${server.http.replace('127.0.0.1', 'localhost')}/live/main/index.m3u8`
    let sampler = sampleUsage([server.pid])
    let usage = sampler.stop()
    let metrics = new Map<string, number>()
    const removed = () => server.log().filter(({ msg }) => msg === 'recording removed by retention').length
    let deleted = 0
    const found = await runViewers(
      url,
      { viewers, seconds },
      {
        begin: async () => {
          await readMetrics(server.http)
          deleted = removed()
          sampler = sampleUsage([server.pid])
        },
        end: async () => {
          usage = sampler.stop()
          metrics = await readMetrics(server.http)
          deleted = removed() - deleted
        },
      },
    )
    const ms = (name: string) => Math.round((metrics.get(name) ?? Number.NaN) * 10_000) / 10
    if (publishers.output().includes('ended:')) throw new Error(publishers.output())
    await publishers.stop()
    const mb = (name: string) => megabytes(metrics.get(name) ?? Number.NaN)
    const heap = `heap ${mb('nodejs_heap_size_total_bytes')}, outside of it ${mb('nodejs_external_memory_bytes')}`
    const published = (statSync(clip).size / clipSeconds) * seconds
    const kept = metrics.get('bandstand_recording_bytes') ?? Number.NaN
    const what = `${viewers} viewers${secure ? ', TLS and HTTP/2' : ''}`
    print(what, secure, found, usage, ms, heap, { published, kept, deleted })
  } finally {
    await server.stop()
  }
}

function print(
  what: string,
  secure: boolean,
  found: Viewers,
  usage: ReturnType<ReturnType<typeof sampleUsage>['stop']>,
  ms: (name: string) => number,
  heap: string,
  { published, kept, deleted }: Retention,
): void {
  const [p50, p99, max] = ['p50', 'p99', 'max'].map((q) => ms(`bandstand_part_delivery_${q}_seconds`)) as [
    number,
    number,
    number,
  ]
  const errors = Object.values(found.errors).reduce((sum, count) => sum + count, 0)
  const loop = { p99: ms('bandstand_event_loop_delay_p99_seconds'), max: ms('bandstand_event_loop_delay_max_seconds') }
  // A part that nobody waits for any more, because all are late, has no sample: that must not look like a good figure.
  const parts = Math.round((seconds + 0.5) / partDuration) * renditions
  const measured = Math.round(ms('bandstand_part_delivery_count') / 1000)
  report({
    what: `${what}: part closed → last byte taken by the kernel for the last of them, p50 / p99 / max`,
    measured: `${p50} / ${p99} / ${max} ms, ${measured} of about ${parts} parts`,
    ...(secure ? {} : { must: 'p99 150 ms (aim 80), at least 95 % of the parts' }),
    ok: secure || (p99 <= 150 && measured >= 0.95 * parts),
  })
  report({
    what: `${what}: errors, stalls`,
    measured: `${errors}, ${found.stalls}`,
    must: '0',
    ok: errors === 0 && found.stalls === 0,
  })
  if (errors > 0) console.log(found.errors)
  report({
    what: `${what}: server's CPU, peak memory`,
    measured: `${percent(usage.cores)} of a core, ${megabytes(usage.peakRss)} (at the end ${heap})`,
    must: '1 core, 450 MB',
    ok: usage.cores <= 1 && usage.peakRss <= 450e6,
  })
  report({
    what: `${what}: event-loop delay p99 / max, retention deleting`,
    measured: `${loop.p99} / ${loop.max} ms; ${megabytes(published)} published, ${megabytes(kept)} kept, ${deleted} recordings deleted`,
    must: '20 / 100 ms, something deleted',
    ok: loop.p99 <= 20 && loop.max <= 100 && deleted > 0,
  })
  report({
    what: `${what}: the generator`,
    measured:
      `${found.playlistsPerSecond} playlists/s, ${found.partsPerSecond} parts/s, ${found.megabitsPerSecond} Mbit/s; ` +
      `${percent(found.generatorCpu)} of a core, event-loop delay p99 / max ${found.generatorDelay.p99} / ${found.generatorDelay.max} ms; ` +
      `last frame of a part → all of it with a viewer p50 / p99 ${found.delay.p50} / ${found.delay.p99} ms; load average ${loadavg()[0]?.toFixed(1)}`,
  })
}

if (Number(options.viewers) > 0) await measure(Number(options.viewers), false)
if (Number(options['tls-viewers']) > 0) await measure(Number(options['tls-viewers']), true)
