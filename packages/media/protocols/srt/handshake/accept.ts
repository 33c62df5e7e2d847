import type { SrtLimits } from '../limits.ts'
import { CAPABILITY, type Capabilities, writeCapabilities } from '../packet/capabilities.ts'
import { HANDSHAKE, type HandshakeExtension, writeHandshake } from '../packet/handshake.ts'
import type { SrtSessionOptions } from '../session/options.ts'
import { EXTENSION } from './extensions.ts'
import { extensionField, type SrtCallerRequest } from './listener.ts'

/** What is said of us: version 1.5.1's protocol. */
export const OWN_VERSION = 0x010501
export const OWN_FLAGS =
  CAPABILITY.timedSender |
  CAPABILITY.timedReceiver |
  CAPABILITY.encryption |
  CAPABILITY.tooLateDrop |
  CAPABILITY.periodicNak |
  CAPABILITY.retransmittedFlag

export interface Accepted {
  /** The answer; sent again when the caller repeats itself. */
  readonly packet: Uint8Array
  readonly session: SrtSessionOptions
}

/**
 * Lets a caller in (§4.3.1.2): the greater latency of both sides counts (§4.4), within the bounds here.
 *
 * @param socketId ours: random, not 0, used by nobody else
 * @param now ms
 */
export function acceptCaller(request: SrtCallerRequest, socketId: number, limits: SrtLimits, now: number): Accepted {
  const { handshake, extensions, keys } = request
  const { capabilities } = extensions
  const agreed: Capabilities = {
    version: OWN_VERSION,
    flags: OWN_FLAGS,
    receiverDelay: agree(capabilities.senderDelay, limits),
    senderDelay: agree(capabilities.receiverDelay, limits),
  }
  const answers: HandshakeExtension[] = [{ type: EXTENSION.handshakeResponse, contents: writeCapabilities(agreed) }]
  // That it was taken is said by repeating it.
  if (extensions.keys !== undefined) answers.push({ type: EXTENSION.keyResponse, contents: extensions.keys })
  const mtu = Math.min(Math.max(handshake.mtu, 576), limits.mtu)
  const packet = writeHandshake(
    { timestamp: 0, destination: handshake.socketId },
    {
      version: 5,
      encryption: keys === undefined ? 0 : keys.length / 8,
      extensionField: extensionField({ keys: keys !== undefined, configuration: false }),
      initialSequence: handshake.initialSequence,
      mtu,
      flowWindow: limits.receivePackets,
      type: HANDSHAKE.conclusion,
      socketId,
      cookie: 0,
      extensions: answers,
    },
  )
  return {
    packet,
    session: {
      socketId,
      peerSocketId: handshake.socketId,
      initialSequence: handshake.initialSequence,
      start: now,
      peerStart: request.peerStart,
      receiverDelay: agreed.receiverDelay,
      senderDelay: agreed.senderDelay,
      peerVersion: capabilities.version,
      flowWindow: handshake.flowWindow,
      keys,
      limits,
    },
  }
}

function agree(asked: number, { leastLatencyMs, latencyMs }: SrtLimits): number {
  return Math.min(Math.max(asked, leastLatencyMs), latencyMs)
}
