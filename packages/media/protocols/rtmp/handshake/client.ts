import { MediaError } from '../../../error.ts'
import type { RtmpCrypto } from './crypto.ts'
import { answerPacket, CLIENT_KEY, findDigest, HANDSHAKE_SIZE, SERVER_KEY, signPacket } from './digest.ts'
import type { HandshakeKind, HandshakeStep } from './server.ts'

/** Flash Player 9.0.124.2: the version that asks for a digest. */
const CLIENT_VERSION = [9, 0, 124, 2]

/** Client side of RTMP 1.0 §5.2: `start()` gives C0 and C1; C2 follows when S1 has come; done after S2. */
export class ClientHandshake {
  readonly #crypto: RtmpCrypto
  readonly #kind: HandshakeKind
  readonly #pending = new Uint8Array(1 + 2 * HANDSHAKE_SIZE)
  #have = 0

  constructor(crypto: RtmpCrypto, kind: HandshakeKind) {
    this.#crypto = crypto
    this.#kind = kind
  }

  /** C0 and C1. */
  start(): Uint8Array {
    const out = new Uint8Array(1 + HANDSHAKE_SIZE)
    const c1 = out.subarray(1)
    out[0] = 3
    c1.set(this.#crypto.randomBytes(HANDSHAKE_SIZE - 8), 8)
    if (this.#kind === 'digest') {
      c1.set(CLIENT_VERSION, 4)
      signPacket(this.#crypto, CLIENT_KEY.short, c1, 1)
    }
    return out
  }

  /** @throws MediaError `unsupported` when the server speaks another version than 3. */
  receive(input: Uint8Array): HandshakeStep {
    const consumed = Math.min(input.byteLength, this.#pending.byteLength - this.#have)
    this.#pending.set(input.subarray(0, consumed), this.#have)
    this.#have += consumed
    if (this.#have > 0 && this.#pending[0] !== 3) {
      throw new MediaError('unsupported', `handshake: the server answers with version ${this.#pending[0]}`, {
        offset: 0,
        structure: 'rtmp.handshake',
      })
    }
    const done = this.#have === this.#pending.byteLength
    // C2 waits for S2, which every server sends together with S1: one write less, nothing lost.
    return { send: done ? this.#answer() : new Uint8Array(0), consumed, done }
  }

  #answer(): Uint8Array {
    const s1 = this.#pending.slice(1, 1 + HANDSHAKE_SIZE)
    const found = this.#kind === 'digest' ? findDigest(this.#crypto, SERVER_KEY.short, s1) : undefined
    return found === undefined ? s1 : answerPacket(this.#crypto, CLIENT_KEY.full, found.digest)
  }
}
