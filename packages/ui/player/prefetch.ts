/**
 * Playlists fetched while the player engine's code is still on its way. The page asks for the multivariant playlist at
 * once, then for the media playlists it names; the engine's first requests are answered from here, once.
 */
import { mediaSource } from './choice/media-source.ts'
import { withPlayableSound } from './playable-sound.ts'

export interface Fetched {
  readonly text: string
  /** After redirects. */
  readonly url: string
  readonly headers: Headers
}

/** Older than this (milliseconds) a live playlist is worth nothing. */
const freshFor = 4000
const limit = 6

const held = new Map<string, { readonly at: number; readonly answer: Promise<Fetched | undefined> }>()

/**
 * Starts fetching a multivariant playlist and the media playlists that the engine will want first. Nothing where the browser's own HLS
 * plays: it asks by itself, and cannot be answered from here.
 */
export function prefetch(url: string): void {
  if (held.has(url) || !mediaSource()) return
  void get(url).then((main) => {
    if (!main) return
    for (const uri of firstPlaylists(withPlayableSound(main.text))) {
      void get(new URL(uri, main.url).href).then((media) => {
        const init = media && /#EXT-X-MAP:.*URI="([^"]+)"/.exec(media.text)?.[1]
        // Immutable, so the browser's cache holds it for the engine.
        if (init) fetch(new URL(init, media.url)).catch(() => undefined)
      })
    }
  })
}

/** What was fetched for this address, given away once; `undefined` when there is nothing fresh. */
export function takePrefetched(url: string): Promise<Fetched | undefined> | undefined {
  const entry = held.get(url)
  held.delete(url)
  return entry && performance.now() - entry.at < freshFor ? entry.answer : undefined
}

function get(url: string): Promise<Fetched | undefined> {
  const oldest = held.keys().next().value
  if (held.size >= limit && oldest !== undefined) held.delete(oldest)
  const answer = fetch(url)
    .then(async (response) =>
      response.ok ? { text: await response.text(), url: response.url || url, headers: response.headers } : undefined,
    )
    .catch(() => undefined)
  held.set(url, { at: performance.now(), answer })
  return answer
}

/** The first variant and the default (or first) audio rendition: what plays first of a passed-through stream. */
export function firstPlaylists(multivariant: string): string[] {
  const lines = multivariant.split('\n').map((line) => line.trim())
  const found: string[] = []
  const at = lines.findIndex((line) => line.startsWith('#EXT-X-STREAM-INF:'))
  const variant = at < 0 ? undefined : lines.slice(at + 1).find((line) => line !== '' && !line.startsWith('#'))
  if (variant) found.push(variant)
  const audio = lines.filter((line) => line.startsWith('#EXT-X-MEDIA:') && line.includes('TYPE=AUDIO'))
  const chosen = audio.find((line) => line.includes('DEFAULT=YES')) ?? audio.at(0)
  const uri = chosen && /URI="([^"]+)"/.exec(chosen)?.[1]
  if (uri && uri !== variant) found.push(uri)
  return found
}
