import { MediaError } from '../../../error.ts'
import type { RtmpCrypto } from './crypto.ts'
import { answerPacket, CLIENT_KEY, findDigest, HANDSHAKE_SIZE, SERVER_KEY, signPacket } from './digest.ts'

/** FMS 3.5.7.7: any version from 3 on makes clients expect a digest in S1. */
const SERVER_VERSION = [3, 5, 7, 7]

export interface HandshakeStep {
  /** To be sent now; empty when nothing is. */
  readonly send: Uint8Array
  /** Bytes of the input that belong to the handshake; the rest is the chunk stream. */
  readonly consumed: number
  readonly done: boolean
}

/** Which handshake the client asked for, known once C1 has come. */
export type HandshakeKind = 'plain' | 'digest'

const nothing = new Uint8Array(0)

/**
 * Server side of RTMP 1.0 §5.2, any split of the input: C0 and C1 in, S0 S1 S2 out at once, C2 in. C2 is not compared with
 * S1, since many encoders do not echo it.
 */
export class ServerHandshake {
  readonly #crypto: RtmpCrypto
  readonly #pending = new Uint8Array(1 + HANDSHAKE_SIZE)
  #have = 0
  #answered = false
  kind: HandshakeKind | undefined

  constructor(crypto: RtmpCrypto) {
    this.#crypto = crypto
  }

  /** @throws MediaError `unsupported` when C0 asks for another version than 3 (RTMPE is 6; HTTP and TLS come here too). */
  receive(input: Uint8Array): HandshakeStep {
    let consumed = this.#take(input, this.#answered ? HANDSHAKE_SIZE : HANDSHAKE_SIZE + 1)
    const version = this.#pending[0]
    if (!this.#answered && this.#have > 0 && version !== 3) {
      // The type of a TLS handshake record.
      const what = version === 22 ? 'this is TLS, as for rtmps://' : `version ${version}`
      throw new MediaError('unsupported', `handshake: ${what}; only RTMP version 3 is spoken here`, {
        offset: 0,
        structure: 'rtmp.handshake',
      })
    }
    let send: Uint8Array = nothing
    if (!this.#answered && this.#have === HANDSHAKE_SIZE + 1) {
      send = this.#answer(this.#pending.subarray(1))
      this.#answered = true
      this.#have = 0
      consumed += this.#take(input.subarray(consumed), HANDSHAKE_SIZE)
    }
    return { send, consumed, done: this.#answered && this.#have === HANDSHAKE_SIZE }
  }

  #take(input: Uint8Array, until: number): number {
    const count = Math.min(input.byteLength, until - this.#have)
    this.#pending.set(input.subarray(0, count), this.#have)
    this.#have += count
    return count
  }

  #answer(c1: Uint8Array): Uint8Array {
    const out = new Uint8Array(1 + 2 * HANDSHAKE_SIZE)
    const s1 = out.subarray(1, 1 + HANDSHAKE_SIZE)
    const s2 = out.subarray(1 + HANDSHAKE_SIZE)
    out[0] = 3
    s1.set(this.#crypto.randomBytes(HANDSHAKE_SIZE - 8), 8)
    // Clients of the plain handshake have zeros where the others have their version.
    const versioned = c1[4] !== 0 || c1[5] !== 0 || c1[6] !== 0 || c1[7] !== 0
    const found = versioned ? findDigest(this.#crypto, CLIENT_KEY.short, c1) : undefined
    if (found === undefined) {
      this.kind = 'plain'
      s2.set(c1)
      return out
    }
    this.kind = 'digest'
    s1.set(SERVER_VERSION, 4)
    signPacket(this.#crypto, SERVER_KEY.short, s1, found.scheme)
    s2.set(answerPacket(this.#crypto, SERVER_KEY.full, found.digest))
    return out
  }
}
