import type { Channel, Latency } from '@bandstand/contract/api/channel.ts'
import type { LadderSettings } from '@bandstand/contract/api/ladder.ts'
import type { ChannelTable } from '../database/schema.ts'
import type { LiveFacts } from '../ports.ts'
import { readLadder } from './ladder.ts'

/** A channel as kept in memory; without its key, which is read when it is asked for. */
export interface ChannelRecord {
  readonly id: string
  readonly orgId: string
  readonly slug: string
  readonly title: string
  readonly description: string
  readonly offlineText: string
  /** File name. */
  readonly offlineImage: string | null
  readonly latency: Latency
  readonly chat: { readonly enabled: boolean; readonly slowMode: number }
  readonly ladder: LadderSettings
  readonly keyDigest: string
  /** When its own key last let an encoder in, Unix ms. */
  readonly keyUsedAt: number | null
  /** Which of its secrets signs keys. */
  readonly signingNumber: number
}

export function toRecord(row: ChannelTable): ChannelRecord {
  return {
    id: row.id,
    orgId: row.org_id,
    slug: row.slug,
    title: row.title,
    description: row.description,
    offlineText: row.offline_text,
    offlineImage: row.offline_image,
    latency: row.latency,
    chat: { enabled: row.chat_enabled !== 0, slowMode: row.chat_slow_mode },
    ladder: readLadder(row.ladder),
    keyDigest: row.key_digest,
    keyUsedAt: row.key_used_at,
    signingNumber: row.signing_number,
  }
}

/** What everybody may know of a channel. */
export function toPublic(channel: ChannelRecord, live: LiveFacts | undefined): Channel {
  return {
    slug: channel.slug,
    title: channel.title,
    description: channel.description,
    live: live !== undefined,
    viewers: live?.viewers ?? 0,
    startedAt: live ? new Date(live.startedAt).toISOString() : null,
    assetId: live?.assetId ?? null,
    generation: live?.generation ?? 0,
    offlineImage: channel.offlineImage && imageAddress(channel),
    offlineText: channel.offlineText,
    latency: channel.latency,
    chat: { ...channel.chat },
  }
}

/** Address of the offline image, relative to the server; another one for another image, so that caches keep it. */
export function imageAddress({ slug, offlineImage }: Pick<ChannelRecord, 'slug' | 'offlineImage'>): string {
  return `/api/v1/channels/${slug}/offline-image/${offlineImage}`
}
