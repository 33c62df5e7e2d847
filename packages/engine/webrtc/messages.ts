import type { FromRoom, ToRoom } from '../egress/webrtc/messages.ts'
import type { FromDesk, ToDesk } from '../ingest/whip/messages.ts'

/**
 * What the server and its WebRTC process say to each other, over the pipe that Node makes for a child (structured clone, so
 * bytes stay bytes). Both sides are of one version: nothing is checked that the other one made.
 */
export type ToProcess = ToRoom | ToDesk | { readonly kind: 'stop' }

export type FromProcess =
  | { readonly kind: 'ready'; readonly host: string; readonly port: number }
  /** It cannot work at all: the port is taken, the library does not load. */
  | { readonly kind: 'failed'; readonly reason: string }
  | FromRoom
  | FromDesk
