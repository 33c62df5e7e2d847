import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Log } from '@bandstand/engine/ports.ts'

/** Milliseconds between two looks: names of homes whose address changes are kept about as long by others. */
const EVERY = 5 * 60_000
/** While a name has given nothing yet: the network may come up after the server. */
const EVERY_AT_FIRST = 10_000
/** Of one name; more are not offered to viewers. */
const ADDRESSES_MOST = 4
/** The name has no address of the kind that was asked for; whatever else goes wrong may pass. */
const ABSENT: ReadonlySet<string> = new Set(['ENODATA', 'ENOTFOUND'])
const KINDS = ['resolve4', 'resolve6'] as const

type Found = Map<(typeof KINDS)[number], readonly string[]>

/** What DNS is asked; rejects with a `code` as `node:dns` does. */
export type NameResolver = Pick<Resolver, (typeof KINDS)[number] | 'cancel'>

/** The addresses that viewers reach this server by, of which some may be given by name. */
export interface PublicAddresses {
  /** As they are known now, those of a name in its place: none of one that has not been found yet. */
  current(): readonly string[]
  stop(): void
}

/**
 * Looks names up at once and then every few minutes; nobody waits for that. One that cannot be found keeps what it had.
 *
 * @param entries IPv4 and IPv6 addresses, and names.
 * @param resolver by default of its own: no thread of Node's pool waits for a slow one, and it gives up after some seconds.
 */
export function createPublicAddresses(
  entries: readonly string[],
  log: Log,
  resolver: NameResolver = new Resolver({ timeout: 2_000, tries: 2 }),
): PublicAddresses {
  const names = entries.filter((entry) => isIP(entry) === 0)
  /** By name, then by kind. */
  const known = new Map<string, Found>(names.map((name) => [name, new Map()]))
  /** Told of once, until they are found again. */
  const lost = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isStopped = false

  const addressesOf = (name: string) => [...(known.get(name)?.values() ?? [])].flat()

  async function look(): Promise<void> {
    for (const name of names) await lookUp(name)
    if (isStopped) return
    const isEachKnown = names.every((name) => addressesOf(name).length > 0)
    timer = setTimeout(look, isEachKnown ? EVERY : EVERY_AT_FIRST)
  }

  async function lookUp(name: string): Promise<void> {
    const before = addressesOf(name)
    const found: Found = new Map()
    const failures: string[] = []
    for (const kind of KINDS) {
      if (isStopped) return
      try {
        // Servers give them in turn; sorted, the same ones are no news.
        found.set(kind, (await resolver[kind](name)).sort().slice(0, ADDRESSES_MOST))
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException
        failures.push(code)
        if (!ABSENT.has(code)) found.set(kind, known.get(name)?.get(kind) ?? [])
      }
    }
    if (isStopped) return
    if (failures.length === KINDS.length) {
      if (!lost.has(name))
        log.warn({ name, failures, kept: before }, 'webrtc: a public address cannot be found by its name')
      lost.add(name)
      return
    }
    lost.delete(name)
    known.set(name, found)
    const addresses = addressesOf(name)
    if (addresses.join() !== before.join())
      log.info({ name, addresses }, 'webrtc: new viewers are told these addresses')
  }

  if (names.length > 0) void look()
  return {
    current: () => entries.flatMap((entry) => (known.has(entry) ? addressesOf(entry) : [entry])),
    stop() {
      isStopped = true
      clearTimeout(timer)
      resolver.cancel()
    },
  }
}
