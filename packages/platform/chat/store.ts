import type { Ban } from '@bandstand/contract/api/moderation.ts'
import type { ChatMessage } from '@bandstand/contract/chat/model.ts'
import { createId } from '@bandstand/contract/ids.ts'
import { writeEvents } from '../database/events.ts'
import type { Database } from '../database/open.ts'
import type { ChatBanTable, ChatMessageTable } from '../database/schema.ts'
import { BANS_MAX, HIDE_MAX } from './limits.ts'

export interface StoredBan {
  readonly id: string
  readonly chatterId: string
  readonly addressHash: string | null
}

/** Messages and bans in the database. */
export interface ChatStore {
  /** The newest messages that are not hidden, oldest first. */
  readonly history: (channelId: string, count: number) => Promise<ChatMessage[]>
  readonly save: (rows: readonly ChatMessageTable[]) => Promise<void>
  readonly message: (channelId: string, id: string) => Promise<ChatMessageTable | undefined>
  /** @returns ids that were hidden now */
  readonly hide: (orgId: string, channelId: string, id: string, now: number) => Promise<string[]>
  readonly bans: (channelId: string) => Promise<ChatBanTable[]>
  /** @returns the ban and the ids that were hidden with it */
  readonly ban: (row: Omit<ChatBanTable, 'id'>, hide: boolean) => Promise<{ ban: ChatBanTable; hidden: string[] }>
  /** Hides what was written of a banned chatter since. @returns ids that were hidden now */
  readonly hideSince: (ban: ChatBanTable) => Promise<string[]>
  readonly unban: (channelId: string, id: string, now: number) => Promise<boolean>
  /** Forgets from which addresses messages before this moment came. */
  readonly forgetAddresses: (before: number) => Promise<void>
}

export function toBan(row: ChatBanTable): Ban {
  return {
    id: row.id,
    name: row.name,
    chatterId: row.chatter_id,
    address: row.address_hash !== null,
    createdAt: new Date(row.created_at).toISOString(),
  }
}

function toMessage(row: ChatMessageTable): ChatMessage {
  return {
    id: row.id,
    at: new Date(row.at).toISOString(),
    author: { id: row.author_id, name: row.author_name, owner: row.author_owner !== 0 },
    text: row.text,
  }
}

/** Hides the newest messages of a banned chatter; their ids. */
async function hideSaid(tx: Database, { channel_id, chatter_id, created_at }: ChatBanTable): Promise<string[]> {
  const newest = tx
    .selectFrom('chat_message')
    .select('id')
    .where('channel_id', '=', channel_id)
    .where('author_id', '=', chatter_id)
    .where('hidden_at', 'is', null)
    .orderBy('id', 'desc')
    .limit(HIDE_MAX)
  const rows = await tx
    .updateTable('chat_message')
    .set({ hidden_at: created_at })
    .where('id', 'in', newest)
    .returning('id')
    .execute()
  return rows.map((row) => row.id)
}

export function createChatStore(database: Database): ChatStore {
  return {
    async history(channelId, count) {
      const rows = await database
        .selectFrom('chat_message')
        .selectAll()
        .where('channel_id', '=', channelId)
        .where('hidden_at', 'is', null)
        .orderBy('id', 'desc')
        .limit(count)
        .execute()
      return rows.reverse().map(toMessage)
    },
    async save(rows) {
      await database.transaction().execute(async (tx) => {
        await tx
          .insertInto('chat_message')
          .values([...rows])
          .execute()
        await writeEvents(
          tx,
          rows.map((row) => ({
            orgId: row.org_id,
            type: 'chat.said' as const,
            subject: row.id,
            at: row.at,
            data: { channelId: row.channel_id, authorId: row.author_id },
          })),
        )
      })
    },
    message: (channelId, id) =>
      database
        .selectFrom('chat_message')
        .selectAll()
        .where('id', '=', id)
        .where('channel_id', '=', channelId)
        .executeTakeFirst(),
    hide(orgId, channelId, id, now) {
      return database.transaction().execute(async (tx) => {
        const rows = await tx
          .updateTable('chat_message')
          .set({ hidden_at: now })
          .where('id', '=', id)
          .where('channel_id', '=', channelId)
          .where('hidden_at', 'is', null)
          .returning('id')
          .execute()
        await writeEvents(
          tx,
          rows.map((row) => ({ orgId, type: 'chat.hidden' as const, subject: row.id, at: now, data: { channelId } })),
        )
        return rows.map((row) => row.id)
      })
    },
    bans: (channelId) =>
      database
        .selectFrom('chat_ban')
        .selectAll()
        .where('channel_id', '=', channelId)
        .orderBy('id', 'desc')
        .limit(BANS_MAX)
        .execute(),
    ban(given, hide) {
      const ban = { id: createId('ban'), ...given }
      return database.transaction().execute(async (tx) => {
        await tx.insertInto('chat_ban').values(ban).execute()
        const hidden = hide ? await hideSaid(tx, ban) : []
        const data = { channelId: ban.channel_id, chatterId: ban.chatter_id, hidden: hidden.length }
        await writeEvents(tx, [{ orgId: ban.org_id, type: 'chat.banned', subject: ban.id, at: ban.created_at, data }])
        return { ban, hidden }
      })
    },
    hideSince(ban) {
      return database.transaction().execute(async (tx) => {
        const hidden = await hideSaid(tx, ban)
        const data = { channelId: ban.channel_id }
        const event = { orgId: ban.org_id, type: 'chat.hidden' as const, at: ban.created_at, data }
        await writeEvents(
          tx,
          hidden.map((subject) => ({ ...event, subject })),
        )
        return hidden
      })
    },
    unban(channelId, id, now) {
      return database.transaction().execute(async (tx) => {
        const row = await tx
          .deleteFrom('chat_ban')
          .where('id', '=', id)
          .where('channel_id', '=', channelId)
          .returning(['org_id', 'chatter_id'])
          .executeTakeFirst()
        if (row === undefined) return false
        const data = { channelId, chatterId: row.chatter_id }
        await writeEvents(tx, [{ orgId: row.org_id, type: 'chat.unbanned', subject: id, at: now, data }])
        return true
      })
    },
    async forgetAddresses(before) {
      await database
        .updateTable('chat_message')
        .set({ address_hash: null })
        .where('at', '<', before)
        .where('address_hash', 'is not', null)
        .execute()
    },
  }
}
