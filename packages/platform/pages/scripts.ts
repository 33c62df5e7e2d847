import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a page needs of the built scripts, as addresses. */
export interface PageScripts {
  /** Asks for the playlists before the entry's imports are there. */
  readonly early?: string | undefined
  readonly entry: string
  /** Everything that the entry imports, to be fetched at the same time. */
  readonly preload: readonly string[]
  /** The player engine, worth fetching early where something is to be played. */
  readonly engine: readonly string[]
}

export type EntryName = 'viewer' | 'embed' | 'chat' | 'studio' | 'live' | 'elements'
export type Scripts = Readonly<Record<EntryName, PageScripts>>

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
}

/** Reads the manifest that the build of the pages writes; `undefined` when they have not been built. */
export async function readScripts(distDir: string): Promise<Scripts | undefined> {
  let text: string
  try {
    text = await readFile(join(distDir, 'manifest.json'), 'utf8')
  } catch {
    return undefined
  }
  return scriptsOf(JSON.parse(text) as Record<string, Chunk>)
}

/** @param manifest as Vite writes it: chunks by the path of their source */
export function scriptsOf(manifest: Readonly<Record<string, Chunk>>): Scripts {
  const address = (key: string) => `/${manifest[key]?.file ?? ''}`
  const engine = ['player/hls-engine.ts', Object.keys(manifest).find((key) => key.endsWith('/hls.js/dist/hls.mjs'))]
    .filter((key) => key !== undefined && manifest[key] !== undefined)
    .flatMap((key) => (key === undefined ? [] : [key, ...importsOf(manifest, key)]))

  function page(name: EntryName): PageScripts {
    const key = `entries/${name}.ts`
    const preload = importsOf(manifest, key).map(address)
    const plays = name === 'viewer' || name === 'embed'
    return {
      early: plays && manifest['entries/early.ts'] ? address('entries/early.ts') : undefined,
      entry: address(key),
      preload,
      engine: [...new Set(engine.map(address))].filter((url) => !preload.includes(url)),
    }
  }
  return {
    viewer: page('viewer'),
    embed: page('embed'),
    chat: page('chat'),
    studio: page('studio'),
    live: page('live'),
    elements: page('elements'),
  }
}

function importsOf(manifest: Readonly<Record<string, Chunk>>, key: string, seen = new Set<string>()): string[] {
  for (const next of manifest[key]?.imports ?? []) {
    if (seen.has(next)) continue
    seen.add(next)
    importsOf(manifest, next, seen)
  }
  return [...seen]
}
