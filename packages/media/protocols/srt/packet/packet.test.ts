import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MediaError } from '../../../error.ts'
import { fromHex } from '../testing/hex.ts'
import { conclusion, induction } from '../testing/recorded.ts'
import { parseAck, writeAck } from './ack.ts'
import { parseCapabilities, printVersion, writeCapabilities } from './capabilities.ts'
import { isRetransmitted, keyOf, markRetransmitted, payloadOf, sequenceOf, writeDataPacket } from './data.ts'
import { parseDropRequest, writeDropRequest } from './drop-request.ts'
import { writeAckAck, writeKeepAlive, writeShutdown } from './empty.ts'
import { handshakeSocketOf, parseHandshake, writeHandshake } from './handshake.ts'
import { destinationOf, isControl, parseControlHeader, timestampOf } from './header.ts'
import { parseKeyMaterial, writeKeyMaterial } from './key-material.ts'
import { parseNak, writeNak } from './nak.ts'
import { parseTextExtension, writeTextExtension } from './text-extension.ts'

const to = { timestamp: 0x01020304, destination: 0x3f43527d }
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('packets as the specification lays them out', () => {
  it('data (3.1)', () => {
    const golden = fromHex(`
      11591dcf  | data, sequence number
      d0000007  | PP 11: whole message; O 0; KK 10: odd key; R 0; message 7
      01020304  | timestamp
      3f43527d  | destination
      47400011  | payload`)
    const payload = golden.slice(16)
    const written = writeDataPacket({ sequence: 0x11591dcf, key: 2, message: 7, payload, ...to })
    assert.equal(hex(written), hex(golden))
    assert.equal(isControl(golden), false)
    assert.deepEqual([sequenceOf(golden), keyOf(golden), isRetransmitted(golden)], [0x11591dcf, 2, false])
    assert.deepEqual([timestampOf(golden), destinationOf(golden)], [to.timestamp, to.destination])
    assert.deepEqual(payloadOf(golden), payload)
    markRetransmitted(golden)
    assert.equal(golden[4], 0xd4)
    assert.equal(isRetransmitted(golden), true)
  })

  it('full, small and light ACK (3.2.4)', () => {
    const golden = fromHex(`
      80020000 00000009 01020304 3f43527d | ACK number 9
      11591dd0  | next expected
      00013880  | round trip 80000 us
      00002710  | variance 10000 us
      00001ff0  | room for 8176 packets
      0000017c  | 380 packets/s
      000003e8  | capacity 1000 packets/s
      0007d000  | 512000 bytes/s`)
    const measured = { roundTrip: 80_000, variance: 10_000, available: 8176, packetRate: 380, capacity: 1000 }
    const ack = { sequence: 0x11591dd0, measured: { ...measured, byteRate: 512_000 } }
    assert.equal(hex(writeAck({ ...to, information: 9 }, ack)), hex(golden))
    assert.deepEqual(parseAck(golden), ack)
    const { roundTrip, variance, available } = measured
    const small = { sequence: 0x11591dd0, measured: { roundTrip, variance, available } }
    assert.deepEqual(parseAck(golden.subarray(0, 32)), small)
    assert.equal(hex(writeAck({ ...to, information: 9 }, small)), hex(golden.subarray(0, 32)))
    assert.deepEqual(parseAck(golden.subarray(0, 20)), { sequence: 0x11591dd0 })
    assert.equal(hex(writeAck({ ...to, information: 9 }, { sequence: 0x11591dd0 })), hex(golden.subarray(0, 20)))
  })

  it('loss report (3.2.5, appendix A)', () => {
    const golden = fromHex(`
      80030000 00000000 01020304 3f43527d
      00000005  | one packet
      80000007  | from 7
      00000009  | to 9
      7fffffff  | the last before the wrap`)
    const ranges = [
      { first: 5, last: 5 },
      { first: 7, last: 9 },
      { first: 0x7fffffff, last: 0x7fffffff },
    ]
    assert.equal(hex(writeNak(to, ranges)), hex(golden))
    assert.deepEqual(parseNak(golden, 10), ranges)
    assert.deepEqual(parseNak(golden, 2), ranges.slice(0, 2))
    assert.throws(() => parseNak(golden.subarray(0, 24), 10), { code: 'malformed' })
  })

  it('drop request (3.2.9)', () => {
    const golden = fromHex(`80070000 00000003 01020304 3f43527d 00000005 00000009`)
    assert.equal(hex(writeDropRequest({ ...to, information: 3 }, { first: 5, last: 9 })), hex(golden))
    assert.deepEqual(parseDropRequest(golden), { first: 5, last: 9 })
  })

  it('keep-alive (3.2.3), shutdown (3.2.7), ACKACK (3.2.8)', () => {
    assert.equal(hex(writeKeepAlive(to)), '8001000000000000010203043f43527d00000000')
    assert.equal(hex(writeShutdown(to)), '8005000000000000010203043f43527d00000000')
    assert.equal(hex(writeAckAck(to, 9)), '8006000000000009010203043f43527d00000000')
  })

  it('induction and conclusion as libsrt sends them (3.2.1)', () => {
    const first = parseHandshake(induction, 16)
    assert.deepEqual([first.version, first.type, first.socketId], [4, 1, 0x3f43527d])
    const second = parseHandshake(conclusion, 16)
    assert.deepEqual([second.version, second.encryption, second.extensionField], [5, 4, 7])
    assert.deepEqual([second.mtu, second.flowWindow, second.cookie], [1500, 8192, 0x42b7b818])
    assert.deepEqual(
      second.extensions.map(({ type, contents }) => [type, contents.byteLength]),
      [
        [1, 12],
        [5, 16],
        [3, 72],
      ],
    )
    assert.equal(handshakeSocketOf(conclusion), 0x3f43527d)
    const [capabilities, streamId, keys] = second.extensions.map(({ contents }) => contents)
    assert.deepEqual(parseCapabilities(capabilities ?? new Uint8Array()), {
      version: 0x010501,
      flags: 0xbf,
      receiverDelay: 200,
      senderDelay: 200,
    })
    assert.equal(parseTextExtension(streamId ?? new Uint8Array(), 512), 'publish:some-key')
    const material = parseKeyMaterial(keys ?? new Uint8Array())
    assert.deepEqual([material.keys, material.cipher, material.keyLength], [1, 2, 32])
    assert.equal(hex(writeKeyMaterial(material)), hex(keys ?? new Uint8Array()))
    // All but the address, which is left at zero.
    const written = writeHandshake({ timestamp: timestampOf(conclusion), destination: 0 }, second)
    const expected = conclusion.slice()
    expected.fill(0, 48, 64)
    assert.equal(hex(written), hex(expected))
  })

  it('texts fill whole words, whatever their length', () => {
    for (const text of ['', 'a', 'abc', 'abcd', 'Zürich', 'x'.repeat(512)])
      assert.equal(parseTextExtension(writeTextExtension(text), 512), text)
    assert.throws(() => parseTextExtension(writeTextExtension('x'.repeat(513)), 512), { code: 'too-large' })
    assert.equal(hex(writeTextExtension('STREAM')), hex(fromHex('45525453 00004d41')))
  })

  it('versions read as people write them', () => {
    assert.equal(printVersion(0x010501), '1.5.1')
    const capabilities = { version: 0x010405, flags: 0xbf, receiverDelay: 120, senderDelay: 0 }
    assert.deepEqual(parseCapabilities(writeCapabilities(capabilities)), capabilities)
  })

  it('every decoder, cut at every offset, reads or says that it was cut', () => {
    const ack = writeAck({ ...to, information: 1 }, { sequence: 1 })
    const nak = writeNak(to, [{ first: 1, last: 4 }])
    const drop = writeDropRequest({ ...to, information: 0 }, { first: 1, last: 4 })
    const decoders: readonly (readonly [Uint8Array, (bytes: Uint8Array) => unknown])[] = [
      [conclusion, (bytes) => parseHandshake(bytes, 16)],
      [conclusion, parseControlHeader],
      [conclusion.slice(104), parseKeyMaterial],
      [conclusion.slice(68, 80), parseCapabilities],
      [ack, parseAck],
      [nak, (bytes) => parseNak(bytes, 10)],
      [drop, parseDropRequest],
    ]
    for (const [golden, decode] of decoders) {
      decode(golden)
      let failed = 0
      for (let length = 0; length < golden.byteLength; length++) {
        try {
          decode(golden.slice(0, length))
        } catch (error) {
          assert.ok(error instanceof MediaError, String(error))
          failed++
        }
      }
      assert.ok(failed > 0)
    }
  })

  it('an extension that is longer than the packet, and too many of them, are refused', () => {
    const long = conclusion.slice()
    long[67] = 0xff
    assert.throws(() => parseHandshake(long, 16), { code: 'truncated' })
    assert.throws(() => parseHandshake(conclusion, 2), { code: 'too-large' })
  })
})
