import type { SrtCrypto } from './crypto.ts'
import { acceptCaller } from './handshake/accept.ts'
import { createSrtCaller } from './handshake/caller.ts'
import { createSrtListener } from './handshake/listener.ts'
import { createKeys } from './keys.ts'
import { SRT_LIMITS } from './limits.ts'
import { createSrtSession } from './session/session.ts'
import { parseStreamId, shortStreamId } from './stream-id.ts'

/** Cookies that are all 0 and a cipher that does nothing: nobody can fuzz through real ones. */
const crypto: SrtCrypto = {
  hmacSha256: () => new Uint8Array(32),
  deriveKey: (_passphrase, _salt, length) => new Uint8Array(length),
  wrapKey: (_kek, keys) => new Uint8Array(keys.byteLength + 8),
  unwrapKey: (_kek, wrapped) => wrapped.slice(8),
  aesCtr: (_key, _iv, data) => data.slice(),
  randomBytes: (length) => new Uint8Array(length).fill(7),
}

const limits = { ...SRT_LIMITS, receivePackets: 256, sendPackets: 256 }
/** Payloads that each session has sent, or has yet to send. */
const PAYLOADS = 40
/** Answers to one packet, and what is due when time passes: ACKs, a loss report, a drop request, keys, a keep-alive. */
const ANSWERS = 8

/**
 * The input is packets, each behind a byte that says how long it is (in eighths of its value, with what is left of it as how many ms
 * pass). All go to a listener without memory, to a caller, and to sessions in the clear and encrypted. Allowed: anything but an error.
 */
export const target = {
  name: 'srt',
  corpus: new URL('corpus/', import.meta.url),
  run(input: Uint8Array): void {
    const listener = createSrtListener({ crypto, limits, secret: new Uint8Array(32), passphrase: 'correct horse' })
    const open = createSrtListener({ crypto, limits, secret: new Uint8Array(32) })
    const caller = createSrtCaller({
      crypto,
      limits,
      streamId: 'x',
      latency: 120,
      socketId: 1,
      initialSequence: 0,
      now: 0,
    })
    const sessions = [undefined, createKeys(crypto, 'correct horse', 16).keys].map((keys) => {
      let packets = 0
      const sink = { send: () => void packets++, payload: () => {} }
      const common = { socketId: 1, peerSocketId: 2, initialSequence: 0, start: 0, peerStart: 0, peerVersion: 0x010501 }
      const delays = { receiverDelay: 120, senderDelay: 120, flowWindow: 256 }
      const session = createSrtSession({ ...common, ...delays, keys, limits }, sink)
      for (let i = 0; i < PAYLOADS; i++) session.send(new Uint8Array(10), 0)
      return { session, sent: () => packets }
    })
    caller.wake(0)
    let now = 0
    for (let at = 0; at < input.byteLength; ) {
      const first = input[at++] as number
      const packet = input.slice(at, at + (first >> 1) * 4)
      at += packet.byteLength
      now += (first & 1) * 25
      for (const each of [listener, open]) {
        const step = each.receive(packet, 'a', now)
        if (step.kind === 'caller') acceptCaller(step.request, 3, limits, now)
      }
      caller.receive(packet, now)
      caller.wake(now)
      for (const { session, sent } of sessions) {
        const before = sent()
        session.receive(packet, now)
        session.wake(now)
        // Each payload goes out once, for the first time or again.
        if (sent() - before > PAYLOADS + ANSWERS) throw new RangeError(`${sent() - before} packets for one`)
      }
    }
    const text = new TextDecoder().decode(input.slice(0, 512))
    parseStreamId(text)
    if (shortStreamId(text).length > 100) throw new RangeError('a stream id in the log is too long')
  },
}
