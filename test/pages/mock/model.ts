import type { Asset } from '@bandstand/contract/api/asset.ts'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { Ban } from '@bandstand/contract/api/moderation.ts'
import type { ShownKey } from '@bandstand/contract/api/publishing.ts'
import type { ChatMessage } from '@bandstand/contract/chat/model.ts'
import type { ServerMessage } from '@bandstand/contract/chat/server.ts'
import type { MockStream } from './stream.ts'
import type { MockWhep } from './whep.ts'

/** A mock of the whole server for the pages' own tests: real pages, a pretended stream, chat and API. */
export interface MockServer {
  readonly url: string
  readonly siteDir: string
  readonly channels: Map<string, Channel>
  readonly streams: Map<string, MockStream>
  readonly assets: Map<string, Asset>
  readonly messages: ChatMessage[]
  readonly bans: Ban[]
  readonly keys: ShownKey[]
  /** Requests seen: method and path. */
  readonly requests: string[]
  /** Whether the next sockets belong to the owner. */
  owner: boolean
  /** Serves real time where it is set. */
  whep: MockWhep | undefined
  goLive(slug: string, stream: MockStream): void
  goOffline(slug: string): void
  push(message: ServerMessage): void
  /** Stops listening and drops all connections, as a killed server does; `up` comes back on the same port. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}
