import { createId } from '@bandstand/contract/ids.ts'
import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'

/** Closed list: on these hang the audit trail, webhooks and live updates. */
export const eventTypes = [
  'instance.created',
  'owner.password-changed',
  'owner.signed-in',
  'owner.signed-out',
  'owner.renamed',
  'channel.created',
  'channel.updated',
  'channel.deleted',
  'channel.key-rotated',
  'channel.key-added',
  'channel.key-changed',
  'channel.key-revoked',
  'channel.key-signed',
  'channel.signed-keys-revoked',
  'broadcast.started',
  'broadcast.ended',
  'asset.deleted',
  'chat.said',
  'chat.hidden',
  'chat.banned',
  'chat.unbanned',
] as const

export type EventType = (typeof eventTypes)[number]

export interface Event {
  readonly orgId: string
  readonly type: EventType
  /** Id of what it happened to. */
  readonly subject: string
  /** Unix milliseconds. */
  readonly at: number
  /** Small facts; never a secret. */
  readonly data?: Readonly<Record<string, string | number | boolean | null>>
}

/** Writes events; call it with the transaction that makes the change, so that both or neither happen. */
export async function writeEvents(transaction: Kysely<Tables>, events: readonly Event[]): Promise<void> {
  if (events.length === 0) return
  await transaction
    .insertInto('event')
    .values(
      events.map(({ orgId, type, subject, at, data }) => ({
        id: createId('event'),
        org_id: orgId,
        type,
        subject,
        at,
        data: JSON.stringify(data ?? {}),
      })),
    )
    .execute()
}
