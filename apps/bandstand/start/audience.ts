import {
  clientAddress,
  clientHost,
  createTrustProxy,
  createViewerCounter,
  type TrustProxy,
  type ViewerCounter,
  viewerKey,
} from '@bandstand/engine/http/viewers.ts'
import type { Settings } from '../settings/schema.ts'

type Request = Parameters<typeof clientAddress>[0]

/** Who watches, and from where. */
export interface Audience {
  /** By channel id. */
  readonly viewers: ViewerCounter
  /** Whether an address is a proxy of the owner's. */
  readonly trusted: TrustProxy
  /** Address of who asked, as trusted proxies say it. */
  addressOf(req: Request): string
  /** Host and port that they asked, as trusted proxies say it. */
  hostOf(req: Request): string
  /** Tells one viewer from another. */
  keyOf(req: Request, query: string): string
}

export function createAudience(settings: Settings): Audience {
  const trusted = createTrustProxy(settings.trustProxy)
  return {
    viewers: createViewerCounter({ now: () => performance.now() }),
    trusted,
    addressOf: (req) => clientAddress(req, trusted),
    hostOf: (req) => clientHost(req, trusted),
    keyOf: (req, query) => viewerKey(req, query, trusted),
  }
}
