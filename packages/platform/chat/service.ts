import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { ClientMessage } from '@bandstand/contract/chat/client.ts'
import { type ChannelEvent, CLOSE_BANNED, CLOSE_LIMIT, CLOSE_NO_CHANNEL } from '@bandstand/contract/chat/server.ts'
import { createId } from '@bandstand/contract/ids.ts'
import { CHAT_FRAME_MAX, CHAT_HISTORY } from '@bandstand/contract/limits.ts'
import { WebSocketServer } from 'ws'
import { addressGroup } from '../access/address.ts'
import type { Principal } from '../access/principal.ts'
import { createRateLimit } from '../access/rate-limit.ts'
import type { Secrets } from '../access/secrets.ts'
import { isOwnOrigin } from '../http/origin.ts'
import type { Log } from '../ports.ts'
import { Connection, type ConnectionFacts } from './connection.ts'
import { ADDRESS_KEPT, CHAT_LIMITS, type ChatLimits, COUNTED_MAX, SWEEP_INTERVAL, VIEWERS_INTERVAL } from './limits.ts'
import { type BanList, createBanList, createModeration, type Moderation } from './moderation.ts'
import { parseName } from './name.ts'
import { Room } from './room.ts'
import { createSaver } from './saver.ts'
import type { ChatStore, StoredBan } from './store.ts'
import { parseChatText } from './text.ts'
import { createIdentity, readIdentity } from './token.ts'

/** What the chat needs to know of a channel. */
interface ChatChannel {
  readonly id: string
  readonly orgId: string
  readonly slug: string
  readonly title: string
  readonly chat: { readonly enabled: boolean; readonly slowMode: number }
}

/** Who is behind a request, as a trusted proxy says it. */
export interface ClientFacts {
  readonly address: string
  readonly host: string
}

export interface ChatOptions {
  readonly store: ChatStore
  readonly channels: {
    byId(id: string): ChatChannel | undefined
    bySlug(slug: string): ChatChannel | undefined
    view(channel: never): Channel
  }
  readonly secrets: Secrets
  readonly orgId: string
  readonly log: Log
  readonly now: () => number
  /** Who a `Cookie` header speaks for. */
  readonly identify: (cookie: string | undefined) => Promise<Principal>
  readonly clientOf: (request: IncomingMessage) => ClientFacts
  readonly publicUrl: string | undefined
  readonly ownerName: string
  readonly saveOwnerName: (name: string) => Promise<void>
  readonly limits: Partial<ChatLimits>
}

export interface Chat {
  /** Takes the upgrade of a chat address over; false where the address is none. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  readonly moderation: Moderation
  channelChanged(channelId: string): void
  channelDeleted(channelId: string): void
  /** For metrics: since the start, but for `connections` and `rooms`. */
  stats(): { connections: number; rooms: number; messages: number; dropped: number; unsaved: number }
  close(): Promise<void>
}

interface OpenRoom {
  readonly room: Room
  readonly bans: BanList
  /** As last told, to tell changes only. */
  event: string
  settings: string
}

const ADDRESS = /^\/live\/([a-z0-9-]{1,40})\/chat$/

export function createChat(options: ChatOptions): Chat {
  const { store, channels, secrets, orgId, log, now } = options
  const limits: ChatLimits = { ...CHAT_LIMITS, ...options.limits }
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: CHAT_FRAME_MAX,
  })
  const connections = new Set<Connection>()
  const perAddress = new Map<string, number>()
  const rooms = new Map<string, Promise<OpenRoom>>()
  const open = new Map<string, OpenRoom>()
  const sayRate = createRateLimit(limits.sayRate, COUNTED_MAX)
  const addressRate = createRateLimit(limits.addressRate, COUNTED_MAX)
  /** Until when a chatter waits in slow mode, by chatter and channel. */
  const slow = new Map<string, number>()
  const saver = createSaver(store.save, log)
  let { ownerName } = options
  let messages = 0
  let dropped = 0
  let closing = false

  const channelEvent = (channel: ChatChannel): ChannelEvent => {
    const { slug, title, live, viewers, startedAt, assetId, generation } = channels.view(channel as never)
    return { type: 'channel', slug, title, live, viewers, startedAt, assetId, generation }
  }

  const openRoom = (channel: ChatChannel): Promise<OpenRoom> => {
    let promise = rooms.get(channel.id)
    if (promise === undefined) {
      promise = (async () => {
        // Messages of a room that was closed a moment ago may still wait for the database.
        await saver.flush()
        const [history, bans] = await Promise.all([store.history(channel.id, CHAT_HISTORY), store.bans(channel.id)])
        const list = createBanList(
          bans.map((ban) => ({ id: ban.id, chatterId: ban.chatter_id, addressHash: ban.address_hash })),
        )
        const opened: OpenRoom = { room: new Room(limits.gather, history), bans: list, event: '', settings: '' }
        open.set(channel.id, opened)
        return opened
      })()
      rooms.set(channel.id, promise)
      promise.catch(() => rooms.delete(channel.id))
    }
    return promise
  }
  const closeRoom = (channelId: string) => {
    open.get(channelId)?.room.close()
    open.delete(channelId)
    rooms.delete(channelId)
  }

  const tell = (channelId: string) => {
    const opened = open.get(channelId)
    const channel = channels.byId(channelId)
    if (opened === undefined || channel === undefined) return
    const settings = JSON.stringify(channel.chat)
    if (opened.settings !== settings) {
      if (opened.settings !== '') opened.room.send({ type: 'settings', settings: { ...channel.chat } })
      opened.settings = settings
    }
    const event = channelEvent(channel)
    const text = JSON.stringify(event)
    if (opened.event === text) return
    opened.event = text
    opened.room.send(event)
  }

  const moderation = createModeration({
    ...{ store, saver, orgId, now },
    effects: {
      hidden: (channelId, ids) => open.get(channelId)?.room.hide(ids),
      unbanned: (channelId, banId) => open.get(channelId)?.bans.remove(banId),
      banned(channelId, ban: StoredBan) {
        const opened = open.get(channelId)
        if (opened === undefined) return
        opened.bans.add(ban)
        for (const reader of opened.room.readers) {
          const connection = reader as Connection
          const { owner, addressHash } = connection.facts
          if (!owner && connection.chat && opened.bans.has(connection.chatterId, addressHash)) turnAway(connection)
        }
      },
    },
  })

  const turnAway = (connection: Connection) => {
    connection.send({ type: 'banned', text: 'the owner has banned you from this chat' })
    connection.close(CLOSE_BANNED, 'banned')
  }

  const greet = (
    connection: Connection,
    opened: OpenRoom,
    channel: ChatChannel,
    hello: ClientMessage & { type: 'hello' },
  ) => {
    connection.greeted = true
    connection.chat = hello.chat
    const { facts } = connection
    let you: { id: string; name: string | null; token: string; owner: boolean } | null = null
    let refusal: { code: 'bad-name' | 'name-taken'; text: string } | undefined
    if (hello.chat) {
      const identity = (hello.token !== undefined && readIdentity(hello.token, secrets)) || createIdentity(secrets)
      connection.chatterId = identity.id
      if (!facts.owner && opened.bans.has(identity.id, facts.addressHash)) return turnAway(connection)
      refusal = name(connection, channel, facts.owner ? (hello.name ?? ownerName) : hello.name)
      you = { ...identity, name: connection.name ?? null, owner: facts.owner }
    }
    const history = opened.room.join(connection)
    connection.send({ type: 'welcome', you, history: hello.chat ? [...history] : [], settings: { ...channel.chat } })
    if (refusal) connection.refuse(refusal.code, refusal.text)
    opened.settings ||= JSON.stringify(channel.chat)
    connection.send(channelEvent(channel))
  }

  /** Gives a chatter a name, or says why not. */
  const name = (connection: Connection, channel: ChatChannel, given: string | undefined) => {
    if (given === undefined) return undefined
    const { owner } = connection.facts
    const result = parseName(given, owner ? [] : [ownerName, channel.title, channel.slug])
    if ('refusal' in result && !(owner && result.refusal === 'name-taken'))
      return { code: result.refusal, text: result.text }
    connection.name = 'name' in result ? result.name : given.trim()
    if (owner && connection.name !== ownerName) {
      ownerName = connection.name
      options
        .saveOwnerName(ownerName)
        .catch((error) => log.error({ err: error }, "the owner's name could not be stored"))
    }
    return undefined
  }

  const say = (
    connection: Connection,
    opened: OpenRoom,
    channel: ChatChannel,
    { text, clientId }: { text: string; clientId: string },
  ) => {
    const { facts, chatterId } = connection
    const refuse = (code: Parameters<Connection['refuse']>[0], why: string, retryAfter?: number) =>
      connection.refuse(code, why, { clientId, ...(retryAfter !== undefined && { retryAfter: Math.ceil(retryAfter) }) })
    if (!connection.chat || chatterId === undefined)
      return refuse('forbidden', 'this connection does not take part in the chat')
    if (!channel.chat.enabled && !facts.owner) return refuse('chat-off', 'the chat is switched off')
    if (connection.name === undefined) return refuse('bad-name', 'choose a name first')
    const clean = parseChatText(text)
    if (clean === undefined) return refuse('bad-text', 'a message has between 1 and 500 characters')
    const at = now()
    const slowKey = `${channel.id} ${chatterId}`
    const slowWait = facts.owner ? 0 : (slow.get(slowKey) ?? 0) - at
    if (slowWait > 0) return refuse('rate-limited', 'slow mode is on', slowWait)
    const wait = sayRate.take(chatterId, at) || addressRate.take(facts.address, at)
    if (wait > 0) return refuse('rate-limited', 'you are writing too fast', wait)
    if (channel.chat.slowMode > 0) {
      slow.delete(slowKey)
      slow.set(slowKey, at + channel.chat.slowMode * 1000)
      if (slow.size > COUNTED_MAX) slow.delete(slow.keys().next().value ?? '')
    }
    messages++
    const id = createId('message')
    const author = { id: chatterId, name: connection.name, owner: facts.owner }
    opened.room.say({ id, at: new Date(at).toISOString(), author, text: clean, clientId })
    saver.add({
      id,
      org_id: channel.orgId,
      channel_id: channel.id,
      author_id: chatterId,
      author_name: author.name,
      author_owner: author.owner ? 1 : 0,
      address_hash: facts.addressHash,
      text: clean,
      at,
      hidden_at: null,
    })
  }

  const events = {
    message(connection: Connection, message: ClientMessage): void {
      const opened = open.get(connection.facts.channelId)
      const channel = channels.byId(connection.facts.channelId)
      if (channel === undefined) return connection.close(CLOSE_NO_CHANNEL, 'the channel was deleted')
      if (opened === undefined) {
        // The last reader left while this one was being let in.
        openRoom(channel).then(
          () => events.message(connection, message),
          () => connection.close(CLOSE_LIMIT, 'the chat is not available'),
        )
        return
      }
      if (message.type === 'ping') return connection.send({ type: 'pong' })
      if (message.type === 'hello') {
        if (connection.greeted) return connection.refuse('bad-request', 'hello comes once')
        return greet(connection, opened, channel, message)
      }
      if (!connection.greeted) return connection.refuse('bad-request', 'hello comes first')
      if (message.type === 'say') return say(connection, opened, channel, message)
      const refusal = connection.chat ? name(connection, channel, message.name) : undefined
      if (refusal) connection.refuse(refusal.code, refusal.text)
      else if (connection.name !== undefined) connection.send({ type: 'renamed', name: connection.name })
    },
    closed(connection: Connection) {
      const { channelId } = connection.facts
      connections.delete(connection)
      release(connection.facts.address)
      const opened = open.get(channelId)
      opened?.room.readers.delete(connection)
      if (opened?.room.readers.size === 0) closeRoom(channelId)
    },
    dropped(connection: Connection, why: string) {
      dropped++
      log.debug({ remote: connection.facts.address, why }, 'a chat connection was dropped')
    },
  }

  /** Counts an address before anything is done for it; false when it has too many. */
  const admit = (address: string) => {
    const count = perAddress.get(address) ?? 0
    if (count >= limits.connectionsPerAddress || connections.size >= limits.connections) return false
    perAddress.set(address, count + 1)
    return true
  }
  const release = (address: string) => {
    const count = (perAddress.get(address) ?? 1) - 1
    if (count > 0) perAddress.set(address, count)
    else perAddress.delete(address)
  }

  const accept = async (request: IncomingMessage, socket: Duplex, head: Buffer, slug: string, client: ClientFacts) => {
    const address = addressGroup(client.address)
    const channel = channels.bySlug(slug)
    let owner = false
    try {
      // Embeds on other sites may chat, but not speak for an owner who happens to be signed in.
      const { origin, cookie } = request.headers
      const source = { origin, site: undefined, host: client.host, publicUrl: options.publicUrl }
      if (channel) {
        if (cookie !== undefined && isOwnOrigin(source)) {
          const principal = await options.identify(cookie)
          owner = principal.kind === 'owner' && principal.orgId === channel.orgId
        }
        await openRoom(channel)
      }
    } catch (error) {
      log.error({ err: error }, 'a chat room could not be opened')
      release(address)
      return refuseUpgrade(socket, '503 Service Unavailable')
    }
    if (socket.destroyed || closing) {
      release(address)
      socket.destroy()
      return
    }
    let taken = false
    // ws answers a bad handshake itself and ends the socket.
    socket.once('close', () => {
      if (!taken) release(address)
    })
    server.handleUpgrade(request, socket, head, (ws) => {
      taken = true
      const facts: ConnectionFacts = {
        channelId: channel?.id ?? '',
        address,
        addressHash: secrets.digest('address', address),
        owner,
      }
      const connection = new Connection(ws, socket, facts, limits, events)
      connections.add(connection)
      if (channel === undefined) connection.close(CLOSE_NO_CHANNEL, 'there is no such channel')
    })
  }

  const viewersTimer = setInterval(() => {
    for (const channelId of open.keys()) tell(channelId)
  }, VIEWERS_INTERVAL).unref()
  const sweepTimer = setInterval(() => {
    const at = performance.now()
    for (const connection of connections) connection.sweep(at)
    // A room that was opened for a handshake that failed has nobody to close it.
    for (const [channelId, { room }] of open) {
      if (room.readers.size === 0 && ![...connections].some(({ facts }) => facts.channelId === channelId))
        closeRoom(channelId)
    }
  }, SWEEP_INTERVAL).unref()
  const forget = () =>
    void store
      .forgetAddresses(now() - ADDRESS_KEPT)
      .catch((error) => log.warn({ err: error }, 'old addresses could not be forgotten'))
  const forgetTimer = setInterval(forget, 24 * 3_600_000).unref()
  forget()

  return {
    moderation,
    upgrade(request, socket, head) {
      const slug = ADDRESS.exec(request.url?.split('?')[0] ?? '')?.[1]
      if (slug === undefined) return false
      socket.on('error', () => socket.destroy())
      const client = options.clientOf(request)
      if (closing) refuseUpgrade(socket, '503 Service Unavailable')
      else if (admit(addressGroup(client.address))) void accept(request, socket, head, slug, client)
      else refuseUpgrade(socket, '429 Too Many Requests')
      return true
    },
    channelChanged: tell,
    channelDeleted(channelId) {
      for (const connection of connections) {
        if (connection.facts.channelId === channelId) connection.close(CLOSE_NO_CHANNEL, 'the channel was deleted')
      }
      closeRoom(channelId)
    },
    stats: () => ({ connections: connections.size, rooms: open.size, messages, dropped, unsaved: saver.lost }),
    async close() {
      closing = true
      for (const timer of [viewersTimer, sweepTimer, forgetTimer]) clearInterval(timer)
      // 1012 (service restart): pages come back by themselves.
      for (const connection of connections) connection.close(1012, 'the server restarts')
      await saver.flush()
      for (const connection of connections) connection.terminate()
      for (const channelId of [...open.keys()]) closeRoom(channelId)
    },
  }
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 5\r\n\r\n`)
}
