import { createHmac } from 'node:crypto'
import type { IceServer } from '@bandstand/engine/http/ice-servers.ts'
import type { Settings } from './settings/schema.ts'

/** Seconds for which a password made of the shared secret is good: longer than anybody watches. */
const LIFETIME = 86_400

/**
 * The servers as a viewer is told of them. With `turnSecret` each time with a new user name, which is the second its password runs out
 * (draft-uberti-behave-turn-rest-00 §2.2; coturn's `use-auth-secret`).
 *
 * @param now Unix milliseconds.
 */
export function iceServersFor(
  { iceServers, turnUsername, turnPassword, turnSecret }: Settings,
  now: number,
): readonly IceServer[] {
  const username = turnSecret === undefined ? turnUsername : String(Math.floor(now / 1000) + LIFETIME)
  const credential =
    turnSecret === undefined || username === undefined
      ? turnPassword
      : createHmac('sha1', turnSecret).update(username).digest('base64')
  return iceServers.map((url) => {
    if (!url.startsWith('turn')) return { url }
    return { url, ...(username !== undefined && { username }), ...(credential !== undefined && { credential }) }
  })
}
