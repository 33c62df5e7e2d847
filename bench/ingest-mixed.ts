import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBandstand } from '../test/support/bandstand.ts'
import { type Running, start } from '../test/support/process.ts'
import { findProgram } from '../test/support/programs.ts'
import { sampleUsage } from '../test/support/usage.ts'
import { createChannels } from './support/channels.ts'
import { asMpegTs, makeClip, makeHevcClip } from './support/clips.ts'
import { startPublishers } from './support/publishers.ts'
import { median, megabytes, percent, report } from './support/report.ts'

/**
 * Encoders of 4 Mbit/s by RTMP, Enhanced RTMP (HEVC with Opus) and SRT, a third each, against as many by RTMP, each on a server of its own in
 * the same seconds; encoders are other processes. With LL-HLS and recording on.
 *
 *   node bench/ingest-mixed.ts [--publishers 20] [--seconds 20] [--windows 5]
 */
const { values: options } = parseArgs({
  options: {
    publishers: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '20' },
    windows: { type: 'string', default: '5' },
  },
})
const [count, seconds, windows] = [options.publishers, options.seconds, options.windows].map(Number) as [
  number,
  number,
  number,
]
const bySrt = Math.floor(count / 3)
const byEnhanced = Math.floor(count / 3)

const [avc, hevc] = await Promise.all([
  makeClip({ seconds: 20, bitrate: 4000 }),
  makeHevcClip({ seconds: 20, bitrate: 4000 }),
])
const transport = await asMpegTs(avc)

function publishBySrt(address: string, key: string): Running {
  const input = ['-hide_banner', '-loglevel', 'error', '-re', '-stream_loop', '-1', '-i', transport]
  const url = `srt://${address}?streamid=publish:${key}`
  return start(findProgram('ffmpeg'), [...input, '-c', 'copy', '-f', 'mpegts', url], { limit: 7_200_000 })
}

const server = () => startBandstand({ ffmpeg: true, limit: 7_200_000 })
const [plain, mixed] = await Promise.all([server(), server()])
const encoders: Running[] = []
try {
  const [plainKeys, mixedKeys] = await Promise.all([createChannels(plain, count), createChannels(mixed, count)])
  encoders.push(await startPublishers(avc, plain.rtmp, plainKeys))
  encoders.push(await startPublishers(hevc, mixed.rtmp, mixedKeys.slice(0, byEnhanced)))
  encoders.push(...mixedKeys.slice(byEnhanced, byEnhanced + bySrt).map((key) => publishBySrt(mixed.srt, key)))
  encoders.push(await startPublishers(avc, mixed.rtmp, mixedKeys.slice(byEnhanced + bySrt)))
  // Past the start of each broadcast, and of V8's compiling, which are not what runs for hours.
  await sleep(30_000)
  const ratios: number[] = []
  const used: (readonly [number, number])[] = []
  let memory = 0
  for (let window = 1; window <= windows; window++) {
    const samplers = [sampleUsage([plain.pid]), sampleUsage([mixed.pid])] as const
    await sleep(seconds * 1_000)
    const [a, b] = [samplers[0].stop(), samplers[1].stop()]
    for (const each of encoders) if (!each.running()) throw new Error(`an encoder ended:\n${each.output()}`)
    console.log(`window ${window}: RTMP ${percent(a.cores)}, mixed ${percent(b.cores)} of a core`)
    ratios.push(b.cores / a.cores)
    used.push([a.cores, b.cores])
    memory = Math.max(memory, b.peakRss)
  }
  const answer = await fetch(`${mixed.http}/api/v1/channels`)
  const channels = ((await answer.json()) as { readonly channels?: readonly { readonly live: boolean }[] }).channels
  const ratio = median(ratios)
  const what = `${count} publishers × 4 Mbit/s, ${count - byEnhanced - bySrt} RTMP, ${byEnhanced} Enhanced RTMP HEVC, ${bySrt} SRT`
  report({
    what: `${what}: CPU against ${count} by RTMP`,
    measured: `${percent(median(used.map(([, own]) => own)))} of a core, ${ratio.toFixed(2)} × (${channels?.filter(({ live }) => live).length} live)`,
    peer: `all by RTMP ${percent(median(used.map(([own]) => own)))}`,
    must: '≤ 1.5 ×',
    ok: ratio <= 1.5,
  })
  report({ what: `${what}: peak memory`, measured: megabytes(memory) })
} finally {
  for (const each of encoders) await each.stop()
  await Promise.all([plain.stop(), mixed.stop()])
}
