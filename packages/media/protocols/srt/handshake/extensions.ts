import { MediaError } from '../../../error.ts'
import type { SrtLimits } from '../limits.ts'
import { type Capabilities, parseCapabilities } from '../packet/capabilities.ts'
import type { HandshakeExtension } from '../packet/handshake.ts'
import { parseTextExtension } from '../packet/text-extension.ts'

/** Extension types (§3.2.1, table 5). */
export const EXTENSION = {
  handshakeRequest: 1,
  handshakeResponse: 2,
  keyRequest: 3,
  keyResponse: 4,
  streamId: 5,
  congestion: 6,
  filter: 7,
  group: 8,
} as const

/** What a conclusion says besides itself, either side's. */
export interface ConclusionExtensions {
  readonly capabilities: Capabilities
  readonly streamId: string
  /** Key material, or one word about its state; not yet looked at. */
  readonly keys: Uint8Array | undefined
  /** Congestion control; `live` where none is named. */
  readonly congestion: string
  /** Configuration of a packet filter (forward error correction). */
  readonly filter: string
  readonly isGrouped: boolean
}

/** Unknown extensions are passed over (§3.2.1). @throws MediaError `malformed` without capabilities, and as their parsers */
export function readExtensions(
  extensions: readonly HandshakeExtension[],
  limits: Pick<SrtLimits, 'streamIdBytes'>,
): ConclusionExtensions {
  let capabilities: Capabilities | undefined
  let [streamId, congestion, filter] = ['', 'live', '']
  let keys: Uint8Array | undefined
  let isGrouped = false
  for (const { type, contents } of extensions) {
    switch (type) {
      case EXTENSION.handshakeRequest:
      case EXTENSION.handshakeResponse:
        capabilities = parseCapabilities(contents)
        break
      case EXTENSION.keyRequest:
      case EXTENSION.keyResponse:
        keys = contents
        break
      case EXTENSION.streamId:
        streamId = parseTextExtension(contents, limits.streamIdBytes)
        break
      case EXTENSION.congestion:
        congestion = parseTextExtension(contents, limits.streamIdBytes)
        break
      case EXTENSION.filter:
        filter = parseTextExtension(contents, limits.streamIdBytes)
        break
      case EXTENSION.group:
        isGrouped = true
    }
  }
  if (capabilities === undefined) throw new MediaError('malformed', 'srt: conclusion without a handshake extension')
  return { capabilities, streamId, keys, congestion, filter, isGrouped }
}
