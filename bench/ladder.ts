import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import { ladderArguments } from '@bandstand/engine/transcode/arguments.ts'
import type { LadderSettings, SourceFacts } from '@bandstand/engine/transcode/model.ts'
import { planRungs } from '@bandstand/engine/transcode/rungs.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { startBandstand } from '../test/support/bandstand.ts'
import { signIn } from '../test/support/owner.ts'
import { start } from '../test/support/process.ts'
import { findProgram } from '../test/support/programs.ts'
import { waitLive } from '../test/support/published.ts'
import { temporaryFolder } from '../test/support/temporary.ts'
import { readUsage } from '../test/support/usage.ts'
import { waitFor } from '../test/support/wait.ts'
import { makeClip } from './support/clips.ts'
import { quantile, report } from './support/report.ts'

/**
 * What a ladder of 480p and 360p from 720p30 costs here, ffmpeg and what the server has to do more with it, against an
 * ffmpeg by itself that makes files of the same pictures with the same encoder. Processor time over the same seconds of the
 * same clip, one after the other and in turns, for the rest of the machine may be busy. Then what the default ladder costs
 * from 1080p30, and how long who asks first for a rung made on demand waits for media.
 */
const seconds = 12
const rounds = 3
const settle = 4
const opens = 7

const source: SourceFacts = {
  ...{ width: 1280, height: 720, sampleAspectRatio: [1, 1], frameRate: 30, interlaced: false },
}
const settings: LadderSettings = {
  mode: 'always',
  encoder: 'x264',
  preset: 'veryfast',
  rungs: [
    { height: 480, bitrate: 1_400_000, frameRate: 30 },
    { height: 360, bitrate: 800_000, frameRate: 30 },
  ],
}
const ffmpeg = findProgram('ffmpeg')
const length = seconds + 4 * settle
const clip = await makeClip({ seconds: length, bitrate: 2500 })
const large = await makeClip({ seconds: length, bitrate: 4500, width: 1920, height: 1080 })
const folder = temporaryFolder('ladder')
const server = await startBandstand({ ffmpeg: true, limit: 900_000 })
const owner = await signIn(server)

/** ms of processor time that these take in the seconds that are measured. */
async function measure(pids: readonly number[]): Promise<number> {
  const total = () => pids.reduce((sum, pid) => sum + readUsage(pid).cpu, 0)
  await sleep(settle * 1000)
  const before = total()
  await sleep(seconds * 1000)
  return total() - before
}

function childOf(parent: number): number | undefined {
  const found = readdirSync('/proc').find((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/status`, 'utf8').includes(`PPid:\t${parent}\n`)
    } catch {
      return false
    }
  })
  return found === undefined ? undefined : Number(found)
}

/** Publishes a clip to a channel of its own. */
async function publish(slug: string, ladder: LadderSettings, path: string) {
  const key = await owner.createChannel(slug)
  await owner.call('PUT', `/channels/${slug}/ladder`, ladder)
  const args = ['-v', 'error', '-re', '-i', path, '-c', 'copy', '-f', 'flv', `${server.rtmp}/${key}`]
  const encoder = start(ffmpeg, args)
  await waitLive(server, slug)
  return encoder
}

/** Server and its ffmpeg, where it has one. */
async function live(
  slug: string,
  mode: LadderSettings['mode'],
  { rungs, path } = { rungs: settings.rungs, path: clip },
): Promise<readonly [server: number, child: number]> {
  const encoder = await publish(slug, { ...settings, mode, rungs }, path)
  const isRunning = async () =>
    (await owner.call<ChannelHealth>('GET', `/channels/${slug}/health`)).encoder?.ladder?.state === 'running'
  // The trial before it is a child too.
  if (mode !== 'off') await waitFor('the ladder', isRunning)
  const child = mode === 'off' ? undefined : childOf(server.pid)
  const both = await Promise.all([measure([server.pid]), child === undefined ? 0 : measure([child])])
  await encoder.stop('SIGINT')
  await sleep(1_000)
  return both
}

async function bare(name: string): Promise<number> {
  const args = ladderArguments({
    source,
    rungs: planRungs(source, settings.rungs),
    encoder: 'x264',
    preset: 'veryfast',
  })
  const made = args
    .slice(args.indexOf('-filter_complex'))
    .map((arg) => (arg.startsWith('pipe:') ? join(folder, `${name}${arg.slice(5)}.mp4`) : arg))
    .map((arg) => (arg.includes('frag_every_frame') ? 'empty_moov+default_base_moof+frag_keyframe' : arg))
  const running = start(ffmpeg, ['-v', 'error', '-re', '-i', clip, ...made])
  const cpu = await measure([running.pid])
  await running.stop('SIGKILL')
  return cpu
}

/** ms from asking for a rung that nobody watches until media is listed at its end. */
async function firstViewer(slug: string): Promise<number> {
  const encoder = await publish(slug, { ...settings, mode: 'on-demand' }, clip)
  await sleep(settle * 1000)
  const { variants } = await waitLive(server, slug)
  const rung = variants.find(({ resolution }) => resolution?.height === 360)?.uri ?? ''
  const begun = performance.now()
  await waitFor(
    'media',
    async () => {
      const parsed = parsePlaylist(await (await fetch(new URL(rung, `${server.http}/live/${slug}/index.m3u8`))).text())
      if (parsed.kind !== 'media') return false
      const { segments, trailingParts } = parsed.playlist
      return segments.at(-1)?.gap === false || trailingParts.some(({ gap }) => !gap)
    },
    30_000,
    10,
  )
  const took = performance.now() - begun
  await encoder.stop('SIGINT')
  return took
}

const ratios: number[] = []
const own: number[] = []
for (let i = 0; i < rounds; i++) {
  const alone = await bare(`bare-${i}`)
  const [without] = await live(`off-${i}`, 'off')
  const [withLadder, child] = await live(`always-${i}`, 'always')
  ratios.push((child + withLadder - without) / alone)
  own.push(child / seconds / 1000)
  console.log(
    `bare ${Math.round(alone)} ms; ladder's ffmpeg ${Math.round(child)} ms; server ${Math.round(without)} → ${Math.round(withLadder)} ms`,
  )
}
const whole = { path: large, rungs: [{ height: 720, bitrate: 2_800_000, frameRate: 60 }, ...settings.rungs] }
const [, all] = await live('large', 'always', whole)
const waits: number[] = []
for (let i = 0; i < opens; i++) waits.push(await firstViewer(`first-${i}`))
await server.stop()
const ratio = quantile(ratios, 0.5)
report({
  what: `ladder 480p and 360p from 720p30, processor time against bare ffmpeg, median of ${rounds}`,
  measured: `${ratio.toFixed(2)} × (${quantile(own, 0.5).toFixed(2)} cores)`,
  must: '1.1 ×',
  ok: ratio <= 1.1,
})
report({
  what: 'ladder 720p, 480p and 360p from 1080p30, processor time of its ffmpeg',
  measured: `${(all / seconds / 1000).toFixed(2)} cores`,
})
report({
  what: `rung made on demand: asked for by its first viewer → media listed, p50 / worst of ${opens}`,
  measured: `${Math.round(quantile(waits, 0.5))} / ${Math.round(Math.max(...waits))} ms`,
})
