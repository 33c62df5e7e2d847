import type { CreateKey, UpdateKey } from '@bandstand/contract/api/publishing.ts'
import { createId } from '@bandstand/contract/ids.ts'
import { KEYS_MAX } from '@bandstand/contract/limits.ts'
import { generateStreamKey } from '../access/password.ts'
import type { Secrets } from '../access/secrets.ts'
import { PlatformError } from '../error.ts'
import { Refusal } from '../http/problem.ts'
import type { EnginePort, Log } from '../ports.ts'
import { USE_INTERVAL } from './limits.ts'
import { type KeyRecord, momentText, type PublishChannel, toKeyRecord } from './model.ts'
import type { KeyStore } from './store.ts'

export interface KeysOptions {
  readonly store: KeyStore
  readonly secrets: Secrets
  readonly engine: Pick<EnginePort, 'onKeysChanged'>
  readonly log: Log
  readonly now: () => number
}

/** The further stream keys of all channels, kept in memory: each encoder's key is looked up, and looked at again as time passes. */
export interface Keys {
  load(): Promise<void>
  /** Oldest first. */
  of(channelId: string): readonly KeyRecord[]
  byId(id: string): KeyRecord | undefined
  byKey(key: string): KeyRecord | undefined
  /** @throws Refusal `not-found` where the channel has no such key */
  require(channelId: string, id: string): KeyRecord
  create(channel: PublishChannel, given: CreateKey): Promise<{ readonly record: KeyRecord; readonly key: string }>
  update(record: KeyRecord, given: UpdateKey): Promise<KeyRecord>
  /** The key itself. */
  show(record: KeyRecord): Promise<string>
  /** Whoever is live with it is stopped at once. */
  revoke(record: KeyRecord): Promise<void>
  /** It let an encoder in. */
  used(id: string): void
  /** The channel was deleted, and its keys with it. */
  forget(channelId: string): void
}

export function createKeys({ store, secrets, engine, log, now }: KeysOptions): Keys {
  const byId = new Map<string, KeyRecord>()
  const byDigest = new Map<string, string>()

  const remember = (record: KeyRecord) => {
    byId.set(record.id, record)
    byDigest.set(record.digest, record.id)
    return record
  }
  const forget = ({ id, digest }: KeyRecord) => {
    byId.delete(id)
    byDigest.delete(digest)
  }
  // Ids rise with time.
  const of = (channelId: string) =>
    [...byId.values()].filter((record) => record.channelId === channelId).sort((a, b) => (a.id < b.id ? -1 : 1))
  const inFuture = (expiresAt: string | null) => {
    const at = expiresAt === null ? null : Date.parse(expiresAt)
    if (at !== null && at <= now())
      throw new Refusal('bad-request', `/expiresAt: ${momentText(at)} has passed; to end a key now, revoke it`)
    return at
  }

  return {
    async load() {
      for (let after = ''; ; ) {
        const rows = await store.page(after)
        for (const row of rows) remember(toKeyRecord(row))
        const last = rows.at(-1)
        if (last === undefined) return
        after = last.id
      }
    },
    of,
    byId: (id) => byId.get(id),
    // The digest is keyed, so how long the lookup takes says nothing about the keys.
    byKey: (key) => byId.get(byDigest.get(secrets.digest('stream-key', key)) ?? ''),
    require(channelId, id) {
      const found = byId.get(id)
      if (found?.channelId !== channelId) throw gone()
      return found
    },

    async create(channel, { note = '', expiresAt = null }) {
      const id = createId('key')
      const key = generateStreamKey()
      const row = {
        ...{ id, org_id: channel.orgId, channel_id: channel.id, note },
        key_cipher: secrets.seal(key, id),
        key_digest: secrets.digest('stream-key', key),
        ...{ created_at: now(), expires_at: inFuture(expiresAt), used_at: null },
      }
      if (!(await kept(() => store.insert(row, KEYS_MAX))))
        throw new Refusal('limit', `a channel has ${KEYS_MAX} further keys at most: revoke one that is not needed`)
      log.info({ channel: channel.slug, keyId: id, key: `${key.slice(0, 4)}…` }, 'a stream key was added')
      return { record: remember(toKeyRecord(row)), key }
    },

    async update(record, { note, expiresAt }) {
      const change = {
        ...(note !== undefined && { note }),
        ...(expiresAt !== undefined && { expires_at: inFuture(expiresAt) }),
      }
      if (Object.keys(change).length === 0) return record
      const row = await store.update(record.id, change, now())
      if (row === undefined || !byId.has(record.id)) throw gone()
      return remember(toKeyRecord(row))
    },

    async show(record) {
      const cipher = await store.cipher(record.id)
      if (cipher === undefined) throw gone()
      return secrets.unseal(cipher, record.id)
    },

    async revoke(record) {
      const wasThere = await store.remove(record.id, now())
      forget(record)
      if (!wasThere) throw gone()
      engine.onKeysChanged(record.channelId)
      log.info({ keyId: record.id }, 'a stream key was revoked')
    },

    used(id) {
      const record = byId.get(id)
      const at = now()
      if (record === undefined || at - (record.usedAt ?? Number.NEGATIVE_INFINITY) < USE_INTERVAL) return
      byId.set(id, { ...record, usedAt: at })
      // An encoder does not wait for a note, and goes live without it.
      store.setUsed(id, at).catch((error: unknown) => log.warn({ err: error }, 'the use of a key could not be noted'))
    },

    forget(channelId) {
      for (const record of of(channelId)) forget(record)
    },
  }
}

function gone(): Refusal {
  return new Refusal('not-found', 'there is no such key; it may have been revoked')
}

async function kept(write: () => Promise<boolean>): Promise<boolean> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'constraint')
      throw new Refusal('not-found', 'the channel was deleted')
    throw error
  }
}
