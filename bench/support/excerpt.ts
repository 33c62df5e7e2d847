import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MediaSegment } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { temporaryFolder } from '../../test/support/temporary.ts'

async function get(url: URL): Promise<Response> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status}`)
  return answer
}

/** Whole segments from one end that last as long as asked. */
function pick(segments: readonly MediaSegment[], end: 'first' | 'last', seconds: number): Set<MediaSegment> {
  const picked = new Set<MediaSegment>()
  let length = 0
  for (const segment of end === 'first' ? segments : segments.toReversed()) {
    if (segment.gap || length >= seconds) continue
    picked.add(segment)
    length += segment.duration
  }
  return picked
}

/** Of one media playlist, with the initialisation that it needs. */
async function fetchWhole(url: URL, end: 'first' | 'last', seconds: number): Promise<Buffer> {
  const parsed = parsePlaylist(await (await get(url)).text())
  if (parsed.kind !== 'media') throw new Error(`${url.pathname} is no media playlist`)
  const { segments } = parsed.playlist
  const picked = pick(segments, end, seconds)
  const files: string[] = []
  let map: string | undefined
  let written: string | undefined
  for (const segment of segments) {
    map = segment.map?.uri ?? map
    if (!picked.has(segment)) continue
    if (map !== undefined && map !== written) files.push(map)
    written = map
    files.push(segment.uri)
  }
  const bytes: Buffer[] = []
  for (const file of files) bytes.push(Buffer.from(await (await get(new URL(file, url))).arrayBuffer()))
  return Buffer.concat(bytes)
}

export interface Excerpt {
  /** Paths of fragmented MP4 with the stream's own times. */
  readonly pictures: string
  readonly sound: string
  remove(): void
}

/**
 * The first or the last seconds that a multivariant playlist's renditions list in whole segments: of its first variant, and of the sound that
 * belongs to it. What a player has of them, without a wait.
 */
export async function fetchExcerpt(url: string, end: 'first' | 'last', seconds: number): Promise<Excerpt> {
  const parsed = parsePlaylist(await (await get(new URL(url))).text())
  const all = parsed.kind === 'multivariant' ? parsed.playlist : undefined
  const [variant] = all?.variants ?? []
  const sound = all?.renditions.find(({ type, groupId }) => type === 'AUDIO' && groupId === variant?.audio)
  if (variant === undefined || sound?.uri === undefined) throw new Error(`${url}: no pictures with sound`)
  const folder = temporaryFolder('excerpt')
  const paths = { pictures: join(folder, 'pictures.mp4'), sound: join(folder, 'sound.mp4') }
  writeFileSync(paths.pictures, await fetchWhole(new URL(variant.uri, url), end, seconds))
  writeFileSync(paths.sound, await fetchWhole(new URL(sound.uri, url), end, seconds))
  return { ...paths, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
