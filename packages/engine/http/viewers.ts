import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { limits } from './limits.ts'
import { type HttpRequest, headerOf, remoteAddress } from './message.ts'

/** Distinct players per channel. */
export interface ViewerCounter {
  /** @param key any text that names the player; only a hash of it is kept. */
  seen(channel: string, key: string): void
  /** Players seen in the last 15 s. */
  count(channel: string): number
}

/** A player counts this long after its last request, in milliseconds. */
const window = 15_000
/** Within this time a player's further requests change nothing. */
const grain = 1_000

/** @param now milliseconds of any steady clock. */
export function createViewerCounter(options: { now(): number; readonly limit?: number }): ViewerCounter {
  const limit = options.limit ?? limits.viewers
  // Insertion order is the order of last sight (to the grain), so the stale ones are at the front.
  const channels = new Map<string, Map<number, number>>()
  let total = 0

  const prune = (channel: string, players: Map<number, number>, now: number) => {
    for (const [key, at] of players) {
      if (now - at <= window) break
      players.delete(key)
      total--
    }
    if (players.size === 0) channels.delete(channel)
  }

  return {
    seen(channel, key) {
      const now = options.now()
      let players = channels.get(channel)
      const id = hash(key)
      const last = players?.get(id)
      if (last !== undefined && now - last < grain) return
      if (players === undefined) channels.set(channel, (players = new Map()))
      if (last !== undefined) {
        players.delete(id)
      } else {
        if (total >= limit) for (const [name, others] of channels) prune(name, others, now)
        // Full of fresh ones: the count stays at the limit rather than growing.
        if (total >= limit) return
        total++
        if (!channels.has(channel)) channels.set(channel, players)
      }
      players.set(id, now)
    },
    count(channel) {
      const players = channels.get(channel)
      if (players === undefined) return 0
      prune(channel, players, options.now())
      return players.size
    },
  }
}

/** True for addresses of proxies whose `X-Forwarded-For` is believed. */
export type TrustProxy = (address: string) => boolean

/** @param list addresses or networks, such as `127.0.0.1` or `10.0.0.0/8`; throws on what is neither. */
export function createTrustProxy(list: readonly string[]): TrustProxy {
  if (list.length === 0) return () => false
  const networks = list.map((entry) => {
    if (entry.includes('/')) return ipaddr.parseCIDR(entry)
    const address = ipaddr.process(entry)
    return [address, address.kind() === 'ipv4' ? 32 : 128] as [ipaddr.IPv4 | ipaddr.IPv6, number]
  })
  return (text) => {
    if (isIP(text) === 0) return false
    const address = ipaddr.process(text)
    return networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
  }
}

/** Proxies in a row. */
const HOPS = 20

/**
 * The client's address: the peer's own, or where that is a trusted proxy, the last address in `X-Forwarded-For` that is
 * not one.
 */
export function clientAddress(req: HttpRequest, trusted: TrustProxy): string {
  let address = remoteAddress(req)
  if (!trusted(address)) return address
  const forwarded = headerOf(req, 'x-forwarded-for')
  if (forwarded === undefined) return address
  // From the end: proxies append, and what stands before may be anybody's.
  const hops = forwarded.split(',').slice(-HOPS)
  for (let hop = hops.pop(); hop !== undefined; hop = hops.pop()) {
    const candidate = hop.trim()
    if (isIP(candidate) === 0) break
    address = candidate
    if (!trusted(address)) break
  }
  return address
}

/**
 * Host and port that the client named: where a trusted proxy says it, the last entry of `X-Forwarded-Host`. The same as
 * Fastify's `request.host`, by which API and pages go.
 */
export function clientHost(req: HttpRequest, trusted: TrustProxy): string {
  const forwarded = trusted(remoteAddress(req)) ? headerOf(req, 'x-forwarded-host') : undefined
  if (forwarded) return forwarded.slice(forwarded.lastIndexOf(',') + 1).trim()
  return headerOf(req, 'host') ?? headerOf(req, ':authority') ?? ''
}

/**
 * What tells this player from others: the session id of CMCD (CTA-5004, header or query), the session id that Apple's
 * players send, else address and user agent.
 *
 * @param query of the request's URL, without the question mark.
 */
export function viewerKey(req: HttpRequest, query: string, trusted: TrustProxy): string {
  const sid = cmcdSession(req, query)
  if (sid !== undefined) return sid
  const session = headerOf(req, 'x-playback-session-id')
  if (session !== undefined) return session.slice(0, limits.viewerKey)
  const agent = headerOf(req, 'user-agent') ?? ''
  return `${clientAddress(req, trusted)} ${agent.slice(0, limits.viewerKey)}`
}

/** The session id of CMCD, where the player says one: 128 characters at the most. */
export function cmcdSession(req: HttpRequest, query: string): string | undefined {
  const cmcd = headerOf(req, 'cmcd-session') ?? (query.includes('CMCD=') ? cmcdQuery(query) : undefined)
  return cmcd === undefined ? undefined : /(?:^|,)\s*sid="([^"]{1,128})"/.exec(cmcd)?.[1]
}

function cmcdQuery(query: string): string | undefined {
  const raw = /(?:^|&)CMCD=([^&]{1,1500})/.exec(query)?.[1]
  if (raw === undefined) return undefined
  try {
    return decodeURIComponent(raw)
  } catch {
    return undefined
  }
}

/** 53 bits, not cryptographic: two multiply-xor streams (after cyrb53). Equal counts, not secrets, depend on it. */
function hash(text: string): number {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    a = Math.imul(a ^ c, 2654435761)
    b = Math.imul(b ^ c, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0)
}
