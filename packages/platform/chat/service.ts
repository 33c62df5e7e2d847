import type { IncomingMessage } from 'node:http'
import type { ClientMessage } from '@bandstand/contract/chat/client.ts'
import { CLOSE_LIMIT, CLOSE_NO_CHANNEL } from '@bandstand/contract/chat/close.ts'
import type { Principal } from '../access/principal.ts'
import type { Secrets } from '../access/secrets.ts'
import type { Log } from '../ports.ts'
import { type Admission, type ClientFacts, createAdmission } from './admission.ts'
import { Connection } from './connection.ts'
import { ADDRESS_KEPT, CHAT_LIMITS, type ChatLimits, SWEEP_INTERVAL, VIEWERS_INTERVAL } from './limits.ts'
import { createModeration, type Moderation } from './moderation.ts'
import { type ChatChannels, createRooms } from './rooms.ts'
import { createSaver } from './saver.ts'
import type { ChatStore } from './store.ts'
import { createTalk, turnAway } from './talk.ts'

export interface ChatOptions {
  readonly store: ChatStore
  readonly channels: ChatChannels
  readonly secrets: Secrets
  readonly orgId: string
  readonly log: Log
  /** Of connections that cannot be let in. */
  readonly strangerLog: Log
  readonly now: () => number
  /** Who a `Cookie` header speaks for. */
  readonly identify: (cookie: string) => Promise<Principal>
  readonly clientOf: (request: IncomingMessage) => ClientFacts
  readonly publicUrl: string | undefined
  /** The name under which the owner chats, and where a new one is kept. */
  readonly ownerName: string
  readonly saveOwnerName: (name: string) => Promise<void>
  readonly limits: Partial<ChatLimits>
}

export interface Chat {
  /** Takes the upgrade of a chat address over; false where the address is none. */
  readonly upgrade: Admission['upgrade']
  readonly moderation: Moderation
  readonly channelChanged: (channelId: string) => void
  readonly channelDeleted: (channelId: string) => void
  /** Ends the connections that were opened in a session of the owner. */
  readonly signedOut: (sessionId: string) => void
  /** For metrics: since the start, but for `connections` and `rooms`. */
  readonly stats: () => { connections: number; rooms: number; messages: number; dropped: number; unsaved: number }
  readonly close: () => Promise<void>
}

export function createChat({ store, channels, secrets, orgId, log, strangerLog, now, ...options }: ChatOptions): Chat {
  const limits: ChatLimits = { ...CHAT_LIMITS, ...options.limits }
  const connections = new Set<Connection>()
  const saver = createSaver(store.save, log)
  const rooms = createRooms({ store, channels, gather: limits.gather, settle: saver.flush })
  const talk = createTalk({
    ...{ channels, secrets, saver, limits, now, ownerName: options.ownerName },
    onOwnerName(name) {
      options.saveOwnerName(name).catch((error) => log.error({ err: error }, "the owner's name could not be stored"))
    },
    connections: () => connections,
  })
  let dropped = 0

  const moderation = createModeration({
    ...{ store, saver, orgId, now },
    effects: {
      hidden: (channelId, ids) => rooms.get(channelId)?.room.hide(ids),
      shown: (channelId, chatterId) => rooms.get(channelId)?.room.saidBy(chatterId) ?? [],
      unbanned: (channelId, banId) => rooms.get(channelId)?.bans.remove(banId),
      banned(channelId, ban) {
        const bans = rooms.get(channelId)?.bans
        bans?.add(ban)
        for (const connection of connections) {
          const { facts, chatterId, chat } = connection
          if (facts.channelId !== channelId || facts.owner || !chat) continue
          if (bans?.has(chatterId, facts.addressHash)) turnAway(connection)
        }
      },
    },
  })

  const events = {
    message(connection: Connection, message: ClientMessage): void {
      // It may have left while its room was opened.
      if (!connections.has(connection)) return
      const channel = channels.byId(connection.facts.channelId)
      if (channel === undefined) return connection.close(CLOSE_NO_CHANNEL, 'the channel was deleted')
      const opened = rooms.get(channel.id)
      if (opened) return talk.take(connection, opened, channel, message)
      // The last reader left while this one was being let in.
      rooms.open(channel).then(
        () => events.message(connection, message),
        () => connection.close(CLOSE_LIMIT, 'the chat is not available'),
      )
    },
    closed(connection: Connection) {
      connections.delete(connection)
      admission.release(connection.facts.address)
      const readers = rooms.get(connection.facts.channelId)?.room.readers
      readers?.delete(connection)
      if (readers?.size === 0) rooms.close(connection.facts.channelId)
    },
    dropped(connection: Connection, why: string) {
      dropped++
      log.debug({ remote: connection.facts.address, why }, 'a chat connection was dropped')
    },
  }

  const admission = createAdmission({
    ...{ channels, secrets, limits, log: strangerLog },
    ...{ identify: options.identify, clientOf: options.clientOf, publicUrl: options.publicUrl },
    open: () => connections.size,
    prepare: rooms.open,
    admitted(ws, socket, facts) {
      const connection = new Connection(ws, socket, facts, limits, events)
      connections.add(connection)
      if (facts.channelId === '') connection.close(CLOSE_NO_CHANNEL, 'there is no such channel')
    },
  })

  const sweep = () => {
    const at = performance.now()
    for (const connection of connections) {
      connection.sweep(at)
      const { session } = connection.facts
      if (session && session.expiresAt <= now()) connection.endSession()
    }
    // A room that was opened for a handshake that failed has nobody to close it.
    const inUse = new Set([...connections].map(({ facts }) => facts.channelId))
    for (const channelId of rooms.ids()) if (!inUse.has(channelId)) rooms.close(channelId)
  }
  const forget = () =>
    void store
      .forgetAddresses(now() - ADDRESS_KEPT)
      .catch((error) => log.warn({ err: error }, 'old addresses could not be forgotten'))
  const timers = [
    setInterval(() => rooms.ids().forEach(rooms.tell), VIEWERS_INTERVAL),
    setInterval(sweep, SWEEP_INTERVAL),
    setInterval(forget, 24 * 3_600_000),
  ]
  for (const timer of timers) timer.unref()
  forget()

  return {
    moderation,
    upgrade: admission.upgrade,
    channelChanged: rooms.tell,
    channelDeleted(channelId) {
      saver.drop((row) => row.channel_id === channelId)
      for (const connection of connections) {
        if (connection.facts.channelId === channelId) connection.close(CLOSE_NO_CHANNEL, 'the channel was deleted')
      }
      rooms.close(channelId)
    },
    signedOut(sessionId) {
      for (const connection of connections) if (connection.facts.session?.id === sessionId) connection.endSession()
    },
    stats: () => ({
      connections: connections.size,
      rooms: rooms.ids().length,
      messages: talk.said,
      dropped,
      unsaved: saver.lost,
    }),
    async close() {
      admission.close()
      for (const timer of timers) clearInterval(timer)
      // 1012 (service restart): pages come back by themselves.
      for (const connection of connections) connection.close(1012, 'the server restarts')
      await saver.flush()
      for (const connection of connections) connection.terminate()
      for (const channelId of rooms.ids()) rooms.close(channelId)
    },
  }
}
