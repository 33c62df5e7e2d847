import type { MultivariantPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { createClient, type Fetch } from './client.ts'
import { type Limits, limits as usual } from './limits.ts'
import type { Observation, RenditionWatch } from './observation.ts'
import { probe } from './probe.ts'
import { readPlaylist } from './read-playlist.ts'
import { resolveUri } from './resolve.ts'
import { applyRules, type Finding, type Rule } from './rule.ts'
import { allRules } from './rules/all.ts'
import { readSnapshot, type WatchContext, watchRendition } from './watch.ts'

export interface CheckOptions {
  /** Multivariant or media playlist. */
  readonly url: string
  readonly fetch: Fetch
  /** Milliseconds of a steady clock. */
  now(): number
  sleep(ms: number): Promise<void>
  /** How long to watch. */
  readonly durationMs: number
  readonly rules?: readonly Rule[]
  /** In place of the usual ones. */
  readonly limits?: Partial<Limits>
}

export interface CheckReport {
  readonly url: string
  readonly findings: readonly Finding[]
  readonly errors: number
  readonly warnings: number
  readonly rules: number
  readonly renditions: readonly {
    readonly url: string
    readonly playlists: number
    readonly objects: number
    readonly lowLatency: boolean
  }[]
  /** Why not everything was looked at. */
  readonly truncated?: readonly string[]
  /** Why the address gave no answer at all, in words. */
  readonly unanswered?: string
}

/** Watches an HLS or low-latency HLS address for a while and reports which rules it breaks. */
export async function checkStream(options: CheckOptions): Promise<CheckReport> {
  const { url, rules = allRules } = options
  const observation = await observe(options)
  const findings = applyRules(rules, observation)
  return {
    url,
    findings,
    errors: findings.filter((f) => f.level === 'error').length,
    warnings: findings.filter((f) => f.level === 'warning').length,
    rules: rules.length,
    renditions: observation.renditions.map((w) => ({
      url: w.url,
      playlists: w.snapshots.length,
      objects: w.objects.size,
      lowLatency: w.snapshots.some((s) => s.playlist.partTarget !== undefined),
    })),
    ...(observation.truncated.size > 0 && { truncated: [...observation.truncated] }),
    ...(observation.top.status === 0 && { unanswered: observation.top.failure ?? 'no answer' }),
  }
}

async function observe(options: CheckOptions): Promise<Observation> {
  const { url, now, sleep } = options
  const limits = { ...usual, ...options.limits }
  const ask = createClient(options.fetch, now)
  const top = await ask(url)
  const { parsed, unreadable } = readPlaylist(top)
  const multivariant =
    parsed?.kind === 'multivariant' ? { playlist: parsed.playlist, issues: parsed.issues } : undefined
  const renditions: RenditionWatch[] = []
  const observation: Observation = {
    url,
    top,
    renditions,
    probes: {},
    truncated: new Set(),
    ...(multivariant !== undefined && { multivariant }),
    ...(unreadable !== undefined && { unreadable }),
  }
  if (parsed === undefined) return observation
  const ctx: WatchContext = {
    ask,
    now,
    sleep,
    until: now() + options.durationMs,
    observation,
    limits,
    budget: limits.media,
  }
  const add = (address: string, role: RenditionWatch['role']) =>
    renditions.push({ url: address, role, snapshots: [], deltas: [], objects: new Map(), again: [] })
  if (multivariant === undefined) add(top.url, 'only')
  else for (const [address, role] of addresses(multivariant.playlist, top.url)) add(address, role)
  if (renditions.length > limits.renditions) {
    observation.truncated.add(`only ${limits.renditions} of ${renditions.length} renditions were watched`)
    renditions.length = limits.renditions
  }
  await Promise.all(renditions.map((watch) => watchRendition(ctx, watch)))
  // A playlist that has ended must stay as it is.
  for (const watch of renditions) {
    if (watch.snapshots.at(-1)?.playlist.endList !== true) continue
    watch.snapshots.push(await readSnapshot(ctx, watch.url, {}))
  }
  await probe(ask, observation)
  return observation
}

/** Media playlists of a multivariant one, each once, variants first. */
function addresses(p: MultivariantPlaylist, base: string): Map<string, RenditionWatch['role']> {
  const found = new Map<string, RenditionWatch['role']>()
  for (const v of p.variants) found.set(resolveUri(v.uri, base).href, 'variant')
  for (const r of p.renditions) {
    if (r.uri === undefined || r.type === 'SUBTITLES') continue
    const address = resolveUri(r.uri, base).href
    if (!found.has(address)) found.set(address, 'rendition')
  }
  return found
}
