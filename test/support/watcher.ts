import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'

/** A part as it was listed and read. */
export interface SeenPart {
  readonly uri: string
  /** From its name. */
  readonly number: number
  readonly msn: number
  readonly index: number
  /** Seconds. */
  readonly duration: number
  readonly independent: boolean
  /** SHA-256 of its bytes; `undefined` while it could not be read. */
  hash?: string
}

export interface SeenSegment {
  readonly msn: number
  readonly uri: string
  /** Seconds. */
  readonly duration: number
  readonly gap: boolean
  /** EXT-X-DISCONTINUITY tags before it, since the broadcast began. */
  readonly discontinuities: number
  readonly date: number | undefined
  hash?: string
}

/** Everything that was seen of one rendition of one broadcast. */
export interface SeenRendition {
  readonly assetId: string
  readonly name: string
  /** Address of its folder. */
  readonly base: string
  readonly parts: Map<number, SeenPart>
  readonly segments: Map<number, SeenSegment>
  /** SHA-256 of the initialisation segments, by URI. */
  readonly inits: Map<string, string>
  playlists: number
  ended: boolean
}

export interface Watcher {
  /** By `asset/name`. */
  readonly renditions: ReadonlyMap<string, SeenRendition>
  /** Broken promises: a URI whose bytes changed, a number that fell, a listed file that is not there. */
  readonly problems: readonly string[]
  /** Texts of the multivariant playlist, each once, oldest first. */
  readonly multivariants: readonly string[]
  /** Reads everything again that is still to be had, and compares. */
  again(): Promise<void>
  stop(): Promise<void>
}

/**
 * A client that watches a channel as a low-latency player does, keeps what it sees and holds the server to its promises.
 * Survives a server that is gone for a while.
 */
export function watchChannel(http: () => string, channel: string): Watcher {
  const stopping = new AbortController()
  const { signal } = stopping
  const renditions = new Map<string, SeenRendition>()
  const problems: string[] = []
  /** What stays wrong is said once. */
  const complain = (what: string) => {
    if (!problems.includes(what)) problems.push(what)
  }
  const multivariants: string[] = []
  const loops = new Set<Promise<void>>()

  /** `undefined`: no answer, because the server is gone. */
  async function get(path: string): Promise<{ status: number; body: Buffer } | undefined> {
    try {
      const response = await fetch(`${http()}${path}`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]),
      })
      return { status: response.status, body: Buffer.from(await response.arrayBuffer()) }
    } catch {
      return undefined
    }
  }

  async function read(seen: SeenRendition, what: SeenPart | SeenSegment): Promise<void> {
    const answer = await get(`${seen.base}/${what.uri}`)
    if (answer === undefined) return
    const where = `${seen.assetId}/${seen.name}/${what.uri}`
    if (answer.status === 200) {
      const hash = createHash('sha256').update(answer.body).digest('hex')
      if (what.hash !== undefined && what.hash !== hash) complain(`${where} changed its bytes`)
      what.hash = hash
    } else if (what.hash === undefined) complain(`${where}: ${answer.status} although listed`)
  }

  async function take(seen: SeenRendition, playlist: MediaPlaylist): Promise<void> {
    const where = `${seen.assetId}/${seen.name}`
    const fresh: (SeenPart | SeenSegment)[] = []
    let discontinuities = playlist.discontinuitySequence
    let msn = playlist.mediaSequence
    const partsOf = (parts: MediaPlaylist['trailingParts'], at: number) => {
      parts.forEach((part, index) => {
        const number = Number(/^p(\d+)/.exec(part.uri)?.[1])
        // Silence before sound that joined late is named by its time, and followed as a segment.
        if (part.gap || !Number.isInteger(number)) return
        const known = seen.parts.get(number)
        if (known !== undefined) {
          const same = known.uri === part.uri && known.msn === at && known.index === index
          if (!same) complain(`${where}: part ${part.uri} moved from ${known.msn}.${known.index} to ${at}.${index}`)
          return
        }
        const highest = Math.max(-1, ...seen.parts.keys())
        if (number <= highest) complain(`${where}: part ${part.uri} came after ${highest}`)
        const { uri, duration, independent } = part
        const made: SeenPart = { uri, number, msn: at, index, duration, independent }
        seen.parts.set(number, made)
        fresh.push(made)
      })
    }
    for (const segment of playlist.segments) {
      if (segment.discontinuity) discontinuities++
      const { uri, duration, gap, programDateTime: date } = segment
      const known = seen.segments.get(msn)
      if (known === undefined) {
        const made: SeenSegment = { msn, uri, duration, gap, discontinuities, date }
        seen.segments.set(msn, made)
        if (!gap) fresh.push(made)
      } else {
        if (known.uri !== uri) complain(`${where}: segment ${msn} was ${known.uri}, is ${uri}`)
        if (known.discontinuities !== discontinuities)
          complain(`${where}: segment ${msn} had discontinuity ${known.discontinuities}, has ${discontinuities}`)
        if (date !== undefined && known.date !== undefined && Math.abs(date - known.date) > 1)
          complain(`${where}: segment ${msn} was dated ${known.date}, is ${date}`)
      }
      partsOf(segment.parts, msn)
      if (segment.map && !seen.inits.has(segment.map.uri)) await init(seen, segment.map.uri)
      msn++
    }
    if (playlist.trailingHead?.map && !seen.inits.has(playlist.trailingHead.map.uri))
      await init(seen, playlist.trailingHead.map.uri)
    partsOf(playlist.trailingParts, msn)
    await Promise.all(fresh.map((one) => read(seen, one)))
  }

  async function init(seen: SeenRendition, uri: string): Promise<void> {
    const answer = await get(`${seen.base}/${uri}`)
    if (answer === undefined) return
    const known = seen.inits.get(uri)
    if (answer.status !== 200) {
      if (known === undefined) complain(`${seen.assetId}/${seen.name}/${uri}: ${answer.status} although listed`)
      return
    }
    const hash = createHash('sha256').update(answer.body).digest('hex')
    if (known !== undefined && known !== hash) complain(`${seen.assetId}/${seen.name}/${uri} changed its bytes`)
    seen.inits.set(uri, hash)
  }

  async function follow(seen: SeenRendition): Promise<void> {
    const where = `${seen.assetId}/${seen.name}`
    let query = ''
    let before: MediaPlaylist | undefined
    while (!signal.aborted && !seen.ended) {
      const answer = await get(`${seen.base}/index.m3u8${query}`)
      if (answer?.status !== 200) {
        // No answer: the server is gone. 503: held for as long as is promised, and nothing came. Nothing else is an answer to
        // who follows what was listed and has not ended.
        if (answer !== undefined && answer.status !== 503) complain(`${where}: ${answer.status} for index.m3u8${query}`)
        query = ''
        await sleep(100, undefined, { signal }).catch(() => undefined)
        continue
      }
      const parsed = parsePlaylist(answer.body.toString())
      if (parsed.kind !== 'media') {
        complain(`${where}: not a media playlist`)
        return
      }
      for (const issue of parsed.issues) complain(`${where}: ${issue.rule}: ${issue.message}`)
      const { playlist } = parsed
      seen.playlists++
      if (before !== undefined) {
        if (playlist.mediaSequence < before.mediaSequence) complain(`${where}: the media sequence number fell`)
        if (playlist.discontinuitySequence < before.discontinuitySequence)
          complain(`${where}: the discontinuity sequence number fell`)
        if (playlist.targetDuration !== before.targetDuration || playlist.partTarget !== before.partTarget)
          complain(`${where}: target durations changed`)
      }
      before = playlist
      await take(seen, playlist)
      seen.ended = playlist.endList
      const msn = playlist.mediaSequence + playlist.segments.length
      query = `?_HLS_msn=${msn}&_HLS_part=${playlist.trailingParts.length}`
    }
  }

  async function discover(): Promise<void> {
    while (!signal.aborted) {
      const answer = await get(`/live/${channel}/index.m3u8`)
      const text = answer?.status === 200 ? answer.body.toString() : ''
      if (text !== '' && multivariants.at(-1) !== text) multivariants.push(text)
      for (const [, uri, assetId, name] of text.matchAll(/((as_[0-9a-z-]+)\/([av]\d+))\/index\.m3u8/g)) {
        const key = `${assetId}/${name}`
        if (renditions.has(key) || assetId === undefined || name === undefined) continue
        const base = `/live/${channel}/${uri}`
        const none = { parts: new Map(), segments: new Map(), inits: new Map() }
        const seen: SeenRendition = { assetId, name, base, ...none, playlists: 0, ended: false }
        renditions.set(key, seen)
        loops.add(follow(seen))
      }
      await sleep(200, undefined, { signal }).catch(() => undefined)
    }
  }

  const discovering = discover()
  return {
    renditions,
    problems,
    multivariants,
    async again() {
      for (const seen of renditions.values()) {
        for (const what of [...seen.parts.values(), ...seen.segments.values()])
          if (what.hash !== undefined) await read(seen, what)
        for (const uri of [...seen.inits.keys()]) await init(seen, uri)
      }
    },
    async stop() {
      stopping.abort()
      await Promise.all([discovering, ...loops])
    },
  }
}
