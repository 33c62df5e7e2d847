import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBandstand } from '../test/support/bandstand.ts'
import { type Running, start } from '../test/support/process.ts'
import { findProgram } from '../test/support/programs.ts'
import { sampleUsage } from '../test/support/usage.ts'
import { waitFor } from '../test/support/wait.ts'
import { createChannels } from './support/channels.ts'
import { makeClip } from './support/clips.ts'
import { freeUdpPort } from './support/free-port.ts'
import { readMetrics } from './support/metrics.ts'
import { median, megabytes, percent, report } from './support/report.ts'

/**
 * Ten encoders at 4 Mbit/s by SRT: ours with LL-HLS and recording on, against as many `srt-live-transmit` that write what they receive
 * to nowhere. Both in the same seconds, several windows, the median of the ratios.
 */
const { values: options } = parseArgs({
  options: {
    callers: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '20' },
    windows: { type: 'string', default: '5' },
    /** Before the first window, s: past the start of each broadcast, and of V8's compiling. */
    settle: { type: 'string', default: '30' },
  },
})
const count = Number(options.callers)

function publish(clip: string, url: string): Running {
  const args = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy', '-f', 'mpegts', url]
  return start(findProgram('ffmpeg'), args, { limit: 7_200_000 })
}

const clip = await makeClip({ seconds: 10, bitrate: 4000 })
const server = await startBandstand({ ffmpeg: true, limit: 7_200_000 })
const keys = await createChannels(server, count)
const peers: Running[] = []
const encoders: Running[] = []
for (const key of keys) {
  const port = await freeUdpPort()
  const args = ['-q', '-a:no', `srt://127.0.0.1:${port}?mode=listener`, 'file://con']
  // What it writes must not wait for anybody: a shell sends it to nowhere and is replaced by it.
  const command = `exec '${findProgram('srt-live-transmit')}' ${args.map((arg) => `'${arg}'`).join(' ')} > /dev/null`
  peers.push(start('/bin/sh', ['-c', command], { limit: 7_200_000 }))
  encoders.push(publish(clip, `srt://${server.srt}?streamid=publish:${key}`))
  await sleep(200)
  encoders.push(publish(clip, `srt://127.0.0.1:${port}`))
}
try {
  await waitFor(
    'all encoders to be connected',
    async () => (await readMetrics(server.http)).get('bandstand_srt_connections') === count,
    60_000,
  )
  await sleep(Number(options.settle) * 1000)
  const ratios: number[] = []
  const [own, theirs]: [number[], number[]] = [[], []]
  let memory = 0
  for (let window = 1; window <= Number(options.windows); window++) {
    const samplers = [sampleUsage([server.pid]), sampleUsage(peers.map(({ pid }) => pid))] as const
    await sleep(Number(options.seconds) * 1000)
    const [ours, peer] = [samplers[0].stop(), samplers[1].stop()]
    for (const encoder of encoders) if (!encoder.running()) throw new Error(encoder.output())
    console.log(`window ${window}: ${percent(ours.cores)} of a core, srt-live-transmit ${percent(peer.cores)}`)
    own.push(ours.cores)
    theirs.push(peer.cores)
    ratios.push(ours.cores / peer.cores)
    memory = Math.max(memory, ours.peakRss)
  }
  const metrics = await readMetrics(server.http)
  console.log(
    `lost ${metrics.get('bandstand_srt_lost')}, too late ${metrics.get('bandstand_srt_dropped')}, ${megabytes(memory)}`,
  )
  report({
    what: `SRT: CPU for ${count} × 4 Mbit/s callers, LL-HLS and recording included, against as many receivers`,
    measured: `${percent(median(own))} of a core, ${median(ratios).toFixed(2)} ×`,
    peer: percent(median(theirs)),
    must: '≤ 2 × (aim 1.2)',
    ok: median(ratios) <= 2,
  })
} finally {
  for (const each of [...encoders, ...peers]) await each.stop('SIGKILL')
  await server.stop()
}
