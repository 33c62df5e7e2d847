import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { ChannelEvent } from '@bandstand/contract/chat/server.ts'
import { CHAT_HISTORY } from '@bandstand/contract/limits.ts'
import { type BanList, createBanList } from './moderation.ts'
import { Room } from './room.ts'
import type { ChatStore } from './store.ts'

/** What the chat needs to know of a channel. */
export interface ChatChannel {
  readonly id: string
  readonly orgId: string
  readonly slug: string
  readonly title: string
  readonly chat: { readonly enabled: boolean; readonly slowMode: number }
}

export interface ChatChannels {
  readonly byId: (id: string) => ChatChannel | undefined
  readonly bySlug: (slug: string) => ChatChannel | undefined
  /** Earlier slugs that still lead to the channel. */
  readonly formerSlugs: (id: string) => readonly string[]
  /** What everybody may know of the channel with this id. */
  readonly view: (id: string) => Channel | undefined
}

export interface OpenRoom {
  readonly room: Room
  readonly bans: BanList
  /** As last told, to tell changes only. */
  told: { event: string; settings: string }
}

/** Rooms that somebody is in; a room is opened with its history from the database and closed with the last reader. */
export interface Rooms {
  readonly open: (channel: ChatChannel) => Promise<OpenRoom>
  readonly get: (channelId: string) => OpenRoom | undefined
  readonly ids: () => readonly string[]
  readonly close: (channelId: string) => void
  /** Tells the readers what changed of the channel. */
  readonly tell: (channelId: string) => void
}

/** @param settle resolves when what was said is in the database */
export function createRooms(options: {
  readonly store: ChatStore
  readonly channels: ChatChannels
  readonly gather: number
  readonly settle: () => Promise<void>
}): Rooms {
  const { store, channels, gather, settle } = options
  const opening = new Map<string, Promise<OpenRoom>>()
  const rooms = new Map<string, OpenRoom>()

  const load = async ({ id, chat }: ChatChannel): Promise<OpenRoom> => {
    // Messages of a room that was closed a moment ago may still wait for the database.
    await settle()
    const [history, rows] = await Promise.all([store.history(id, CHAT_HISTORY), store.bans(id)])
    const bans = rows.map((ban) => ({ id: ban.id, chatterId: ban.chatter_id, addressHash: ban.address_hash }))
    const told = { event: '', settings: JSON.stringify(chat) }
    const opened = { room: new Room(gather, history), bans: createBanList(bans), told }
    rooms.set(id, opened)
    return opened
  }

  return {
    open(channel) {
      let promise = opening.get(channel.id)
      if (promise === undefined) {
        promise = load(channel)
        opening.set(channel.id, promise)
        promise.catch(() => opening.delete(channel.id))
      }
      return promise
    },
    get: (channelId) => rooms.get(channelId),
    ids: () => [...rooms.keys()],
    close(channelId) {
      rooms.get(channelId)?.room.close()
      rooms.delete(channelId)
      opening.delete(channelId)
    },
    tell(channelId) {
      const opened = rooms.get(channelId)
      const view = channels.view(channelId)
      if (opened === undefined || view === undefined) return
      const settings = JSON.stringify(view.chat)
      if (opened.told.settings !== settings) {
        opened.told.settings = settings
        opened.room.send({ type: 'settings', settings: view.chat })
      }
      const event = channelEvent(view)
      const text = JSON.stringify(event)
      if (opened.told.event === text) return
      opened.told.event = text
      opened.room.send(event)
    },
  }
}

/** What pages follow of a channel. */
export function channelEvent(view: Channel): ChannelEvent {
  const { slug, title, live, viewers, startedAt, assetId, generation, latency } = view
  return { type: 'channel', slug, title, live, viewers, startedAt, assetId, generation, latency }
}
