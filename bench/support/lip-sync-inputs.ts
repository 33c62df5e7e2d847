import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clip } from '@bandstand/engine/ingest/rtmp/clip.ts'
import { readEnhancedClip } from '@bandstand/engine/ingest/rtmp/enhanced-clip.ts'
import { publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'
import type { Bandstand } from '../../test/support/bandstand.ts'
import { chromium } from '../../test/support/browser.ts'
import { flashDelays, flashesAndBeeps, measureFlashes } from '../../test/support/lip-sync.ts'
import { servePlayerPage } from '../../test/support/player-page.ts'
import { runToEnd, start } from '../../test/support/process.ts'
import { findProgram } from '../../test/support/programs.ts'
import { temporaryFolder } from '../../test/support/temporary.ts'
import { waitFor } from '../../test/support/wait.ts'
import { whipFigures, whipPublish } from '../../test/support/whip-page.ts'
import { median } from './report.ts'
import { startSeededRelay } from './seeded-relay.ts'
import { startStallingRelay } from './stalling-relay.ts'

/** Seconds from one flash to the next. */
export const PERIOD = 2

/** An encoder that sends flashes and beeps over a line of its own. */
export interface LipSyncInput {
  /** Seconds by which beeps are behind their flashes as it sends them; undefined where only the encoder could tell. */
  readonly asSent: number | undefined
  /** What it says when it has ended by itself. */
  trouble(): Promise<string | undefined>
  /** What it knows of its own sound. */
  said?(): Promise<string>
  /** Says goodbye. */
  stop(): Promise<void>
}

export interface Line {
  readonly seed: number
  /** Share of packets that are lost, each way. */
  readonly loss: number
  /** ms. */
  readonly roundTrip: number
  /** ms more or less that a datagram takes. */
  readonly jitter: number
  /** ms after which what runs is ended for good. */
  readonly limit: number
}

const coding = [
  // Noise, so that there are bits to be lost.
  ...[
    '-vf',
    'noise=alls=12:allf=t',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-threads',
    '1',
  ],
  ...['-pix_fmt', 'yuv420p', '-g', '60', '-keyint_min', '60', '-sc_threshold', '0'],
  ...['-b:v', '300k', '-maxrate', '300k', '-bufsize', '300k', '-c:a', 'aac', '-b:a', '64k', '-ac', '2'],
]

/** Ten seconds of it in a file. */
async function sentAs(
  file: string,
  args: readonly string[],
): Promise<{ readonly path: string; readonly delay: number }> {
  const path = join(temporaryFolder('lip-sync'), file)
  const source = flashesAndBeeps({ period: PERIOD, seconds: 10 })
  await runToEnd(findProgram('ffmpeg'), ['-v', 'error', '-nostdin', ...source, ...args, path])
  return { path, delay: median(flashDelays(await measureFlashes(path))) }
}

async function ffmpegInput(container: string, to: readonly string[], limit: number): Promise<LipSyncInput> {
  const { delay } = await sentAs(`sent.${container}`, [...coding, '-f', container])
  const source = flashesAndBeeps({ period: PERIOD, realtime: true })
  const args = ['-v', 'error', '-nostdin', ...source, ...coding, ...to]
  const running = start(findProgram('ffmpeg'), args, { limit })
  return {
    asSent: delay,
    trouble: async () => (running.running() ? undefined : `ffmpeg ended: ${running.output().slice(-300)}`),
    stop: async () => void (await running.stop('SIGTERM', 10_000)),
  }
}

const portOf = (address: string) => Number(/:(\d+)(?:\/|$)/.exec(address)?.[1])

function tcpLine(target: number, { seed, loss, roundTrip }: Line) {
  // Found missing by what comes behind it, asked for and sent again.
  return startStallingRelay({ target, seed, loss, stall: roundTrip * 1.5 })
}

function udpLine(target: number, { seed, loss, roundTrip, jitter }: Line) {
  return startSeededRelay({ target, seed, loss, delay: roundTrip / 2, jitter })
}

/** Ends the line behind the encoder. */
function over(line: { close(): Promise<void> }, input: LipSyncInput): LipSyncInput {
  return {
    ...input,
    async stop() {
      await input.stop()
      await line.close()
    },
  }
}

async function byRtmp(server: Bandstand, key: string, line: Line): Promise<LipSyncInput> {
  const relay = await tcpLine(portOf(server.rtmp), line)
  return over(relay, await ffmpegInput('flv', ['-f', 'flv', `rtmp://127.0.0.1:${relay.port}/live/${key}`], line.limit))
}

/** HEVC and Opus, a clip of ten seconds over and over: each of its tracks is cut to the same length, so that they stay together. */
async function byEnhancedRtmp(server: Bandstand, key: string, line: Line): Promise<LipSyncInput> {
  const relay = await tcpLine(portOf(server.rtmp), line)
  const { path, delay } = await sentAs('sent.mp4', [
    ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-pix_fmt', 'yuv420p', '-b:v', '300k'],
    ...['-x265-params', 'keyint=60:min-keyint=60:scenecut=0:bframes=0:log-level=error'],
    ...['-c:a', 'libopus', '-b:a', '64k', '-ac', '2', '-movflags', 'frag_keyframe+delay_moov+default_base_moof'],
  ])
  const whole = readEnhancedClip(readFileSync(path))
  const tracks = whole.tracks.map((track) => {
    return { ...track, frames: track.frames.filter(({ time }) => time < 10_000), duration: 10_000 }
  })
  const clip: Clip = { ...whole, tracks }
  const publisher = publishFlv({
    ...{ host: '127.0.0.1', port: relay.port, app: 'live', key, clip, realtime: true, loop: true, enhanced: true },
  })
  let ended: string | undefined
  void publisher.ended.then((end) => (ended = JSON.stringify(end)))
  return over(relay, { asSent: delay, trouble: async () => ended, stop: () => publisher.stop() })
}

async function bySrt(server: Bandstand, key: string, line: Line): Promise<LipSyncInput> {
  const relay = await udpLine(portOf(server.srt), line)
  // Microseconds, four times the round trip.
  const latency = (line.roundTrip + line.jitter) * 4000
  const url = `srt://127.0.0.1:${relay.port}?streamid=publish:${key}&latency=${latency}&pkt_size=1316`
  return over(relay, await ffmpegInput('mpegts', ['-f', 'mpegts', url], line.limit))
}

async function byHls(server: Bandstand, key: string, line: Line): Promise<LipSyncInput> {
  const relay = await tcpLine(portOf(server.http), line)
  const to = ['-f', 'hls', '-hls_time', '2', '-hls_list_size', '6', '-method', 'PUT']
  const url = `http://127.0.0.1:${relay.port}/ingest/hls/${key}/out.m3u8`
  return over(relay, await ffmpegInput('mpegts', [...to, url], line.limit))
}

async function byWhip(server: Bandstand, key: string, line: Line, slug: string): Promise<LipSyncInput> {
  const relay = await udpLine(portOf(String(server.ready['webrtc'])), line)
  const [browser, pages] = [await chromium(), await servePlayerPage()]
  const page = await pages.open(browser)
  const published = await whipPublish(page, `${server.http}/live/${slug}/whip`, {
    ...{ key, flashes: PERIOD, width: 320, height: 180, frameRate: 60, codec: 'video/H264', bitrate: 300_000 },
    port: relay.port,
  })
  if (published.status !== 201) throw new Error(`WHIP: ${published.status} ${published.code}`)
  const first = await waitFor('sound to be sent', async () => {
    const { sound } = await whipFigures(page)
    return sound.sent > 0 && sound
  })
  return {
    asSent: undefined,
    async said() {
      const { passed, made, sent } = (await whipFigures(page)).sound
      const lacks = passed - first.passed - (made - first.made)
      const holds = made - first.made - (sent - first.sent)
      return `Chromium made ${(lacks * 1000).toFixed(0)} ms less sound than time went by, and sent ${(holds * 1000).toFixed(0)} ms less than it made`
    },
    async trouble() {
      const { state } = await whipFigures(page)
      return state === 'connected' ? undefined : `the connection is ${state}`
    },
    async stop() {
      await fetch(published.location ?? '', { method: 'DELETE' })
      await browser.close()
      await pages.close()
      await relay.close()
    },
  }
}

/** The ways in, by the name under which they are reported. */
export const lipSyncInputs = {
  'RTMP (H.264, AAC)': byRtmp,
  'Enhanced RTMP (HEVC, Opus)': byEnhancedRtmp,
  'SRT (H.264, AAC)': bySrt,
  'WHIP from Chromium (H.264, Opus)': byWhip,
  'HLS by PUT (H.264, AAC)': byHls,
} as const satisfies Record<string, (server: Bandstand, key: string, line: Line, slug: string) => Promise<LipSyncInput>>
