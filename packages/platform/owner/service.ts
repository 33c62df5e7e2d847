import { randomBytes } from 'node:crypto'
import { createId } from '@bandstand/contract/ids.ts'
import { LRUCache } from 'lru-cache'
import { addressGroup } from '../access/address.ts'
import { type MadePassword, makePassword, verifyPassword } from '../access/password.ts'
import type { Principal } from '../access/principal.ts'
import { createRateLimit } from '../access/rate-limit.ts'
import type { Secrets } from '../access/secrets.ts'
import { PlatformError } from '../error.ts'
import { Refusal, tooFast } from '../http/problem.ts'
import type { Log } from '../ports.ts'
import { createDevice, readDevice } from './device.ts'
import {
  ADDRESSES_MAX,
  ATTEMPTS_IN_TOTAL,
  ATTEMPTS_PER_ADDRESS,
  CHECKS_WAITING_MAX,
  DEVICES_MAX,
  KNOWN_ADDRESSES_MAX,
  SESSION_LENGTH,
  SESSIONS_MAX,
} from './limits.ts'
import type { OwnerStore, StoredSession } from './store.ts'

export interface OwnerOptions {
  readonly store: OwnerStore
  readonly secrets: Secrets
  readonly orgId: string
  readonly log: Log
  /** Of refused attempts. */
  readonly strangerLog: Log
  readonly now: () => number
  /** Told when a session has ended before its time. */
  readonly onSignedOut: (sessionId: string) => void
  /** Of new hashes; `PASSWORD_COST` where not given. */
  readonly passwordCost?: number | undefined
}

export interface Owner {
  /** Whether there is a password: it is the last thing that a first start makes. */
  isPrepared(): Promise<boolean>
  /**
   * Applies the password setting, or makes a password where there is none; that one is returned, to be shown once.
   *
   * @param begun of this very setting, where one is in the making already
   */
  prepare(setting: string | undefined, begun?: Promise<MadePassword>): Promise<string | undefined>
  /**
   * @param device what an earlier sign-in gave this browser
   * @returns tokens for the cookies of the session and of the browser
   * @throws Refusal `wrong-password`, `rate-limited`
   */
  signIn(
    password: string,
    address: string,
    device: string | undefined,
  ): Promise<{ token: string; expiresAt: number; device: string }>
  /** Who a token speaks for; anonymous where it is unknown, expired or absent. */
  identify(token: string | undefined): Promise<Principal>
  signOut(token: string | undefined): Promise<void>
}

const ANONYMOUS: Principal = { kind: 'anonymous' }

export function createOwner(options: OwnerOptions): Owner {
  const { store, secrets, orgId, log, strangerLog, now, onSignedOut, passwordCost } = options
  const perAddress = createRateLimit(ATTEMPTS_PER_ADDRESS, ADDRESSES_MAX)
  /** By browser, where it is known; all others are one. */
  const inTotal = createRateLimit(ATTEMPTS_IN_TOTAL, 1 + DEVICES_MAX)
  /** Addresses that have signed in: a flood of guesses from elsewhere does not lock the owner out. */
  const known = new LRUCache<string, true>({ max: KNOWN_ADDRESSES_MAX })
  /** By token hash, so that requests do not ask the database each time. */
  const sessions = new LRUCache<string, StoredSession>({ max: SESSIONS_MAX })
  const checks = createQueue(CHECKS_WAITING_MAX)

  const find = async (token: string | undefined) => {
    if (token === undefined || token.length > 100) return undefined
    const hash = secrets.digest('session', token)
    let session = sessions.get(hash)
    if (session === undefined) {
      session = await store.session(hash)
      if (session) sessions.set(hash, session)
    }
    if (session === undefined || session.expiresAt <= now()) return undefined
    return { hash, session }
  }

  return {
    isPrepared: async () => (await store.password(orgId)) !== undefined,
    async prepare(setting, begun) {
      const stored = await store.password(orgId)
      if (setting !== undefined) {
        if (stored?.setting && secrets.verify('setting', setting, stored.setting)) return undefined
        const { hash } = await (begun ?? makePassword(setting, passwordCost))
        await store.setPassword(orgId, hash, secrets.digest('setting', setting), now())
        if (stored) log.info({}, "the owner's password was changed by the setting; all sessions are signed out")
        return undefined
      }
      if (stored) return undefined
      const { password, hash } = await (begun ?? makePassword(undefined, passwordCost))
      await store.setPassword(orgId, hash, null, now())
      return password
    },

    async signIn(password, address, device) {
      const group = addressGroup(address)
      // Guesses from ever new addresses use up what strangers have, and leave alone the owner whose address has changed.
      const deviceId = readDevice(device, secrets)
      const wait = perAddress.take(group, now()) || (known.has(group) ? 0 : inTotal.take(deviceId ?? '', now()))
      if (wait > 0) {
        strangerLog.warn({ remote: address }, 'sign-in refused: too many attempts')
        throw tooFast('too many attempts to sign in; wait a little', wait)
      }
      const stored = await store.password(orgId)
      const right = await checks(() => verifyPassword(password, stored?.hash ?? ''))
      if (!right) {
        strangerLog.warn({ remote: address }, 'sign-in refused: wrong password')
        throw new Refusal('wrong-password', 'this is not the password')
      }
      perAddress.forget(group)
      known.set(group, true)
      const token = randomBytes(32).toString('base64url')
      const hash = secrets.digest('session', token)
      const expiresAt = now() + SESSION_LENGTH
      const session = await store.addSession(orgId, hash, now(), expiresAt).catch((error: unknown) => {
        if (!(error instanceof PlatformError && error.code === 'disk-full')) throw error
        log.warn({}, 'the disk is full: this sign-in is kept in memory and ends with the server')
        // Who is to make room must get in.
        return { id: createId('session'), orgId, expiresAt }
      })
      sessions.set(hash, session)
      log.info({ remote: address }, 'the owner signed in')
      const kept = device !== undefined && deviceId !== undefined ? device : createDevice(secrets)
      return { token, expiresAt: session.expiresAt, device: kept }
    },

    async identify(token) {
      const found = await find(token)
      if (found === undefined) return ANONYMOUS
      const { id: sessionId, orgId, expiresAt } = found.session
      return { kind: 'owner', orgId, sessionId, expiresAt }
    },

    async signOut(token) {
      const found = await find(token)
      if (found === undefined) return
      sessions.delete(found.hash)
      await store.removeSession(found.session, now())
      onSignedOut(found.session.id)
    },
  }
}

/** Runs one thing after another; refuses when `most` wait. */
function createQueue(most: number): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (task) => {
    if (waiting >= most) throw tooFast('too many attempts to sign in; wait a little', 1000)
    waiting++
    const run = last.then(task)
    last = run.catch(() => {})
    try {
      return await run
    } finally {
      waiting--
    }
  }
}
