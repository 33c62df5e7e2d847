import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { ClientMessage } from '@bandstand/contract/chat/client.ts'
import type { ServerMessage } from '@bandstand/contract/chat/server.ts'
import { backoff } from '../player/backoff.ts'
import { addresses, type Place } from './address.ts'

/**
 * What the page knows of one channel, shared by all elements that show it: one socket that pushes what changes (chat
 * travels on it too) and a slow poll in case there is no socket.
 */
export interface Feed {
  readonly place: Place
  /** `undefined` until the server has answered; `missing` when it knows no such channel. */
  readonly channel: Channel | undefined
  readonly missing: boolean
  /** Asks the server now. */
  ask(): void
  /** Calls back at once when the channel is known already. @returns to stop listening */
  watch(listener: (channel: Channel) => void): () => void
  /** Joins the chat. Messages of the socket except `channel` come here. @returns to leave it */
  join(listener: ChatListener): () => void
  send(message: ClientMessage): boolean
}

export interface ChatListener {
  hello(): Extract<ClientMessage, { type: 'hello' }>
  message(message: ServerMessage): void
  /** `final`: it will not be tried again by itself. */
  closed(why: { readonly code: number; readonly final: boolean }): void
}

/** Close codes of the contract after which a page does not connect again. */
export const closeBanned = 4003
export const closeNoChannel = 4004
const pollWithSocket = 30_000
const pollWithout = 5000
const pingEvery = 25_000

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
  const watchers = new Set<(channel: Channel) => void>()
  let chat: ChatListener | undefined
  let socket: WebSocket | undefined
  let socketHasChat = false
  let final = false
  let attempt = 0
  let connectTimer: ReturnType<typeof setTimeout> | undefined
  let pollTimer: ReturnType<typeof setTimeout> | undefined
  let pollDue = 0
  let pingTimer: ReturnType<typeof setInterval> | undefined
  let asking: Promise<void> | undefined
  let etag: string | undefined

  function used(): boolean {
    return watchers.size > 0 || chat !== undefined
  }

  function update(next: Channel): void {
    channel = next
    missing = false
    for (const watcher of watchers) watcher(next)
  }

  function ask(): void {
    asking ??= get().finally(() => {
      asking = undefined
      clearTimeout(pollTimer)
      pollTimer = undefined
      plan()
    })
  }

  async function get(): Promise<void> {
    try {
      const response = await fetch(addresses.channelFacts(place), {
        headers: etag ? { 'if-none-match': etag } : {},
        cache: 'no-store',
      })
      if (response.status === 404) missing = true
      if (!response.ok) return
      etag = response.headers.get('etag') ?? undefined
      update((await response.json()) as Channel)
    } catch {
      // No network: the next poll or the socket will tell.
    }
  }

  /** While the tab is hidden and nothing is live there is no hurry, but a stage left open should still start. */
  function plan(): void {
    if (!used()) return
    const open = socket?.readyState === WebSocket.OPEN
    const wait = (open ? pollWithSocket : pollWithout) * (0.75 + Math.random() / 2)
    const due = performance.now() + wait
    // A socket that fails again and again must not put the poll off for ever.
    if (pollTimer !== undefined && due >= pollDue) return
    clearTimeout(pollTimer)
    pollDue = due
    pollTimer = setTimeout(ask, wait)
  }

  function connect(soon: number): void {
    clearTimeout(connectTimer)
    connectTimer = setTimeout(open, soon)
  }

  function open(): void {
    if (!used() || final) return
    socketHasChat = chat !== undefined
    let current: WebSocket
    try {
      current = new WebSocket(addresses.socket(place))
    } catch {
      return
    }
    socket = current
    current.addEventListener('open', () => {
      current.send(JSON.stringify(chat ? chat.hello() : { type: 'hello', chat: false }))
      pingTimer = setInterval(() => send({ type: 'ping' }), pingEvery)
      plan()
    })
    current.addEventListener('message', (event) => {
      if (socket !== current) return
      const message = parse(event.data)
      if (!message) return
      if (message.type === 'welcome') attempt = 0
      if (message.type === 'channel') {
        const { type: _, ...facts } = message
        if (channel) update({ ...channel, ...facts })
        else ask()
      } else chat?.message(message)
    })
    current.addEventListener('close', (event) => {
      if (socket !== current) return
      socket = undefined
      clearInterval(pingTimer)
      final = event.code === closeBanned || event.code === closeNoChannel
      chat?.closed({ code: event.code, final })
      if (!final) connect(backoff(++attempt, Math.random()) + (attempt > 1 ? 500 : 0))
      plan()
    })
  }

  function reopen(): void {
    const old = socket
    socket = undefined
    clearInterval(pingTimer)
    old?.close()
    connect(0)
  }

  function send(message: ClientMessage): boolean {
    if (socket?.readyState !== WebSocket.OPEN) return false
    socket.send(JSON.stringify(message))
    return true
  }

  function rest(): void {
    if (used()) return
    clearTimeout(connectTimer)
    clearTimeout(pollTimer)
    pollTimer = undefined
    clearInterval(pingTimer)
    const old = socket
    socket = undefined
    old?.close()
  }

  // A machine that wakes up has sockets that look open and are not.
  addEventListener('online', () => {
    if (!used()) return
    attempt = 0
    reopen()
    ask()
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
    watch(listener) {
      const first = !used()
      watchers.add(listener)
      if (channel) listener(channel)
      if (first) {
        // The picture goes first, and a chat that joins meanwhile needs the same socket.
        connect(1000)
        if (!channel) ask()
      }
      plan()
      return () => {
        watchers.delete(listener)
        rest()
      }
    },
    join(listener) {
      const first = !used()
      chat = listener
      final = false
      if (first && !channel) ask()
      if (!socket) connect(0)
      else if (!socketHasChat) reopen()
      return () => {
        if (chat !== listener) return
        chat = undefined
        rest()
      }
    },
    send,
  }
}

function parse(data: unknown): ServerMessage | undefined {
  if (typeof data !== 'string') return undefined
  try {
    return JSON.parse(data) as ServerMessage
  } catch {
    return undefined
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
