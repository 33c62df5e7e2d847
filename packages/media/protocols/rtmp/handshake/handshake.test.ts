import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { MediaError } from '../../../error.ts'
import { ClientHandshake } from './client.ts'
import type { RtmpCrypto } from './crypto.ts'
import { CLIENT_KEY, DIGEST_SIZE, findDigest, HANDSHAKE_SIZE, SERVER_KEY, signPacket } from './digest.ts'
import { type HandshakeKind, ServerHandshake } from './server.ts'

/** Counts instead of chance, so that bytes repeat. */
const crypto: RtmpCrypto = {
  hmacSha256: (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
  randomBytes: (length) => Uint8Array.from({ length }, (_, i) => (i * 7 + 3) & 255),
}

for (const kind of ['plain', 'digest'] as const satisfies HandshakeKind[]) {
  for (const step of [1, 7, 1536, 1537, 5000]) {
    test(`${kind} handshake completes when bytes come ${step} at a time`, () => {
      const server = new ServerHandshake(crypto)
      const client = new ClientHandshake(crypto, kind)
      const toClient = feed(server, client.start(), step)
      assert.equal(toClient.send.byteLength, 1 + 2 * HANDSHAKE_SIZE)
      assert.equal(server.kind, kind)
      const toServer = feed(client, toClient.send, step)
      assert.equal(toServer.done, true)
      assert.equal(toServer.send.byteLength, HANDSHAKE_SIZE)
      assert.equal(feed(server, toServer.send, step).done, true)
    })
  }
}

test('plain: S0 is 3, S1 has zeros for a version, S2 echoes C1, C2 echoes S1', () => {
  const server = new ServerHandshake(crypto)
  const client = new ClientHandshake(crypto, 'plain')
  const c1 = client.start()
  const { send } = server.receive(c1)
  assert.equal(send[0], 3)
  assert.deepEqual(send.subarray(5, 9), new Uint8Array(4))
  assert.deepEqual(send.subarray(1 + HANDSHAKE_SIZE), c1.subarray(1))
  assert.deepEqual(client.receive(send).send, send.subarray(1, 1 + HANDSHAKE_SIZE))
})

for (const scheme of [0, 1] as const) {
  test(`digest, scheme ${scheme}: S1 is signed the same way and S2 answers C1's digest`, () => {
    const c0c1 = new Uint8Array(1 + HANDSHAKE_SIZE)
    const c1 = c0c1.subarray(1)
    c0c1[0] = 3
    c1.set(crypto.randomBytes(HANDSHAKE_SIZE))
    c1.set([10, 0, 32, 18], 4)
    signPacket(crypto, CLIENT_KEY.short, c1, scheme)
    const { send } = new ServerHandshake(crypto).receive(c0c1)
    assert.equal(findDigest(crypto, SERVER_KEY.short, send.subarray(1, 1 + HANDSHAKE_SIZE))?.scheme, scheme)
    const s2 = send.subarray(1 + HANDSHAKE_SIZE)
    const asked = findDigest(crypto, CLIENT_KEY.short, c1)
    assert.ok(asked)
    const key = crypto.hmacSha256(SERVER_KEY.full, asked.digest)
    assert.deepEqual(s2.subarray(-DIGEST_SIZE), crypto.hmacSha256(key, s2.subarray(0, -DIGEST_SIZE)))
  })
}

test('a client with a version but no valid digest gets the plain handshake', () => {
  const server = new ServerHandshake(crypto)
  const c0c1 = new Uint8Array(1 + HANDSHAKE_SIZE).fill(9)
  c0c1[0] = 3
  const { send } = server.receive(c0c1)
  assert.equal(server.kind, 'plain')
  assert.deepEqual(send.subarray(1 + HANDSHAKE_SIZE), c0c1.subarray(1))
})

test('bytes behind C2 are left for the chunk stream', () => {
  const server = new ServerHandshake(crypto)
  const bytes = new Uint8Array(1 + 2 * HANDSHAKE_SIZE + 10)
  bytes[0] = 3
  const { done, consumed } = server.receive(bytes)
  assert.equal(done, true)
  assert.equal(consumed, 1 + 2 * HANDSHAKE_SIZE)
})

test('HTTP, TLS and RTMPE are refused at their first byte', () => {
  for (const first of [0x47, 0x16, 6]) {
    assert.throws(
      () => new ServerHandshake(crypto).receive(Uint8Array.of(first)),
      (error) => error instanceof MediaError && error.code === 'unsupported',
    )
  }
})

test('a client refuses a server of another version', () => {
  assert.throws(() => new ClientHandshake(crypto, 'plain').receive(Uint8Array.of(6)), MediaError)
})

function feed(
  side: ServerHandshake | ClientHandshake,
  bytes: Uint8Array,
  step: number,
): { send: Uint8Array; done: boolean } {
  const sent: Uint8Array[] = []
  let done = false
  for (let at = 0; at < bytes.byteLength; at += step) {
    const result = side.receive(bytes.subarray(at, at + step))
    sent.push(result.send)
    done = result.done
  }
  return { send: new Uint8Array(Buffer.concat(sent)), done }
}
