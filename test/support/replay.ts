import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkStream } from '@bandstand/engine/check/check.ts'
import { printReport } from '@bandstand/engine/check/report.ts'
import { ffprobe } from './players.ts'
import { start } from './process.ts'
import { findProgram } from './programs.ts'
import { waitFor } from './wait.ts'

export interface Replay {
  /** Seconds: sum of the segments of the longest rendition. */
  readonly seconds: number
  readonly discontinuities: number
  /** Segment names by rendition. */
  readonly segments: ReadonlyMap<string, readonly string[]>
  /** Segments in order, from one EXT-X-MAP or discontinuity to the next. */
  readonly stretches: readonly Stretch[]
}

interface Stretch {
  readonly rendition: string
  readonly init: string
  readonly segments: readonly string[]
}

/** What ffmpeg complains about when it decodes all of an address, or of what it is given. */
async function decode(url: string, input?: Uint8Array): Promise<string> {
  // Times pass through unrounded: the frame rate may change between encoders.
  const times = ['-vsync', 'passthrough', '-enc_time_base', '1:90000']
  const args = ['-v', 'error', '-i', url, ...times, '-f', 'null', '-']
  const running = start(findProgram('ffmpeg'), args, { limit: 60_000 })
  running.stdin.end(input)
  const { code } = await running.exited
  return code === 0 ? running.output() : `exit ${code}: ${running.output()}`
}

/**
 * What ffmpeg complains about in a replay. It overlooks a new EXT-X-MAP within a playlist, so where there are several, each
 * stretch with one of them is decoded by itself.
 */
async function decodeReplay(http: string, assetId: string, { stretches }: Replay): Promise<string> {
  if (stretches.every(({ rendition, init }) => init === stretches.find((s) => s.rendition === rendition)?.init))
    return decode(`${http}/vod/${assetId}/index.m3u8`)
  const complaints: string[] = []
  for (const { rendition, init, segments } of stretches) {
    const answers = [init, ...segments].map((name) => fetch(`${http}/vod/${assetId}/${rendition}/${name}`))
    const bytes = (await Promise.all(answers)).map(async (answer) => Buffer.from(await answer.arrayBuffer()))
    complaints.push(await decode('pipe:0', Buffer.concat(await Promise.all(bytes))))
  }
  return complaints.join('')
}

/** Waits until the broadcast's replay is finished, and reads what it lists. */
export async function readReplay(http: string, assetId: string): Promise<Replay> {
  const main = await fetch(`${http}/vod/${assetId}/index.m3u8`).then((r) => r.text())
  const names = [...new Set([...main.matchAll(/\b([av]\d+)\/index\.m3u8/g)].map((found) => found[1] ?? ''))]
  const segments = new Map<string, string[]>()
  const stretches: Stretch[] = []
  let seconds = 0
  let discontinuities = 0
  for (const name of names) {
    const text = await waitFor(
      `the end of ${assetId}/${name}`,
      async () => {
        const playlist = await fetch(`${http}/vod/${assetId}/${name}/index.m3u8`).then((r) => r.text())
        return playlist.includes('#EXT-X-ENDLIST') && playlist
      },
      20_000,
      250,
    )
    const durations = [...text.matchAll(/^#EXTINF:([\d.]+)/gm)].map((found) => Number(found[1]))
    seconds = Math.max(
      seconds,
      durations.reduce((a, b) => a + b, 0),
    )
    discontinuities = Math.max(discontinuities, [...text.matchAll(/^#EXT-X-DISCONTINUITY$/gm)].length)
    stretches.push(...stretchesOf(name, text))
    segments.set(
      name,
      text.split('\n').filter((line) => line.endsWith('.m4s')),
    )
  }
  return { seconds, discontinuities, segments, stretches }
}

function stretchesOf(rendition: string, playlist: string): Stretch[] {
  const found: { rendition: string; init: string; segments: string[] }[] = []
  let init = ''
  for (const line of playlist.split('\n')) {
    const map = /^#EXT-X-MAP:URI="([^"]+)"/.exec(line)?.[1]
    if (map !== undefined) found.push({ rendition, init: (init = map), segments: [] })
    else if (line === '#EXT-X-DISCONTINUITY') found.push({ rendition, init, segments: [] })
    else if (line.endsWith('.m4s')) found.at(-1)?.segments.push(line)
  }
  return found.filter((stretch) => stretch.segments.length > 0)
}

/** The replay's playlists and its MP4 decode without a complaint and are as long as they should be. */
export async function judgeReplay(
  http: string,
  assetId: string,
  expected: { readonly seconds: readonly [least: number, most: number] },
): Promise<Replay> {
  const replay = await readReplay(http, assetId)
  const [least, most] = expected.seconds
  assert.ok(replay.seconds >= least && replay.seconds <= most, `${replay.seconds} s, not ${least} to ${most}`)
  const mp4 = `${http}/vod/${assetId}/download.mp4`
  const { format } = await ffprobe(mp4)
  const duration = Number(format.duration)
  // Sound and pictures end an epoch some milliseconds apart; the MP4 keeps them together, the sum of either does not.
  const tolerance = 0.5 + 0.05 * replay.discontinuities
  assert.ok(
    Math.abs(duration - replay.seconds) < tolerance,
    `the MP4 has ${duration} s, the playlist ${replay.seconds}`,
  )
  assert.equal(await decode(mp4), '')
  assert.equal(await decodeReplay(http, assetId, replay), '')
  return replay
}

/** Our own conformance check finds no errors on the live playlist. */
export async function judgeLive(
  http: string,
  channel: string,
  seconds: number,
  /** Rules that cannot hold here. */
  except: readonly string[] = [],
): Promise<void> {
  const report = await checkStream({
    url: `${http}/live/${channel}/index.m3u8`,
    fetch,
    now: () => performance.now(),
    sleep: async (ms) => {
      await sleep(ms)
    },
    durationMs: seconds * 1000,
  })
  const errors = report.findings.filter(({ level, rule }) => level === 'error' && !except.includes(rule))
  assert.deepEqual(errors, [], printReport(report))
}
