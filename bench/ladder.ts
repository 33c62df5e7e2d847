import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import { ladderArguments } from '@bandstand/engine/transcode/arguments.ts'
import type { LadderSettings, SourceFacts } from '@bandstand/engine/transcode/model.ts'
import { planRungs } from '@bandstand/engine/transcode/rungs.ts'
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
 * same clip, one after the other and in turns, for the rest of the machine may be busy.
 */
const seconds = 12
const rounds = 3
const settle = 4

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
const clip = await makeClip({ seconds: seconds + 4 * settle, bitrate: 2500 })
const folder = temporaryFolder('ladder')
const server = await startBandstand({ ffmpeg: true })
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

/** Server and its ffmpeg, where it has one. */
async function live(slug: string, mode: LadderSettings['mode']): Promise<readonly [server: number, child: number]> {
  const key = await owner.createChannel(slug)
  await owner.call('PUT', `/channels/${slug}/ladder`, { ...settings, mode })
  const publish = ['-v', 'error', '-re', '-i', clip, '-c', 'copy', '-f', 'flv', `${server.rtmp}/${key}`]
  const encoder = start(ffmpeg, publish)
  await waitLive(server, slug)
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
await server.stop()
const ratio = quantile(ratios, 0.5)
report({
  what: `ladder 480p and 360p from 720p30, processor time against bare ffmpeg, median of ${rounds}`,
  measured: `${ratio.toFixed(2)} × (${quantile(own, 0.5).toFixed(2)} cores)`,
  must: '1.1 ×',
  ok: ratio <= 1.1,
})
