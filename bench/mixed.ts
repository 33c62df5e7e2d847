import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Bandstand, startBandstand, streamKey } from '../test/support/bandstand.ts'
import { waitLive } from '../test/support/published.ts'
import { sampleUsage, type UsageSummary } from '../test/support/usage.ts'
import { makeClip } from './support/clips.ts'
import { readMetrics } from './support/metrics.ts'
import { startPublishers } from './support/publishers.ts'
import { type ReceiverFigures, startReceivers } from './support/receivers.ts'
import { megabytes, percent, report } from './support/report.ts'
import { runViewers } from './support/viewers.ts'

/**
 * One stream of 2.5 Mbit/s to many viewers by WHEP and many by Low-Latency HLS at the same time: whatever any of them did not
 * get, and what it takes. All of it on one machine, both crowds among it.
 *
 *   node bench/mixed.ts [--whep 200] [--hls 500] [--seconds 60]
 */
const { values: options } = parseArgs({
  options: {
    whep: { type: 'string', default: '200' },
    hls: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '60' },
  },
})
const [whep, hls, seconds] = [options.whep, options.hls, options.seconds].map(Number) as [number, number, number]

/** Of picture and sound, a third of a second each. */
const partsPerSecond = 6

/** The two processes of ours, apart. */
function watchBoth(server: number, webrtc: number): () => readonly [UsageSummary, UsageSummary] {
  const samplers = [sampleUsage([server]), sampleUsage([webrtc])] as const
  return () => [samplers[0].stop(), samplers[1].stop()]
}

interface Sample {
  readonly got: ReceiverFigures
  readonly metrics: ReadonlyMap<string, number>
}

async function measure(server: Bandstand): Promise<void> {
  const limit = (seconds + 180) * 1_000
  const receivers = await startReceivers(`${server.http}/live/main/whep`, whep, limit)
  const webrtc = Number(server.log().findLast(({ msg }) => msg === 'webrtc process runs')?.['pid'])
  try {
    const sample = async (): Promise<Sample> => ({
      got: await receivers.now(),
      metrics: await readMetrics(server.http),
    })
    const samples: Sample[] = []
    const halves: (readonly [UsageSummary, UsageSummary])[] = []
    const marks = {
      begin: async () => {
        samples.push(await sample())
        const first = watchBoth(server.pid, webrtc)
        await sleep((seconds / 2) * 1_000)
        halves.push(first())
        watch = watchBoth(server.pid, webrtc)
      },
      end: async () => {
        if (watch !== undefined) halves.push(watch())
        samples.push(await sample())
      },
    }
    let watch: ReturnType<typeof watchBoth> | undefined
    const found = await runViewers(`${server.http}/live/main/index.m3u8`, { viewers: hls, seconds }, marks)
    const [begin, end] = samples
    const [early, late] = halves
    if (begin === undefined || end === undefined || early === undefined || late === undefined) {
      throw new Error(`the viewers ended before their time: ${JSON.stringify(found)}`)
    }
    const what = `${whep} by WHEP and ${hls} by LL-HLS`
    const connected = end.metrics.get('bandstand_webrtc_connected') ?? Number.NaN
    const sent =
      (end.metrics.get('bandstand_webrtc_packets') ?? 0) - (begin.metrics.get('bandstand_webrtc_packets') ?? 0)
    const missing = end.got.missing - begin.got.missing
    report({
      what: `${what}: WHEP viewers that were closed or are not connected at the end, packets missing`,
      measured: `${Math.max(end.got.closed, whep - connected)}, ${missing} of ${sent}`,
      must: '0, 0',
      ok: end.got.closed === 0 && connected === whep && missing === 0 && sent > 0,
    })
    const parts = `${found.partsPerSecond} of about ${hls * partsPerSecond} parts a second`
    const errors = Object.values(found.errors).reduce((sum, count) => sum + count, 0)
    report({
      what: `${what}: LL-HLS errors, stalls`,
      measured: `${errors}, ${found.stalls}; ${parts}${errors === 0 ? '' : ` (${JSON.stringify(found.errors)})`}`,
      must: '0, 0',
      // Where the publisher had no processor either, nobody missed what was never sent: that must not look like a good figure.
      ok: errors === 0 && found.stalls === 0 && found.partsPerSecond >= 0.95 * hls * partsPerSecond,
    })
    const complaints = server
      .log()
      .filter(({ level }) => ['warn', 'error', 'fatal'].includes(String(level)) || Number(level) >= 40)
    report({
      what: `${what}: warnings in the server's log`,
      measured: `${complaints.length}${complaints.length === 0 ? '' : ` (${complaints[0]?.msg})`}`,
      must: '0',
      ok: complaints.length === 0,
    })
    for (const [i, name, most] of [
      [0, 'server', 450e6],
      [1, 'WebRTC process', 300e6],
    ] as const) {
      const [a, b] = [early[i], late[i]]
      report({
        what: `${what}: ${name}, processor; memory at its most, first half → second half`,
        measured: `${percent((a.cores + b.cores) / 2)} of a core; ${megabytes(a.peakRss)} → ${megabytes(b.peakRss)}`,
        must: `${megabytes(most)}, bounded`,
        ok: b.peakRss <= most && b.peakRss <= a.peakRss * 1.1,
      })
    }
    const ms = (name: string) => Math.round((end.metrics.get(`bandstand_${name}_seconds`) ?? Number.NaN) * 10_000) / 10
    const [p99, max] = [ms('event_loop_delay_p99'), ms('event_loop_delay_max')]
    report({
      what: `${what}: the server's event-loop delay p99 / max; part closed → last byte for the last viewer p50 / p99 / max`,
      measured: `${p99} / ${max} ms; ${ms('part_delivery_p50')} / ${ms('part_delivery_p99')} / ${ms('part_delivery_max')} ms`,
    })
    report({
      what: `${what}: the generators`,
      measured:
        `LL-HLS ${found.megabitsPerSecond} Mbit/s with ${percent(found.generatorCpu)} of a core, event-loop delay p99 / max ` +
        `${found.generatorDelay.p99} / ${found.generatorDelay.max} ms; WHEP ${Math.round(sent / seconds / 1_000)} thousand packets a second`,
    })
    await receivers.end()
  } finally {
    await receivers.stop()
  }
}

const clip = await makeClip({ seconds: 20, bitrate: 2370 })
const server = await startBandstand({
  ffmpeg: true,
  limit: (seconds + 240) * 1_000,
  args: ['--max-http-connections-per-address', '100000', '--max-webrtc-viewers-per-address', '100000'],
})
try {
  const publishers = await startPublishers(clip, server.rtmp, [streamKey])
  await waitLive(server, 'main')
  await sleep(5_000)
  await measure(server)
  if (publishers.output().includes('ended:')) throw new Error(publishers.output())
  await publishers.stop()
} finally {
  await server.stop()
}
