import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { ClientMessage } from '@bandstand/contract/chat/client.ts'
import { CLOSE_BANNED } from '@bandstand/contract/chat/close.ts'
import type { ServerMessage } from '@bandstand/contract/chat/server.ts'
import { addresses, type Place } from './address.ts'
import { createChannelSocket } from './socket.ts'

/**
 * What the page knows of one channel, shared by all elements that show it: one socket that pushes what changes (chat
 * travels on it too) and a slow poll in case there is no socket.
 */
export interface Feed {
  readonly place: Place
  /** `undefined` until the server has answered; `missing` when it knows no such channel. */
  readonly channel: Channel | undefined
  readonly missing: boolean
  /** Asks the server now. @returns when it has answered, or cannot be reached; never rejects */
  ask(): Promise<void>
  /**
   * Whether the channel is live: as the server says now, as it said last where it does not answer. That it was not when last heard of is
   * believed: at the end of a broadcast a crowd would ask at once what most have been told. Never rejects.
   */
  isLive(): Promise<boolean>
  /** Calls back at once when the channel is known already. @returns to stop listening */
  watch(listener: (channel: Channel) => void, onNews?: (news: FeedNews) => void): () => void
  /** Joins the chat. Messages of the socket except `channel` come here. @returns to leave it */
  join(listener: ChatListener): () => void
  send(message: ClientMessage): boolean
}

/** `missing`: the server knows no such channel. `back`: the server answers again after it could not be reached. */
export type FeedNews = 'missing' | 'back'

export interface ChatListener {
  hello(): Extract<ClientMessage, { type: 'hello' }>
  message(message: ServerMessage): void
  /** `final`: it will not be tried again by itself. `opened`: it was lost; else it was never there. */
  closed(why: { readonly code: number; readonly final: boolean; readonly opened: boolean }): void
}

interface Watcher {
  readonly update: (channel: Channel) => void
  readonly news: ((news: FeedNews) => void) | undefined
}

/** Also for a page that is banned, which has no socket for long. */
const pollWithSocket = 30_000
const pollWithout = 5000
/** A channel that is not there may be made, or the name in a page mended; milliseconds. */
const pollMissing = 30_000
/** A request without an answer for this long is given up; milliseconds. */
export const answerLimit = 10_000

const feeds = new Map<string, Feed>()

/** The feed of a channel; elements of one page share it. */
export function feedOf(place: Place): Feed {
  const name = `${place.server} ${place.channel}`
  const known = feeds.get(name)
  if (known) return known
  const feed = createFeed(place)
  feeds.set(name, feed)
  return feed
}

function createFeed(place: Place): Feed {
  let channel: Channel | undefined = factsInPage(place)
  let missing = false
  /** The server could not be reached when it was last tried. */
  let away = false
  const watchers = new Set<Watcher>()
  const chats = new Set<ChatListener>()
  /** What the server was told on this connection: nothing of chat, that one is here, and it has answered with a welcome. */
  let joined: 'no' | 'asked' | 'welcomed' = 'no'
  /** The server has closed the socket for good. */
  let final = false
  let pollTimer: ReturnType<typeof setTimeout> | undefined
  let pollDue = 0
  let asking: Promise<void> | undefined
  /** Of the answer that is shown; `undefined` once the socket has brought other facts. */
  let etag: string | undefined
  /** What the socket has brought since the server was asked last. */
  let pushed: Partial<Channel> | undefined

  const socket = createChannelSocket({
    address: addresses.socket(place),
    wanted: () => used() && !final,
    hello() {
      const [chat] = chats
      joined = chat ? 'asked' : 'no'
      plan()
      return chat ? chat.hello() : { type: 'hello', chat: false }
    },
    message(message) {
      if (message.type === 'channel') {
        const { type: _, ...facts } = message
        pushed = facts
        etag = undefined
        if (channel) update({ ...channel, ...facts })
        else void ask()
        return
      }
      if (message.type === 'welcome') {
        if (joined === 'asked') joined = 'welcomed'
        answered()
      }
      for (const chat of chats) chat.message(message)
    },
    closed(why) {
      final = why.final
      // One that never opened says nothing: there are networks on which none does.
      if (why.opened && !final && why.code !== CLOSE_BANNED) away = true
      for (const chat of chats) chat.closed(why)
      plan()
    },
  })

  function used(): boolean {
    return watchers.size > 0 || chats.size > 0
  }

  function update(next: Channel): void {
    channel = next
    if (missing) {
      missing = false
      final = false
      if (!socket.busy) socket.connect(0)
    }
    for (const { update: tell } of watchers) tell(next)
  }

  function tellNews(news: FeedNews): void {
    for (const watcher of watchers) watcher.news?.(news)
  }

  function answered(): void {
    if (!away) return
    away = false
    tellNews('back')
  }

  function ask(): Promise<void> {
    if (asking) return asking
    pushed = undefined
    asking = get().finally(() => {
      asking = undefined
      clearTimeout(pollTimer)
      pollTimer = undefined
      plan()
    })
    return asking
  }

  async function get(): Promise<void> {
    try {
      const response = await fetch(addresses.channelFacts(place), {
        headers: etag ? { 'if-none-match': etag } : {},
        cache: 'no-store',
        signal: AbortSignal.timeout(answerLimit),
      })
      if (response.status === 404 && !missing) {
        missing = true
        etag = undefined
        tellNews('missing')
      }
      if (response.ok) {
        const next = (await response.json()) as Channel
        etag = pushed ? undefined : (response.headers.get('etag') ?? undefined)
        // What the socket brought meanwhile may be newer. Where it is not, it brings what is, or the next answer does.
        update({ ...next, ...pushed })
      }
      // A proxy in front of a server that is away says so with one of these.
      if (response.status >= 500) away = true
      else answered()
    } catch {
      // The next poll or the socket will tell.
      away = true
    }
  }

  /** While the tab is hidden and nothing is live there is no hurry, but a stage left open should still start. */
  function plan(): void {
    if (!used()) return
    const every = missing ? pollMissing : (socket.open || socket.banned) && !away ? pollWithSocket : pollWithout
    const wait = every * (0.75 + Math.random() / 2)
    const due = performance.now() + wait
    // A socket that fails again and again must not put the poll off for ever.
    if (pollTimer !== undefined && due >= pollDue) return
    clearTimeout(pollTimer)
    pollDue = due
    pollTimer = setTimeout(ask, wait)
  }

  function rest(): void {
    if (used()) return
    clearTimeout(pollTimer)
    pollTimer = undefined
    socket.close()
  }

  // A machine that wakes up has sockets that look open and are not.
  addEventListener('online', () => {
    if (!used()) return
    socket.reopen()
    void ask()
  })

  // Who looks at the page again would like to know whether a ban still holds.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && used()) socket.askBan()
  })

  return {
    place,
    get channel() {
      return channel
    },
    get missing() {
      return missing
    },
    ask,
    async isLive() {
      if (channel?.live !== false) await ask()
      return !missing && channel?.live !== false
    },
    watch(listener, onNews) {
      const first = !used()
      const watcher: Watcher = { update: listener, news: onNews }
      watchers.add(watcher)
      if (channel) listener(channel)
      if (first) {
        // The picture goes first, and a chat that joins meanwhile needs the same socket.
        socket.connect(1000)
        if (!channel) void ask()
      }
      plan()
      return () => {
        watchers.delete(watcher)
        rest()
      }
    },
    join(listener) {
      const first = !used()
      chats.add(listener)
      final = false
      if (first && !channel) void ask()
      if (!socket.busy) socket.connect(0)
      // Welcome and history are told once for each connection.
      else if (socket.open && joined !== 'asked') socket.reopen()
      return () => {
        chats.delete(listener)
        if (chats.size === 0) joined = 'no'
        rest()
      }
    },
    send: socket.send,
  }
}

/** The server writes what it knows into its own pages, so that the first picture waits for no request. */
function factsInPage(place: Place): Channel | undefined {
  if (place.server !== location.origin) return undefined
  const element = document.getElementById('bandstand-facts')
  if (!element?.textContent) return undefined
  try {
    const facts = JSON.parse(element.textContent) as { channel?: Channel }
    return facts.channel?.slug === place.channel ? facts.channel : undefined
  } catch {
    return undefined
  }
}
