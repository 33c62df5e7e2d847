import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { report } from './support/report.ts'

/** What a viewer's browser fetches in scripts, gzipped: before the player engine is asked for, and in all. */
interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
  readonly dynamicImports?: readonly string[]
}

const dist = join(import.meta.dirname, '..', 'packages', 'ui', 'dist')
const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8')) as Readonly<Record<string, Chunk>>

function reach(keys: readonly string[], late: boolean, seen = new Set<string>()): Set<string> {
  for (const key of keys) {
    const chunk = manifest[key]
    if (!chunk || seen.has(key)) continue
    seen.add(key)
    reach([...(chunk.imports ?? []), ...(late ? (chunk.dynamicImports ?? []) : [])], late, seen)
  }
  return seen
}

function weigh(keys: Iterable<string>): number {
  let bytes = 0
  for (const key of keys) bytes += gzipSync(readFileSync(join(dist, manifest[key]?.file ?? '')), { level: 9 }).length
  return bytes
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`
const entries = ['entries/early.ts', 'entries/viewer.ts']
const before = weigh(reach(entries, false))
const all = weigh(reach(entries, true))
report({
  what: 'page weight gz, before the player engine',
  measured: kilobytes(before),
  must: '60 kB (aim 45)',
  ok: before <= 60_000,
})
report({ what: 'page weight gz, all scripts', measured: kilobytes(all), must: '270 kB (aim 250)', ok: all <= 270_000 })
