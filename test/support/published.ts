import assert from 'node:assert/strict'
import type { Asset } from '@bandstand/contract/api/asset.ts'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import { checkStream } from '@bandstand/engine/check/check.ts'
import { printReport } from '@bandstand/engine/check/report.ts'
import type { MultivariantPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import type { Bandstand } from './bandstand.ts'
import { start } from './process.ts'
import { findProgram } from './programs.ts'
import { waitFor } from './wait.ts'

/**
 * Waits until a channel is live, and gives its multivariant playlist.
 *
 * @param isWhole a server that had no processor for a second begins with the tracks that were there; the others join
 */
export async function waitLive(
  server: Bandstand,
  channel: string,
  limit = 30_000,
  isWhole: (playlist: MultivariantPlaylist) => boolean = () => true,
): Promise<MultivariantPlaylist> {
  return waitFor(
    `${channel} to be live`,
    async () => {
      const answer = await fetch(`${server.http}/live/${channel}/index.m3u8`)
      const parsed = answer.ok ? parsePlaylist(await answer.text()) : undefined
      return parsed?.kind === 'multivariant' && isWhole(parsed.playlist) && parsed.playlist
    },
    limit,
  )
}

export async function getChannel(server: Bandstand, channel: string): Promise<Channel> {
  return (await (await fetch(`${server.http}/api/v1/channels/${channel}`)).json()) as Channel
}

/** Waits until a broadcast is over, and gives its asset. */
export function waitEnded(server: Bandstand, assetId: string, limit = 60_000): Promise<Asset> {
  return waitFor(
    `${assetId} to end`,
    async () => {
      const found = (await (await fetch(`${server.http}/api/v1/assets/${assetId}`)).json()) as Asset
      return !found.live && found
    },
    limit,
    200,
  )
}

export interface Decoded {
  readonly pictures: number
  /** What ffmpeg complained about. */
  readonly complaints: string
}

/** Decodes some seconds of a URL or file with ffmpeg and counts the pictures. */
export async function decode(url: string, seconds: number): Promise<Decoded> {
  const args = ['-hide_banner', '-nostdin', '-v', 'error', '-progress', 'pipe:1', '-nostats', '-i', url]
  // Each picture as it is, with its own time: none is doubled or left out to make a constant rate.
  const times = ['-vsync', 'passthrough', '-enc_time_base', '1:90000', '-t', String(seconds), '-f', 'null', '-']
  const running = start(findProgram('ffmpeg'), [...args, ...times], { limit: 60_000 })
  running.stdin.end()
  await running.exited
  const counts = [...running.stdout().matchAll(/^frame=(\d+)/gm)]
  return { pictures: Number(counts.at(-1)?.[1] ?? 0), complaints: running.stderr() }
}

/** Files that a finished replay's media playlist lists, in order: each initialisation segment before what it serves. */
async function listedFiles(folder: string): Promise<readonly Buffer[]> {
  const parsed = parsePlaylist(await (await fetch(`${folder}/index.m3u8`)).text())
  if (parsed.kind !== 'media' || !parsed.playlist.endList) throw new Error(`${folder} is not a finished replay`)
  const uris = parsed.playlist.segments.flatMap(({ map, uri, gap }) => [
    ...(map ? [map.uri] : []),
    ...(gap ? [] : [uri]),
  ])
  return Promise.all(uris.map(async (uri) => Buffer.from(await (await fetch(`${folder}/${uri}`)).arrayBuffer())))
}

/** Pictures or frames in the segments that a finished replay's media playlist lists, as ffprobe counts their packets. */
export async function countListed(folder: string): Promise<number> {
  const args = ['-v', 'error', '-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0', 'pipe:0']
  const running = start(findProgram('ffprobe'), args, { limit: 30_000 })
  running.stdin.end(Buffer.concat(await listedFiles(folder)))
  await running.exited
  return Number(/^\d+/m.exec(running.stdout())?.[0] ?? 0)
}

/**
 * `bandstand check` finds no error.
 * @param except rules that cannot hold here
 */
export async function assertConforms(url: string, seconds: number, except: readonly string[] = []): Promise<void> {
  const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))
  const options = { url, fetch, sleep, now: () => performance.now(), durationMs: seconds * 1000 }
  const report = await checkStream(options)
  const errors = report.findings.filter(({ level, rule }) => level === 'error' && !except.includes(rule))
  assert.deepEqual(errors, [], printReport(report))
  assert.ok(
    report.renditions.length > 0 && report.renditions.every(({ playlists }) => playlists > 0),
    printReport(report),
  )
}

/** `actual` is within `tolerance` of `expected`. */
export function assertNear(actual: number | null | undefined, expected: number, tolerance: number, what: string): void {
  assert.ok(actual !== null && actual !== undefined, `${what} is missing`)
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what} is ${actual}, not within ${tolerance} of ${expected}`)
}
