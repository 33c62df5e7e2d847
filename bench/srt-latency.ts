import { parseArgs } from 'node:util'
import { startBandstand } from '../test/support/bandstand.ts'
import { start } from '../test/support/process.ts'
import { findProgram } from '../test/support/programs.ts'
import { waitFor } from '../test/support/wait.ts'
import { createChannels } from './support/channels.ts'
import { quantile, report } from './support/report.ts'

/**
 * What SRT adds to the way from encoder to LL-HLS: one encoder sends the same pictures to two channels, by RTMP and by SRT, and both
 * are followed by blocking requests. Parts are the same on both, for they are cut by the same pictures; the difference of the times at
 * which each is listed, less the latency agreed, is what is left.
 */
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '40' },
    /** ms, as the encoder asks for it. */
    latency: { type: 'string', default: '120' },
  },
})
const seconds = Number(options.seconds)
const latency = Number(options.latency)
/** Parts are cut nearest to this. */
const PART_MS = 333

const server = await startBandstand({ ffmpeg: true })
const [plainKey = '', srtKey = ''] = await createChannels(server, 2)
const outputs = [
  `[f=flv]${server.rtmp}/${plainKey}`,
  `[f=mpegts]srt://${server.srt}?streamid=publish\\:${srtKey}&latency=${latency * 1000}`,
]
const encoder = start(
  findProgram('ffmpeg'),
  [
    ...['-hide_banner', '-loglevel', 'warning', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', '60', '-keyint_min', '60', '-sc_threshold', '0'],
    ...['-b:v', '1500k', '-c:a', 'aac', '-map', '0', '-map', '1', '-flags', '+global_header'],
    ...['-f', 'tee', outputs.join('|')],
  ],
  { limit: 300_000 },
)

interface Part {
  /** As listed, seconds. */
  readonly duration: string
  /** `performance.now()` when it was. */
  readonly at: number
}

/** The channel's parts from its beginning, as they were listed. */
async function followParts(slug: string): Promise<Part[]> {
  const base = `${server.http}/live/${slug}/index.m3u8`
  const multivariant = await waitFor(
    `${slug} to be live`,
    async () => {
      const answer = await fetch(base)
      return answer.ok && (await answer.text())
    },
    30_000,
    5,
  )
  const variant = multivariant.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? ''
  const playlist = new URL(variant, base).href
  const seen = new Set<string>()
  const parts: Part[] = []
  let query = ''
  for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
    const text = await (await fetch(playlist + query)).text()
    const at = performance.now()
    for (const [line, duration = '', uri = ''] of text.matchAll(/#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"[^\n]*/g)) {
      if (line.includes('GAP=YES') || seen.has(uri)) continue
      seen.add(uri)
      parts.push({ duration, at })
    }
    const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1] ?? 0)
    const segments = text.match(/#EXTINF/g)?.length ?? 0
    const after = text.slice(text.lastIndexOf('#EXTINF')).match(/#EXT-X-PART:/g)?.length ?? 0
    query = `?_HLS_msn=${first + segments}&_HLS_part=${after}`
  }
  return parts
}

/** Parts at the beginning whose order of arrival is that of the connections. */
const SETTLE = 15

try {
  const [plain = [], srt = []] = await Promise.all(['bench-0', 'bench-1'].map(followParts))
  const added: number[] = []
  for (let i = SETTLE; i < Math.min(plain.length, srt.length); i++) {
    const [a, b] = [plain[i], srt[i]]
    if (a === undefined || b === undefined) break
    if (Math.abs(Number(a.duration) - Number(b.duration)) > 0.002) {
      throw new Error(`part ${i} lasts ${a.duration} s by RTMP and ${b.duration} s by SRT: the two are not the same`)
    }
    added.push(b.at - a.at - latency)
  }
  if (added.length === 0) throw new Error(encoder.output())
  const [p50, p95] = [quantile(added, 0.5), quantile(added, 0.95)]
  report({
    what: `SRT to LL-HLS, later than by RTMP and beyond the latency of ${latency} ms, p50 / p95 of ${added.length} parts`,
    measured: `${Math.round(p50)} / ${Math.round(p95)} ms`,
    must: `one part (${PART_MS} ms)`,
    ok: p50 <= PART_MS,
  })
} finally {
  await encoder.stop('SIGINT')
  await server.stop()
}
