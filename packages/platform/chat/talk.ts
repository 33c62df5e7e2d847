import type { ClientMessage } from '@bandstand/contract/chat/client.ts'
import { CLOSE_BANNED } from '@bandstand/contract/chat/close.ts'
import type { ErrorCode } from '@bandstand/contract/errors.ts'
import { createId, idTime } from '@bandstand/contract/ids.ts'
import { createRateLimit } from '../access/rate-limit.ts'
import type { Secrets } from '../access/secrets.ts'
import type { Connection } from './connection.ts'
import { type ChatLimits, COUNTED_MAX } from './limits.ts'
import { parseName } from './name.ts'
import { type ChatChannel, type ChatChannels, channelEvent, type OpenRoom } from './rooms.ts'
import type { Saver } from './saver.ts'
import { parseChatText } from './text.ts'
import { createIdentity, readIdentity } from './token.ts'

export interface TalkOptions {
  readonly channels: ChatChannels
  readonly secrets: Secrets
  readonly saver: Saver
  readonly limits: ChatLimits
  readonly now: () => number
  readonly ownerName: string
  readonly onOwnerName: (name: string) => void
  readonly connections: () => Iterable<Connection>
}

/** Why a chatter does not get a name. */
interface NameRefusal {
  readonly code: ErrorCode
  readonly text: string
  readonly extra?: { readonly retryAfter: number }
}

/** What chatters do in a room. */
export interface Talk {
  take(connection: Connection, opened: OpenRoom, channel: ChatChannel, message: ClientMessage): void
  /** Messages that were said since the start. */
  readonly said: number
}

/** Tells somebody of a ban and ends the connection. */
export function turnAway(connection: Connection): void {
  connection.send({ type: 'banned', text: 'the owner has banned you from this chat' })
  connection.close(CLOSE_BANNED, 'banned')
}

function tooManyNames(wait: number): NameRefusal {
  const text = 'too many names in a short time; wait a moment, then try again'
  return { code: 'rate-limited', text, extra: { retryAfter: Math.ceil(wait) } }
}

export function createTalk({ channels, secrets, saver, limits, now, ...options }: TalkOptions): Talk {
  const sayRate = createRateLimit(limits.sayRate, COUNTED_MAX)
  const addressRate = createRateLimit(limits.addressRate, COUNTED_MAX)
  const renameRate = createRateLimit(limits.renameRate, COUNTED_MAX)
  const nameRate = createRateLimit(limits.nameRate, COUNTED_MAX)
  /** Until when a chatter waits in slow mode, by channel and chatter. */
  const slow = new Map<string, number>()
  let { ownerName } = options
  let said = 0

  const greet = (
    connection: Connection,
    opened: OpenRoom,
    channel: ChatChannel,
    hello: ClientMessage & { type: 'hello' },
  ) => {
    const { owner, addressHash } = connection.facts
    connection.greeted = true
    connection.chat = hello.chat
    let you: { id: string; name: string | null; token: string; owner: boolean } | null = null
    let refusal: NameRefusal | undefined
    if (hello.chat) {
      const identity = (hello.token !== undefined && readIdentity(hello.token, secrets)) || createIdentity(secrets)
      connection.chatterId = identity.id
      if (!owner && opened.bans.has(identity.id, addressHash)) return turnAway(connection)
      refusal = name(connection, channel, owner ? ownerName : hello.name)
      you = { ...identity, name: connection.name ?? null, owner }
    }
    const history = opened.room.join(connection)
    connection.send({ type: 'welcome', you, history: hello.chat ? [...history] : [], settings: { ...channel.chat } })
    if (refusal) connection.refuse(refusal.code, refusal.text, refusal.extra)
    const view = channels.view(channel.id)
    if (view) connection.send(channelEvent(view))
  }

  /**
   * Until when slow mode holds a chatter. Whoever leaves out the token is somebody new each time, so that who is new waits too, from
   * joining on: the id itself tells since when. By address it would be all of a school who wait for one of them.
   */
  const slowUntil = (channel: ChatChannel, chatterId: string, at: number): number => {
    const joined = idTime('chatter', chatterId) ?? 0
    // One that is ahead was made before the clock was set back.
    const isNew = joined <= at
    return Math.max(slow.get(`${channel.id} ${chatterId}`) ?? 0, isNew ? joined + channel.chat.slowMode * 1000 : 0)
  }

  /** Gives a chatter a name, or says why not. */
  const name = (connection: Connection, channel: ChatChannel, given: string | undefined): NameRefusal | undefined => {
    if (given === undefined) return undefined
    const { owner, address } = connection.facts
    // The owner's name is compared with none.
    const wait = owner ? 0 : nameRate.take(address, now())
    if (wait > 0) return tooManyNames(wait)
    const taken = {
      owner: ownerName,
      channel: [channel.title, channel.slug, ...channels.formerSlugs(channel.id)],
    }
    const result = parseName(given, owner ? undefined : taken)
    if ('refusal' in result) return { code: result.refusal, text: result.text }
    connection.name = result.name
    return undefined
  }

  const rename = (connection: Connection, channel: ChatChannel, given: string) => {
    const { chat, chatterId } = connection
    if (!chat || chatterId === undefined)
      return connection.refuse('forbidden', 'this connection does not take part in the chat')
    const wait = renameRate.take(chatterId, now())
    const refusal = wait > 0 ? tooManyNames(wait) : name(connection, channel, given)
    if (refusal) return connection.refuse(refusal.code, refusal.text, refusal.extra)
    const renamed = { type: 'renamed', name: connection.name ?? '' } as const
    if (!connection.facts.owner) return connection.send(renamed)
    ownerName = renamed.name
    options.onOwnerName(ownerName)
    for (const other of options.connections()) {
      if (!other.facts.owner || !other.chat) continue
      other.name = ownerName
      other.send(renamed)
    }
  }

  const say = (
    connection: Connection,
    opened: OpenRoom,
    channel: ChatChannel,
    { text, clientId }: ClientMessage & { type: 'say' },
  ) => {
    const { facts, chatterId } = connection
    const refuse = (code: ErrorCode, why: string, wait?: number) =>
      connection.refuse(code, why, { clientId, ...(wait !== undefined && { retryAfter: Math.ceil(wait) }) })
    if (!connection.chat || chatterId === undefined)
      return refuse('forbidden', 'this connection does not take part in the chat')
    if (!channel.chat.enabled && !facts.owner) return refuse('chat-off', 'the chat is switched off')
    if (connection.name === undefined) return refuse('bad-name', 'choose a name first')
    const clean = parseChatText(text)
    if (clean === undefined) return refuse('bad-text', 'a message has between 1 and 500 characters')
    const at = now()
    const slowWait = facts.owner || channel.chat.slowMode === 0 ? 0 : slowUntil(channel, chatterId, at) - at
    if (slowWait > 0)
      return refuse('rate-limited', `slow mode is on: you can write in ${Math.ceil(slowWait / 1000)} s`, slowWait)
    const wait = sayRate.take(chatterId, at) || addressRate.take(facts.address, at)
    if (wait > 0) return refuse('rate-limited', 'you are writing too fast', wait)
    if (channel.chat.slowMode > 0) {
      const slowKey = `${channel.id} ${chatterId}`
      slow.delete(slowKey)
      slow.set(slowKey, at + channel.chat.slowMode * 1000)
      if (slow.size > COUNTED_MAX) slow.delete(slow.keys().next().value ?? '')
    }
    said++
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

  return {
    take(connection, opened, channel, message) {
      if (message.type === 'ping') connection.send({ type: 'pong' })
      else if (message.type === 'hello') {
        if (connection.greeted) connection.refuse('bad-request', 'hello comes once')
        else greet(connection, opened, channel, message)
      } else if (!connection.greeted) connection.refuse('bad-request', 'hello comes first')
      else if (message.type === 'say') say(connection, opened, channel, message)
      else rename(connection, channel, message.name)
    },
    get said() {
      return said
    },
  }
}
