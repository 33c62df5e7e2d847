import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SRT_LIMITS } from '../limits.ts'
import { HANDSHAKE, parseHandshake, SRT_MAGIC, writeHandshake } from '../packet/handshake.ts'
import { REJECTION, rejectionOf } from '../rejection.ts'
import { testCrypto } from '../testing/crypto.ts'
import { createPair } from '../testing/pair.ts'
import { conclusion, induction } from '../testing/recorded.ts'
import { acceptCaller } from './accept.ts'
import { createSrtListener, type SrtListenerOptions } from './listener.ts'

const source = '192.0.2.1:5000'
const passphrase = 'correct horse battery'

function stage(more: Partial<SrtListenerOptions> = {}) {
  const listener = createSrtListener({ crypto: testCrypto(), limits: SRT_LIMITS, secret: new Uint8Array(32), ...more })
  /** The recorded conclusion with the cookie that this listener gives. */
  function conclude(change: (bytes: Uint8Array) => void = () => {}, from = source, at = 0) {
    const step = listener.receive(induction, from, at)
    assert.equal(step.kind, 'answer')
    const packet = conclusion.slice()
    packet.set((step.kind === 'answer' ? step.packet : packet).slice(44, 48), 44)
    change(packet)
    return packet
  }
  return { listener, conclude }
}

describe('a listener', () => {
  it('answers an induction with version 5, the magic and a cookie, and no more bytes than it was sent', () => {
    const step = stage().listener.receive(induction, source, 0)
    assert.equal(step.kind, 'answer')
    if (step.kind !== 'answer') return
    const answer = parseHandshake(step.packet, 0)
    assert.deepEqual([answer.version, answer.extensionField, answer.type], [5, SRT_MAGIC, HANDSHAKE.induction])
    assert.notEqual(answer.cookie, 0)
    assert.equal(step.packet.byteLength, induction.byteLength)
  })

  it("takes libsrt's conclusion: stream id, latency and the key under the passphrase", () => {
    const { listener, conclude } = stage({ passphrase })
    const step = listener.receive(conclude(), source, 10)
    assert.equal(step.kind, 'caller')
    if (step.kind !== 'caller') return
    const { request } = step
    assert.equal(request.streamId, 'publish:some-key')
    assert.equal(request.keys?.length, 32)
    assert.ok(Math.abs(request.peerStart - (10 - 6.948)) < 1e-9)
    const { packet, session } = acceptCaller(request, 77, SRT_LIMITS, 20)
    assert.deepEqual([session.receiverDelay, session.senderDelay, session.initialSequence], [200, 200, 0x11591dcf])
    const answer = parseHandshake(packet, 16)
    assert.deepEqual([answer.type, answer.socketId, answer.encryption], [HANDSHAKE.conclusion, 77, 4])
    // The response to the capabilities, and the key material repeated.
    assert.deepEqual(
      answer.extensions.map(({ type }) => type),
      [2, 4],
    )
    assert.deepEqual(answer.extensions[1]?.contents, conclusion.slice(104))
  })

  it('owes nothing to a cookie of another address, of a guess, or of a minute ago', () => {
    const { listener, conclude } = stage({ passphrase })
    assert.equal(listener.receive(conclude(), '192.0.2.2:5000', 0).kind, 'ignored')
    assert.equal(listener.receive(conclude(), '192.0.2.1:5001', 0).kind, 'ignored')
    assert.equal(listener.receive(conclusion, source, 0).kind, 'ignored')
    const packet = conclude()
    assert.equal(listener.receive(packet, source, SRT_LIMITS.cookieMs).kind, 'caller')
    assert.equal(listener.receive(packet, source, 2 * SRT_LIMITS.cookieMs).kind, 'ignored')
  })

  it('derives no key for whoever is not admitted', () => {
    let derived = 0
    const crypto = testCrypto()
    const counting = {
      ...crypto,
      deriveKey: (...args: Parameters<typeof crypto.deriveKey>) => (derived++, crypto.deriveKey(...args)),
    }
    const { listener, conclude } = stage({ crypto: counting, passphrase, admit: () => false })
    assert.equal(listener.receive(conclude(), source, 0).kind, 'ignored')
    assert.equal(derived, 0)
  })

  const refused = (
    what: string,
    code: number,
    text: RegExp,
    options: Partial<SrtListenerOptions>,
    change?: (bytes: Uint8Array) => void,
  ): void => {
    void it(`refuses ${what} with ${code}`, () => {
      const { listener, conclude } = stage(options)
      const step = listener.receive(conclude(change), source, 0)
      assert.equal(step.kind, 'refused')
      if (step.kind !== 'refused') return
      assert.equal(step.refusal.rejection, code)
      assert.match(step.refusal.text, text)
      assert.equal(rejectionOf(parseHandshake(step.packet, 0).type), code)
      assert.equal(new DataView(step.packet.buffer).getUint32(12), 0x3f43527d)
    })
  }

  refused('another passphrase', REJECTION.badSecret, /another than/, { passphrase: 'wrong horse battery' })
  refused('a passphrase that nobody asked for', REJECTION.unsecure, /leave it out/, {})
  refused('a caller without the passphrase', REJECTION.unsecure, /set the passphrase/, { passphrase }, (bytes) => {
    // Key material becomes an extension that nobody knows.
    bytes[101] = 99
  })
  refused('version 4', REJECTION.version, /before 1\.3/, {}, (bytes) => (bytes[19] = 4))
  refused('stream mode', REJECTION.messageApi, /live mode/, { passphrase }, (bytes) => (bytes[75] = 0xff))
  refused('AES-GCM', REJECTION.crypto, /AES-CTR/, { passphrase }, (bytes) => (bytes[112] = 3))
  refused('bonding', REJECTION.group, /one connection/, { passphrase }, (bytes) => (bytes[81] = 8))
  refused('error correction', REJECTION.filter, /packetfilter/, { passphrase }, (bytes) => (bytes[81] = 7))
  refused('file mode', REJECTION.congestion, /live mode/, { passphrase }, (bytes) => (bytes[81] = 6))
  const short = { ...SRT_LIMITS, streamIdBytes: 8 }
  refused('a stream id that is too long', REJECTION.rogue, /stream id has more than 8 bytes/, {
    passphrase,
    limits: short,
  })
  refused('what it cannot read', REJECTION.rogue, /cannot be read/, { passphrase }, (bytes) => (bytes[65] = 99))

  it('agrees to the greater latency within its bounds', () => {
    const { listener, conclude } = stage({ passphrase })
    const latency = (ms: number) => {
      const step = listener.receive(
        conclude((bytes) => new DataView(bytes.buffer).setUint32(76, ms * 0x10001)),
        source,
        0,
      )
      if (step.kind !== 'caller') throw new Error(step.kind)
      return acceptCaller(step.request, 1, SRT_LIMITS, 0).session.receiverDelay
    }
    assert.deepEqual([0, 120, 500, 60_000].map(latency), [120, 120, 500, 8000])
  })

  it('passes over what is no handshake, and cut ones', () => {
    const { listener } = stage()
    for (let length = 0; length < 64; length++)
      assert.equal(listener.receive(induction.slice(0, length), source, 0).kind, 'ignored')
    const waveHand = writeHandshake(
      { timestamp: 0, destination: 0 },
      { ...parseHandshake(induction, 0), type: HANDSHAKE.waveHand },
    )
    assert.equal(listener.receive(waveHand, source, 0).kind, 'ignored')
  })
})

describe('a caller', () => {
  it('is told why it was refused', () => {
    const pair = createPair({ callerPassphrase: passphrase, listenerPassphrase: 'wrong horse battery' })
    pair.run(200)
    assert.deepEqual(pair.calling, { kind: 'refused', rejection: REJECTION.badSecret })
    assert.equal(pair.refusals.length, 1)
  })

  it('repeats what is lost, and gives up after 3 s of silence', () => {
    const pair = createPair({ delay: 10 })
    pair.setLoss(1)
    pair.run(600)
    assert.equal(pair.calling.kind, 'calling')
    pair.setLoss(0)
    pair.run(400)
    assert.equal(pair.calling.kind, 'connected')
    const silent = createPair()
    silent.setLoss(1)
    silent.run(3100)
    assert.equal(silent.calling.kind, 'timeout')
  })
})
