import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { CHAT_FRAME_MAX } from '@bandstand/contract/limits.ts'
import type { WebSocket, WebSocketServer } from 'ws'
import { addressGroup, isLoopback } from '../access/address.ts'
import type { Principal } from '../access/principal.ts'
import type { Secrets } from '../access/secrets.ts'
import { isOwnOrigin } from '../http/origin.ts'
import type { Log } from '../ports.ts'
import type { ConnectionFacts, OwnerSession } from './connection.ts'
import type { ChatLimits } from './limits.ts'
import type { ChatChannel, ChatChannels } from './rooms.ts'

/** Who is behind a request, as a trusted proxy says it. */
export interface ClientFacts {
  readonly address: string
  readonly host: string
}

export interface AdmissionOptions {
  readonly channels: Pick<ChatChannels, 'bySlug'>
  readonly secrets: Secrets
  readonly limits: ChatLimits
  readonly log: Log
  /** Who a `Cookie` header speaks for. */
  readonly identify: (cookie: string) => Promise<Principal>
  readonly clientOf: (request: IncomingMessage) => ClientFacts
  readonly publicUrl: string | undefined
  /** How many connections there are. */
  readonly open: () => number
  /** Makes a channel's room ready; what it rejects with refuses the page. */
  readonly prepare: (channel: ChatChannel) => Promise<unknown>
  /** A page is let in; `channelId` is empty where there is no such channel, for only a WebSocket can tell its page so. */
  readonly admitted: (ws: WebSocket, socket: Duplex, facts: ConnectionFacts) => void
}

/** The door of the chat: from an HTTP upgrade to a WebSocket of which is known whose it is. */
export interface Admission {
  /** Takes the upgrade of a chat address over; false where the address is none. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean
  /** An address has one connection less. */
  readonly release: (address: string) => void
  /** Lets nobody in any more. */
  readonly close: () => void
}

const ADDRESS = /^\/live\/([a-z0-9-]{1,40})\/chat$/

export function createAdmission({ channels, secrets, limits, log, ...options }: AdmissionOptions): Admission {
  const perAddress = new Map<string, number>()
  /** Loaded with the first chatter: it costs 7 MB. */
  let server: WebSocketServer | undefined
  let closing = false

  /** Counts an address before anything is done for it; false when it has too many. */
  const admit = (address: string) => {
    const count = perAddress.get(address) ?? 0
    if (count >= limits.connectionsPerAddress || options.open() >= limits.connections) return false
    perAddress.set(address, count + 1)
    return true
  }
  const release = (address: string) => {
    const count = (perAddress.get(address) ?? 1) - 1
    if (count > 0) perAddress.set(address, count)
    else perAddress.delete(address)
  }

  /** Embeds on other sites may chat, but not speak for an owner who happens to be signed in. */
  const sessionOf = async (
    { headers }: IncomingMessage,
    { host }: ClientFacts,
    channel: ChatChannel,
  ): Promise<OwnerSession | undefined> => {
    const source = { origin: headers.origin, site: undefined, host, publicUrl: options.publicUrl }
    if (headers.cookie === undefined || !isOwnOrigin(source)) return undefined
    const principal = await options.identify(headers.cookie)
    if (principal.kind !== 'owner' || principal.orgId !== channel.orgId) return undefined
    return { id: principal.sessionId, expiresAt: principal.expiresAt }
  }

  const accept = async (request: IncomingMessage, socket: Duplex, head: Buffer, slug: string, client: ClientFacts) => {
    const address = addressGroup(client.address)
    const channel = channels.bySlug(slug)
    let taken = false
    // A handshake that fails is answered and ended by ws.
    socket.once('close', () => {
      if (!taken) release(address)
    })
    try {
      server ??= await createServer()
      if (channel) await options.prepare(channel)
      // Last, so that a session that ends meanwhile is not let in.
      const session = channel && (await sessionOf(request, client, channel))
      if (socket.destroyed || closing) {
        socket.destroy()
        return
      }
      server.handleUpgrade(request, socket, head, (ws) => {
        taken = true
        const addressHash = isLoopback(client.address) ? null : secrets.digest('address', address)
        const owner = session !== undefined
        options.admitted(ws, socket, { channelId: channel?.id ?? '', address, addressHash, owner, session })
      })
    } catch (error) {
      log.error({ err: error }, 'a chat room could not be opened')
      refuseUpgrade(socket, '503 Service Unavailable')
    }
  }

  return {
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
    release,
    close() {
      closing = true
    },
  }
}

async function createServer(): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws')
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: CHAT_FRAME_MAX,
  })
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 5\r\n\r\n`)
}
