import type { CreateSignedKey, SignedKey } from '@bandstand/contract/api/publishing.ts'
import { SIGNED_NETWORKS_MAX } from '@bandstand/contract/limits.ts'
import type { Secrets } from '../access/secrets.ts'
import { SIGNED_SECONDS_MAX } from './limits.ts'
import { momentText } from './model.ts'
import { parseNetwork, printNetwork } from './networks.ts'
import { signKey } from './signed-key.ts'

/** What is signed for. */
export interface SigningChannel {
  readonly id: string
  readonly signingNumber: number
}

/** What cannot be signed, in words for whoever asked. */
export interface Unsigned {
  readonly problem: string
}

/**
 * Signs what is asked for, as far as it can be.
 *
 * @param now Unix ms
 */
export function signGiven(
  secrets: Pick<Secrets, 'digest'>,
  channel: SigningChannel,
  { expiresAt, sessionEndsAt = null, addresses = [] }: CreateSignedKey,
  now: number,
): SignedKey | Unsigned {
  const expires = secondsOf('expiresAt', expiresAt, now)
  if (typeof expires !== 'number') return expires
  const ends = sessionEndsAt === null ? 0 : secondsOf('sessionEndsAt', sessionEndsAt, now)
  if (typeof ends !== 'number') return ends
  if (addresses.length > SIGNED_NETWORKS_MAX)
    return { problem: `at most ${SIGNED_NETWORKS_MAX} addresses can be named` }
  const networks = []
  for (const text of addresses) {
    const network = parseNetwork(text)
    if (network === undefined)
      return {
        problem: `"${text}" is no IP address or network; it takes the form 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32`,
      }
    networks.push(network)
  }
  const policy = {
    ...{ channelId: channel.id, secretNumber: channel.signingNumber },
    ...{ expiresAt: expires, sessionEndsAt: ends, networks },
  }
  return {
    key: signKey(secrets, policy),
    expiresAt: new Date(expires * 1000).toISOString(),
    sessionEndsAt: ends === 0 ? null : new Date(ends * 1000).toISOString(),
    addresses: networks.map(printNetwork),
  }
}

function secondsOf(name: string, moment: string, now: number): number | Unsigned {
  const at = Date.parse(moment)
  const seconds = Math.floor(at / 1000)
  if (!(seconds * 1000 > now)) return { problem: `${name}: ${momentText(at)} has passed` }
  return seconds <= SIGNED_SECONDS_MAX
    ? seconds
    : { problem: `${name}: ${momentText(SIGNED_SECONDS_MAX * 1000)} at the latest` }
}
