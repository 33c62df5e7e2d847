import { sameBytes } from '../../../bytes/bytes.ts'
import { EXTENSION } from '../handshake/extensions.ts'
import type { SrtKeys } from '../keys.ts'
import type { SrtLimits } from '../limits.ts'
import { CONTROL, HEADER_BYTES, writeControlPacket } from '../packet/header.ts'
import type { SrtSessionOptions, SrtSink } from './options.ts'

/** A key that was not taken is announced again after so long, ms. */
const AGAIN_MS = 250

/** Changes the key of what is sent after so many packets (§6.1.6): the next one is announced before it is used. */
export class KeyRefresh {
  readonly #keys: SrtKeys
  readonly #limits: SrtLimits
  #packets = 0
  #announced: Uint8Array | undefined
  #isTaken = false
  /** When to announce it again, ms. */
  wakeAt = Number.POSITIVE_INFINITY

  constructor(keys: SrtKeys, limits: SrtLimits) {
    this.#keys = keys
    this.#limits = limits
  }

  /** A packet is about to be encrypted. */
  count(now: number, sink: SrtSink, session: SrtSessionOptions): void {
    const { keyPackets, keyAnnouncePackets } = this.#limits
    this.#packets++
    if (this.#announced === undefined && this.#packets >= keyPackets - keyAnnouncePackets) {
      this.#announced = this.#keys.prepare()
      this.wakeAt = now
      this.wake(now, sink, session)
    }
    // A peer that has not taken it could read nothing: it has until then, and beyond.
    if (!this.#isTaken || this.#packets < keyPackets) return
    this.#keys.change()
    this.#packets = 0
    this.#announced = undefined
    this.#isTaken = false
  }

  wake(now: number, sink: SrtSink, { start, peerSocketId }: SrtSessionOptions): void {
    const material = this.#announced
    if (material === undefined || now < this.wakeAt) return
    this.wakeAt = now + AGAIN_MS
    sink.send(
      writeKeyPacket({ timestamp: ((now - start) * 1000) >>> 0, destination: peerSocketId }, 'request', material),
    )
  }

  taken(material: Uint8Array): void {
    if (this.#announced === undefined || !sameBytes(this.#announced, material)) return
    this.#isTaken = true
    this.wakeAt = Number.POSITIVE_INFINITY
  }
}

/** Key material in a control packet of its own (§3.2.2). */
export function writeKeyPacket(
  to: { readonly timestamp: number; readonly destination: number },
  kind: 'request' | 'response',
  material: Uint8Array,
): Uint8Array {
  const subtype = kind === 'request' ? EXTENSION.keyRequest : EXTENSION.keyResponse
  const packet = writeControlPacket({ ...to, type: CONTROL.user, subtype, information: 0 }, material.byteLength)
  packet.set(material, HEADER_BYTES)
  return packet
}
