import { MediaError } from '../../../error.ts'
import type { SrtCrypto } from '../crypto.ts'
import { createKeys, type SrtKeys } from '../keys.ts'
import type { SrtLimits } from '../limits.ts'
import { writeCapabilities } from '../packet/capabilities.ts'
import { HANDSHAKE, type HandshakeExtension, parseHandshake, SRT_MAGIC, writeHandshake } from '../packet/handshake.ts'
import { CONTROL, parseControlHeader, timestampOf } from '../packet/header.ts'
import { writeTextExtension } from '../packet/text-extension.ts'
import { rejectionOf } from '../rejection.ts'
import type { SrtSessionOptions } from '../session/options.ts'
import { OWN_FLAGS, OWN_VERSION } from './accept.ts'
import { EXTENSION, readExtensions } from './extensions.ts'
import { extensionField } from './listener.ts'

export interface SrtCallerOptions {
  readonly crypto: SrtCrypto
  readonly limits: SrtLimits
  readonly streamId: string
  /** Least latency in both directions, ms. */
  readonly latency: number
  readonly passphrase?: string
  /** Bytes: 16, 24 or 32. */
  readonly keyLength?: number
  /** Ours, random, not 0. */
  readonly socketId: number
  /** Random, 31 bits. */
  readonly initialSequence: number
  /** ms. */
  readonly now: number
}

export type SrtCallerState =
  | { readonly kind: 'calling' }
  | { readonly kind: 'connected'; readonly session: SrtSessionOptions }
  /** @see REJECTION */
  | { readonly kind: 'refused'; readonly rejection: number }
  | { readonly kind: 'timeout' }

/** The caller's side of a handshake (§4.3.1): induction, then conclusion, each repeated until it is answered. */
export interface SrtCaller {
  readonly state: SrtCallerState
  /** A packet of the listener's. @returns what to send */
  receive(packet: Uint8Array, now: number): Uint8Array | undefined
  /** @returns what to send, if anything */
  wake(now: number): Uint8Array | undefined
  /** When to be woken, ms. */
  readonly wakeAt: number
}

export function createSrtCaller(options: SrtCallerOptions): SrtCaller {
  return new Caller(options)
}

class Caller implements SrtCaller {
  state: SrtCallerState = { kind: 'calling' }
  wakeAt: number
  readonly #options: SrtCallerOptions
  readonly #keys: { readonly keys: SrtKeys; readonly material: Uint8Array } | undefined
  /** What the listener gave back; none before the induction was answered. */
  #cookie: number | undefined

  constructor(options: SrtCallerOptions) {
    const { crypto, passphrase, keyLength = 16, now } = options
    this.#options = options
    this.#keys = passphrase === undefined ? undefined : createKeys(crypto, passphrase, keyLength)
    this.wakeAt = now
  }

  wake(now: number): Uint8Array | undefined {
    if (this.state.kind !== 'calling' || now < this.wakeAt) return undefined
    const { limits, now: since } = this.#options
    if (now >= since + limits.handshakeMs) {
      this.state = { kind: 'timeout' }
      this.wakeAt = Number.POSITIVE_INFINITY
      return undefined
    }
    this.wakeAt = now + limits.handshakeRepeatMs
    return this.#cookie === undefined ? this.#induction(now) : this.#conclusion(this.#cookie, now)
  }

  receive(packet: Uint8Array, now: number): Uint8Array | undefined {
    if (this.state.kind !== 'calling') return undefined
    try {
      if (parseControlHeader(packet).type !== CONTROL.handshake) return undefined
      return this.#handshake(packet, now)
    } catch (error) {
      if (error instanceof MediaError) return undefined
      throw error
    }
  }

  #handshake(packet: Uint8Array, now: number): Uint8Array | undefined {
    const { limits } = this.#options
    const answer = parseHandshake(packet, limits.extensions)
    const rejection = rejectionOf(answer.type)
    if (rejection !== undefined) {
      this.#end({ kind: 'refused', rejection })
      return undefined
    }
    if (answer.type === HANDSHAKE.induction && this.#cookie === undefined) {
      if (answer.version !== 5 || answer.extensionField !== SRT_MAGIC) return undefined
      this.#cookie = answer.cookie
      this.wakeAt = now
      return this.wake(now)
    }
    if (answer.type !== HANDSHAKE.conclusion || this.#cookie === undefined) return undefined
    const { capabilities, keys } = readExtensions(answer.extensions, limits)
    // One word says why the key was not taken.
    if (this.#keys !== undefined && (keys?.byteLength ?? 0) <= 4) return undefined
    this.#end({
      kind: 'connected',
      session: {
        socketId: this.#options.socketId,
        peerSocketId: answer.socketId,
        initialSequence: answer.initialSequence,
        start: this.#options.now,
        peerStart: now - timestampOf(packet) / 1000,
        receiverDelay: Math.max(this.#options.latency, capabilities.senderDelay),
        senderDelay: Math.max(this.#options.latency, capabilities.receiverDelay),
        peerVersion: capabilities.version,
        flowWindow: answer.flowWindow,
        keys: this.#keys?.keys,
        limits,
      },
    })
    return undefined
  }

  #end(state: SrtCallerState): void {
    this.state = state
    this.wakeAt = Number.POSITIVE_INFINITY
  }

  #induction(now: number): Uint8Array {
    return writeHandshake(this.#header(now), {
      ...this.#body,
      // Datagrams, as version 4 has it.
      ...{ version: 4, encryption: 0, extensionField: 2, type: HANDSHAKE.induction, cookie: 0, extensions: [] },
    })
  }

  #conclusion(cookie: number, now: number): Uint8Array {
    const { latency, streamId } = this.#options
    const contents = writeCapabilities({
      version: OWN_VERSION,
      flags: OWN_FLAGS,
      receiverDelay: latency,
      senderDelay: latency,
    })
    const extensions: HandshakeExtension[] = [{ type: EXTENSION.handshakeRequest, contents }]
    if (this.#keys !== undefined) extensions.push({ type: EXTENSION.keyRequest, contents: this.#keys.material })
    if (streamId !== '') extensions.push({ type: EXTENSION.streamId, contents: writeTextExtension(streamId) })
    return writeHandshake(this.#header(now), {
      ...this.#body,
      version: 5,
      encryption: (this.#keys?.keys.length ?? 0) / 8,
      extensionField: extensionField({ keys: this.#keys !== undefined, configuration: streamId !== '' }),
      type: HANDSHAKE.conclusion,
      cookie,
      extensions,
    })
  }

  get #body() {
    const { initialSequence, limits, socketId } = this.#options
    return { initialSequence, mtu: limits.mtu, flowWindow: limits.receivePackets, socketId }
  }

  #header(now: number) {
    return { timestamp: ((now - this.#options.now) * 1000) >>> 0, destination: 0 }
  }
}
