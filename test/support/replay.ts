import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkStream } from '@bandstand/engine/check/check.ts'
import { printReport } from '@bandstand/engine/check/report.ts'
import { parseSilenceName } from '@bandstand/engine/packager/silence.ts'
import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { ffprobe } from './players.ts'
import { start } from './process.ts'
import { findProgram } from './programs.ts'
import { waitFor } from './wait.ts'

export interface Replay {
  /** Seconds: sum of the segments of the longest rendition. */
  readonly seconds: number
  /** Seconds that the MP4 is to have: see `lengthTogether`. */
  readonly together: number
  readonly discontinuities: number
  /** Segment names by rendition. */
  readonly segments: ReadonlyMap<string, readonly string[]>
  /** Segments in order, from one discontinuity to the next. */
  readonly stretches: readonly Stretch[]
}

/** What one rendition lists from one discontinuity to the next. */
interface Stretch {
  readonly rendition: string
  readonly init: string
  readonly segments: readonly string[]
  /** Unix seconds of its first and behind its last media. */
  readonly start: number
  readonly end: number
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
  const byRendition: Stretch[][] = []
  let seconds = 0
  let discontinuities = 0
  for (const name of names) {
    const playlist = await waitFor(
      `the end of ${assetId}/${name}`,
      async () => {
        const text = await fetch(`${http}/vod/${assetId}/${name}/index.m3u8`).then((r) => r.text())
        const parsed = parsePlaylist(text)
        return parsed.kind === 'media' && parsed.playlist.endList && parsed.playlist
      },
      20_000,
      100,
    )
    const durations = playlist.segments.map(({ duration }) => duration)
    seconds = Math.max(
      seconds,
      durations.reduce((a, b) => a + b, 0),
    )
    discontinuities = Math.max(discontinuities, playlist.segments.filter(({ discontinuity }) => discontinuity).length)
    byRendition.push(stretchesOf(name, playlist))
    segments.set(
      name,
      playlist.segments.filter(({ gap }) => !gap).map(({ uri }) => uri),
    )
  }
  const stretches = byRendition.flat().filter((stretch) => stretch.segments.length > 0)
  return { seconds, together: lengthTogether(byRendition), discontinuities, segments, stretches }
}

function stretchesOf(rendition: string, playlist: MediaPlaylist): Stretch[] {
  const found: { rendition: string; init: string; segments: string[]; start: number; end: number }[] = []
  let init = ''
  let at = 0
  for (const { map, discontinuity, programDateTime, gap, uri, duration } of playlist.segments) {
    init = map?.uri ?? init
    at = programDateTime === undefined ? at : programDateTime / 1000
    if (found.length === 0 || discontinuity) found.push({ rendition, init, segments: [], start: Infinity, end: 0 })
    const stretch = found.at(-1)
    if (stretch !== undefined && !gap) stretch.segments.push(uri)
    // Silence that stands for sound that never came is in no file, and is as long as its frames make it.
    if (stretch !== undefined && !gap && parseSilenceName(uri) === undefined) {
      stretch.start = Math.min(stretch.start, at)
      stretch.end = at + duration
    }
    at += duration
  }
  return found
}

/**
 * Seconds from the first to behind the last media of each stretch, whichever rendition has it, summed. Sound and pictures
 * begin and end some milliseconds apart wherever an encoder begins and ends. A file of both has each stretch as long as
 * both together, so that nothing is cut and they stay in step; the segments of either alone are a little shorter.
 */
function lengthTogether(byRendition: readonly (readonly Stretch[])[]): number {
  let sum = 0
  for (const i of byRendition[0]?.keys() ?? []) {
    const spans = byRendition.flatMap((stretches) => stretches[i] ?? [])
    sum += Math.max(...spans.map(({ end }) => end)) - Math.min(...spans.map(({ start }) => start))
  }
  return sum
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
  // Dates are written in milliseconds.
  const tolerance = 0.005 + 0.001 * (replay.discontinuities + 1)
  assert.ok(
    Math.abs(duration - replay.together) < tolerance,
    `the MP4 has ${duration} s, the playlists ${replay.together} together, ${replay.seconds} the longest of them`,
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
