import type { Latency } from '@bandstand/contract/api/channel.ts'

/**
 * Tables as the newest migration leaves them. Columns are portable: text ids, integer milliseconds, 0/1, JSON as text, so that
 * the same queries run on other databases.
 */
export interface Tables {
  organisation: OrganisationTable
  owner_password: OwnerPasswordTable
  owner_session: OwnerSessionTable
  channel: ChannelTable
  channel_alias: ChannelAliasTable
  publish_key: PublishKeyTable
  asset: AssetTable
  chat_message: ChatMessageTable
  chat_ban: ChatBanTable
  event: EventTable
}

export interface OrganisationTable {
  id: string
  /** The name under which the owner chats; others cannot take it. */
  owner_name: string
  /** HMAC of a constant under the instance's secret: tells whether `data/secret` belongs to this database. */
  secret_check: string
  created_at: number
}

export interface OwnerPasswordTable {
  org_id: string
  /** scrypt, in the form of `access/password.ts`. */
  hash: string
  /** HMAC of the password setting that was last applied; null where it was made at first start. */
  setting: string | null
  updated_at: number
}

export interface OwnerSessionTable {
  id: string
  org_id: string
  token_hash: string
  created_at: number
  expires_at: number
}

export interface ChannelTable {
  id: string
  org_id: string
  slug: string
  title: string
  description: string
  offline_text: string
  /** File name in `data/images`, or null. */
  offline_image: string | null
  chat_enabled: number
  chat_slow_mode: number
  latency: Latency
  /** Stream key, AES-256-GCM. */
  key_cipher: string
  /** Stream key, HMAC-SHA256: what lookups compare. */
  key_digest: string
  /** HMAC of the stream key setting that was last applied. */
  key_setting: string | null
  /** When an encoder was last let in with it; null where none was yet. */
  key_used_at: number | null
  /** Which secret of the channel signs keys; those of other numbers do not count. */
  signing_number: number
  /** JSON of the owner's choice; null for the default. */
  ladder: string | null
  created_at: number
  updated_at: number
}

/** Earlier slugs, so that shared links find the channel. */
export interface ChannelAliasTable {
  slug: string
  org_id: string
  channel_id: string
  created_at: number
}

/** Further stream keys of a channel. */
export interface PublishKeyTable {
  id: string
  org_id: string
  channel_id: string
  note: string
  /** AES-256-GCM, bound to the id. */
  key_cipher: string
  /** HMAC-SHA256: what lookups compare. */
  key_digest: string
  created_at: number
  expires_at: number | null
  /** When an encoder was last let in with it. */
  used_at: number | null
}

export interface AssetTable {
  id: string
  org_id: string
  channel_id: string
  title: string
  started_at: number
  ended_at: number | null
  /** Milliseconds of media. */
  duration: number | null
  bytes: number | null
}

export interface ChatMessageTable {
  id: string
  org_id: string
  channel_id: string
  author_id: string
  author_name: string
  author_owner: number
  /** Keyed digest of the network address; null once it is older than a week. */
  address_hash: string | null
  text: string
  at: number
  hidden_at: number | null
}

export interface ChatBanTable {
  id: string
  org_id: string
  channel_id: string
  chatter_id: string
  address_hash: string | null
  name: string
  created_at: number
}

/** What happened, written in the transaction of the change. */
export interface EventTable {
  id: string
  org_id: string
  type: string
  subject: string
  at: number
  data: string
}
