import type { Ban } from '@bandstand/contract/api/moderation.ts'
import { Refusal } from '../http/problem.ts'
import { BANS_MAX } from './limits.ts'
import type { Saver } from './saver.ts'
import { type ChatStore, type StoredBan, toBan } from './store.ts'

/** Bans of one channel, in memory. */
export interface BanList {
  has(chatterId: string | undefined, addressHash: string | null): boolean
  add(ban: StoredBan): void
  remove(id: string): void
}

export function createBanList(bans: readonly StoredBan[]): BanList {
  const byId = new Map(bans.map((ban) => [ban.id, ban]))
  let chatters = new Set<string>()
  let addresses = new Set<string>()
  const index = () => {
    chatters = new Set([...byId.values()].map((ban) => ban.chatterId))
    addresses = new Set([...byId.values()].flatMap((ban) => ban.addressHash ?? []))
  }
  index()
  return {
    has: (chatterId, addressHash) =>
      (addressHash !== null && addresses.has(addressHash)) || (chatterId !== undefined && chatters.has(chatterId)),
    add(ban) {
      byId.set(ban.id, ban)
      index()
    },
    remove(id) {
      byId.delete(id)
      index()
    },
  }
}

/** What a decision of the owner means for those who are connected. */
export interface Effects {
  hidden(channelId: string, ids: readonly string[]): void
  /** Ids of what a chatter said and the room still shows. */
  shown(channelId: string, chatterId: string): readonly string[]
  banned(channelId: string, ban: StoredBan): void
  unbanned(channelId: string, banId: string): void
}

/** What the owner may do in a channel's chat. */
export interface Moderation {
  hide(channelId: string, messageId: string): Promise<void>
  bans(channelId: string): Promise<Ban[]>
  ban(channelId: string, given: { messageId: string; address: boolean; hideMessages: boolean }): Promise<Ban>
  unban(channelId: string, banId: string): Promise<void>
}

export function createModeration(options: {
  readonly store: ChatStore
  readonly saver: Saver
  readonly orgId: string
  readonly now: () => number
  readonly effects: Effects
}): Moderation {
  const { store, saver, orgId, now, effects } = options
  return {
    async hide(channelId, messageId) {
      // What was said a moment ago may not be in the database yet.
      await saver.flush()
      const hidden = await store.hide(orgId, channelId, messageId, now())
      if (hidden.length === 0 && (await store.message(channelId, messageId)) === undefined)
        throw new Refusal('not-found', 'there is no such message')
      // Again for one that was hidden: a page may have missed it.
      effects.hidden(channelId, [messageId])
    },
    async bans(channelId) {
      return (await store.bans(channelId)).map(toBan)
    },
    async ban(channelId, { messageId, address, hideMessages }) {
      await saver.flush()
      const message = await store.message(channelId, messageId)
      if (message === undefined) throw new Refusal('not-found', 'there is no such message')
      if (message.author_owner !== 0) throw new Refusal('conflict', 'the owner cannot be banned')
      const before = await store.bans(channelId)
      if (before.length >= BANS_MAX) throw new Refusal('limit', `there are ${BANS_MAX} bans, no more are taken`)
      const row = {
        org_id: orgId,
        channel_id: channelId,
        chatter_id: message.author_id,
        address_hash: address ? message.address_hash : null,
        name: message.author_name,
        created_at: now(),
      }
      const { ban, hidden } = await store.ban(row, hideMessages)
      effects.banned(channelId, { id: ban.id, chatterId: ban.chatter_id, addressHash: ban.address_hash })
      if (hideMessages) {
        // What was said while the ban was made is on the pages, and not in the database yet.
        const gone = new Set([...hidden, ...effects.shown(channelId, ban.chatter_id)])
        if (gone.size > 0) effects.hidden(channelId, [...gone])
        await saver.flush()
        const rest = (await store.hideSince(ban)).filter((id) => !gone.has(id))
        if (rest.length > 0) effects.hidden(channelId, rest)
      }
      return toBan(ban)
    },
    async unban(channelId, banId) {
      if (!(await store.unban(channelId, banId, now()))) throw new Refusal('not-found', 'there is no such ban')
      effects.unbanned(channelId, banId)
    },
  }
}
