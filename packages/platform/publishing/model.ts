import type { PublishKeyTable } from '../database/schema.ts'

/** What deciding who may publish needs to know of a channel. */
export interface PublishChannel {
  readonly id: string
  readonly orgId: string
  readonly slug: string
  readonly keyDigest: string
  /** Unix ms; null before its own key was used. */
  readonly keyUsedAt: number | null
  /** Which of its secrets signs keys. */
  readonly signingNumber: number
}

/** All channels, from memory. */
export interface PublishChannels {
  byId(id: string): PublishChannel | undefined
  bySlug(slug: string): PublishChannel | undefined
  /** The channel whose own key this is. */
  byKey(key: string): PublishChannel | undefined
  /** It is there, and not being deleted. */
  isOpen(id: string): boolean
  /** Its own key let an encoder in. */
  used(id: string): void
}

/** A further key of a channel, as kept in memory: without the key itself. */
export interface KeyRecord {
  readonly id: string
  readonly channelId: string
  readonly note: string
  readonly digest: string
  /** Moments are Unix ms. */
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly usedAt: number | null
}

export function toKeyRecord(row: PublishKeyTable): KeyRecord {
  return {
    id: row.id,
    channelId: row.channel_id,
    note: row.note,
    digest: row.key_digest,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
  }
}

/** A moment as encoders are told it: `2026-01-02 03:04:05 UTC`. */
export function momentText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
