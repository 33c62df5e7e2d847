import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Bandstand, startBandstand } from '../test/support/bandstand.ts'
import { type Running, start } from '../test/support/process.ts'
import { findProgram } from '../test/support/programs.ts'
import { waitLive } from '../test/support/published.ts'
import { sampleUsage } from '../test/support/usage.ts'
import { startAnswering } from './support/answering.ts'
import { createChannels, readHealth } from './support/channels.ts'
import { asMpegTs, makeClip, makeHevcClip, withOpus } from './support/clips.ts'
import { freePort } from './support/free-port.ts'
import { startPublishers, startWhipPublishers, type WhipPublishers } from './support/publishers.ts'
import { median, megabytes, percent, report } from './support/report.ts'

/**
 * Encoders of 4 Mbit/s by RTMP, Enhanced RTMP (HEVC with Opus), SRT and WHIP (H.264 with Opus), a quarter each, against as many by RTMP, each
 * on a server of its own in the same seconds; encoders are other processes. With LL-HLS and recording on, and the WebRTC process counted. Beside
 * them as many encoders by WHIP send to the WebRTC library alone, which throws away what comes: what that takes nobody who uses it can save.
 *
 *   node bench/ingest-mixed.ts [--publishers 20] [--seconds 20] [--windows 5] [--ways rtmp,enhanced,srt,whip]
 */
const { values: options } = parseArgs({
  options: {
    publishers: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '20' },
    windows: { type: 'string', default: '5' },
    /** What one of them costs alone. */
    ways: { type: 'string', default: 'rtmp,enhanced,srt,whip' },
  },
})
const count = Number(options.publishers)
const seconds = Number(options.seconds)
const windows = Number(options.windows)

interface BenchChannel {
  readonly slug: string
  readonly key: string
}

// The same pictures by each way but HEVC, with noise: what pads a clip to its rate is not sent by RTP.
const [avc, hevc] = await Promise.all([
  makeClip({ seconds: 20, bitrate: 4000, noise: true }),
  makeHevcClip({ seconds: 20, bitrate: 4000 }),
])
const [transport, opus] = await Promise.all([asMpegTs(avc), withOpus(avc)])

function publishBySrt(address: string, key: string): Running {
  const input = ['-hide_banner', '-loglevel', 'error', '-re', '-stream_loop', '-1', '-i', transport]
  const url = `srt://${address}?streamid=publish:${key}`
  return start(findProgram('ffmpeg'), [...input, '-c', 'copy', '-f', 'mpegts', url], { limit: 7_200_000 })
}

const keysOf = (channels: readonly BenchChannel[]) => channels.map(({ key }) => key)
let whip: WhipPublishers | undefined
const ways: Readonly<
  Record<string, { name: string; publish: (to: Bandstand, channels: readonly BenchChannel[]) => Promise<Running[]> }>
> = {
  rtmp: { name: 'RTMP', publish: async (to, channels) => [await startPublishers(avc, to.rtmp, keysOf(channels))] },
  enhanced: {
    name: 'Enhanced RTMP HEVC',
    publish: async (to, channels) => [await startPublishers(hevc, to.rtmp, keysOf(channels))],
  },
  srt: { name: 'SRT', publish: async (to, channels) => keysOf(channels).map((key) => publishBySrt(to.srt, key)) },
  whip: {
    name: 'WHIP',
    publish: async (to, channels) => {
      whip = await startWhipPublishers(opus, to.http, channels)
      return [whip.running]
    },
  },
}
const chosen = options.ways.split(',').map((name) => {
  const way = ways[name]
  if (way === undefined) throw new Error(`--ways ${name}: there are ${Object.keys(ways).join(', ')}`)
  return way
})

/** What went wrong with the streams so far, as the owner is told of it and the encoders by WHIP are: nothing, of healthy ones. */
async function troubles(server: Bandstand): Promise<string[]> {
  const found = (await readHealth(server, count)).flatMap(({ connected, encoder }, index) => {
    const where = `bench-${index}`
    if (!connected || encoder === null) return [`${where}: no encoder`]
    const { protocol, video, audio, line, malformedUnits, unconfiguredUnits, timestampJumps, reconnects } = encoder
    const rate = video?.frameRate ?? 0
    const counts = { malformedUnits, unconfiguredUnits, timestampJumps, reconnects, dropped: line?.dropped ?? 0 }
    return [
      ...(Math.abs(rate - 30) > 0.5 ? [`${where}: ${rate} pictures a second by ${protocol}`] : []),
      ...(audio === null ? [`${where}: no sound by ${protocol}`] : []),
      ...Object.entries(counts).flatMap(([name, value]) =>
        value > 0 ? [`${where}: ${value} ${name}, ${protocol}`] : [],
      ),
    ]
  })
  const { lost, dropped, over } = (await whip?.now()) ?? { lost: 0, dropped: 0, over: 0 }
  if (lost + dropped + over > 0) found.push(`WHIP: ${lost} packets lost, ${dropped} pictures left out, ${over} over`)
  return found
}

/** The library, and encoders that send to it. */
async function startFloor(of: number) {
  const [httpPort, port] = await Promise.all([freePort(), freePort()])
  const script = new URL('./whip/library.ts', import.meta.url)
  const library = await startAnswering(script, [`${httpPort}`, `${port}`], 7_200_000)
  const channels = Array.from({ length: of }, (_, index) => ({ slug: `floor-${index}`, key: 'none' }))
  const { running } = await startWhipPublishers(opus, `http://127.0.0.1:${httpPort}`, channels)
  return { library, running }
}

const server = () => startBandstand({ ffmpeg: true, limit: 7_200_000 })
const [plain, mixed] = await Promise.all([server(), server()])
const encoders: Running[] = []
try {
  const [plainKeys, mixedKeys] = await Promise.all([createChannels(plain, count), createChannels(mixed, count)])
  const channels = mixedKeys.map((key, index) => ({ slug: `bench-${index}`, key }))
  const shares = chosen.map((way, which) => ({
    ...way,
    channels: channels.filter((_, index) => index % chosen.length === which),
  }))
  encoders.push(await startPublishers(avc, plain.rtmp, plainKeys))
  for (const share of shares) encoders.push(...(await share.publish(mixed, share.channels)))
  const ofWhip = shares.find(({ name }) => name === 'WHIP')?.channels.length
  const floor = ofWhip === undefined ? undefined : await startFloor(ofWhip)
  if (floor) encoders.push(floor.running, floor.library.running)
  for (const { slug } of channels) await waitLive(mixed, slug)
  const webrtc = whip && Number(mixed.log().findLast(({ msg }) => msg === 'webrtc process runs')?.['pid'])
  // Past the start of each broadcast, and of V8's compiling, which are not what runs for hours.
  await sleep(30_000)
  const all: Record<'plain' | 'own' | 'webrtc' | 'floor', number>[] = []
  const memory = { own: 0, webrtc: 0 }
  const found = new Set(await troubles(mixed))
  for (let window = 1; window <= windows; window++) {
    const samplers = [plain.pid, mixed.pid, webrtc, floor?.library.running.pid].map(
      (pid) => pid !== undefined && sampleUsage([pid]),
    )
    await sleep(seconds * 1_000)
    const [a, b, c, d] = samplers.map((sampler) => (sampler ? sampler.stop() : { cores: 0, peakRss: 0 }))
    if (!(a && b && c && d)) throw new Error('nothing was sampled')
    for (const each of encoders) if (!each.running()) throw new Error(`an encoder ended:\n${each.output()}`)
    console.log(
      `window ${window}: RTMP ${percent(a.cores)}, mixed ${percent(b.cores)} and its WebRTC process ${percent(c.cores)} of a core; the library alone ${percent(d.cores)}`,
    )
    all.push({ plain: a.cores, own: b.cores, webrtc: c.cores, floor: d.cores })
    memory.own = Math.max(memory.own, b.peakRss)
    memory.webrtc = Math.max(memory.webrtc, c.peakRss)
    for (const trouble of await troubles(mixed)) found.add(trouble)
  }
  const answer = await fetch(`${mixed.http}/api/v1/channels`)
  const listed = ((await answer.json()) as { readonly channels?: readonly { readonly live: boolean }[] }).channels
  const live = listed?.filter((channel) => channel.live).length ?? 0
  const ratio = median(all.map((one) => (one.own + one.webrtc) / one.plain))
  const middle = (of: keyof (typeof all)[number]) => percent(median(all.map((one) => one[of])))
  const what = `${count} publishers × 4 Mbit/s, ${shares.map((share) => `${share.channels.length} ${share.name}`).join(', ')}`
  report({
    what: `${what}: CPU of the server and its WebRTC process against ${count} by RTMP`,
    measured: `${middle('own')} + ${middle('webrtc')} of a core, ${ratio.toFixed(2)} ×`,
    peer: `all by RTMP ${middle('plain')}${floor ? `; the WebRTC library alone, for its ${ofWhip} encoders, ${middle('floor')}` : ''}`,
    must: '≤ 1.5 ×',
    ok: ratio <= 1.5,
  })
  report({
    what: `${what}: channels live, faults of their streams (pictures lost, clocks, connections)`,
    measured: `${live}, ${found.size}`,
    must: `${count}, 0`,
    ok: live === count && found.size === 0,
  })
  for (const trouble of found) console.log(`  ${trouble}`)
  report({
    what: `${what}: peak memory of the server, of its WebRTC process`,
    measured: `${megabytes(memory.own)}, ${megabytes(memory.webrtc)}`,
  })
} finally {
  for (const each of encoders) await each.stop()
  await Promise.all([plain.stop(), mixed.stop()])
}
