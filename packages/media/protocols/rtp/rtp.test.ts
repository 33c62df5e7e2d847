import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import {
  absSendTime,
  parseHeaderExtensions,
  playoutDelay,
  printHeaderExtensions,
  transportSequence,
} from './header-extension.ts'
import { RTP_LIMITS } from './limits.ts'
import { isRtcp, parseRtp } from './packet.ts'
import { createPayload, writeRtpHeader } from './payload.ts'
import { createUnwrapper } from './unwrap.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex'))
const code = (expected: string) => (error: unknown) => error instanceof MediaError && error.code === expected
const NONE = new Uint8Array()

function payloadOf(bytes: Uint8Array, marker: boolean) {
  const payload = createPayload(bytes.byteLength, marker)
  payload.buffer.set(bytes, RTP_LIMITS.headroom)
  return payload
}

const PACKET = [
  '90', // version 2, extension, no CSRC
  'ec', // marker, payload type 108
  'fffe', // sequence
  '89abcdef', // timestamp
  'c0ffee01', // SSRC
  'bede 0002', // one-byte headers, two words
  '22 112233', // id 2, three bytes
  '90 30', // id 9, one byte: "0"
  '0000', // padding
  'aabb', // payload
].join(' ')

test('a header with extensions is written in front of a shared payload', () => {
  const extensions = printHeaderExtensions([
    { id: 2, data: hex('112233') },
    { id: 9, data: hex('30') },
  ])
  const header = { payloadType: 108, sequence: 0xfffe, timestamp: 0x89abcdef, ssrc: 0xc0ffee01 }
  const payload = payloadOf(hex('aabb'), true)
  assert.deepEqual(writeRtpHeader(payload, header, extensions), hex(PACKET))
  // The next peer has none, and finds the payload as it was.
  const plain = writeRtpHeader(payload, { payloadType: 96, sequence: 1, timestamp: 2, ssrc: 3 }, NONE)
  assert.deepEqual(plain, hex('80 e0 0001 00000002 00000003 aabb'))
})

test('a retransmission has the number that it had at first in front of its payload, behind the extensions', () => {
  const payload = payloadOf(hex('aabb'), true)
  const header = { payloadType: 109, sequence: 7, timestamp: 2, ssrc: 4 }
  const extensions = printHeaderExtensions([{ id: 9, data: hex('30') }])
  assert.deepEqual(
    writeRtpHeader(payload, header, extensions, 0xfffe),
    hex('90 ed 0007 00000002 00000004 bede0001 90300000 fffe aabb'),
  )
  assert.deepEqual(writeRtpHeader(payload, header, NONE, 1), hex('80 ed 0007 00000002 00000004 0001 aabb'))
  assert.deepEqual(writeRtpHeader(payload, header, NONE), hex('80 ed 0007 00000002 00000004 aabb'))
})

test('a packet is read field by field', () => {
  assert.deepEqual(parseRtp(hex(PACKET)), {
    marker: true,
    payloadType: 108,
    sequence: 0xfffe,
    timestamp: 0x89abcdef,
    ssrc: 0xc0ffee01,
    csrcs: [],
    extensions: [
      { id: 2, data: hex('112233') },
      { id: 9, data: hex('30') },
    ],
    payload: hex('aabb'),
  })
})

test('contributing sources and padding are read', () => {
  const packet = parseRtp(hex('a1 60 0001 00000002 00000003 00000004 aabb 0002'))
  assert.deepEqual([packet.csrcs, packet.payload], [[4], hex('aabb')])
})

test('a packet cut anywhere in its header is truncated', () => {
  const whole = hex(PACKET)
  for (let end = 0; end < whole.byteLength - 2; end++) {
    assert.throws(() => parseRtp(whole.subarray(0, end)), code('truncated'), `cut at ${end}`)
  }
})

test('another version, and padding that does not fit, are malformed', () => {
  assert.throws(() => parseRtp(hex('40 60 0001 00000002 00000003')), code('malformed'))
  assert.throws(() => parseRtp(hex('a0 60 0001 00000002 00000003 aa00')), code('malformed'))
  assert.throws(() => parseRtp(hex('a0 60 0001 00000002 00000003 aa03')), code('malformed'))
})

test('two-byte extension headers are read, id 15 ends one-byte ones, foreign profiles are ignored', () => {
  assert.deepEqual(parseHeaderExtensions(0x1003, hex('20 00 00 21 02 aabb')), [
    { id: 32, data: NONE },
    { id: 33, data: hex('aabb') },
  ])
  assert.deepEqual(parseHeaderExtensions(0xbede, hex('10 aa f0 10 bb')), [{ id: 1, data: hex('aa') }])
  assert.deepEqual(parseHeaderExtensions(0x4711, hex('10 aa')), [])
})

test('an extension that has no one-byte header is refused, and a block that exceeds the headroom', () => {
  for (const [id, length] of [
    [0, 1],
    [15, 1],
    [1, 0],
    [1, 17],
  ] as const) {
    assert.throws(() => printHeaderExtensions([{ id, data: new Uint8Array(length) }]), code('malformed'))
  }
  const header = { payloadType: 96, sequence: 1, timestamp: 2, ssrc: 3 }
  assert.throws(() => writeRtpHeader(payloadOf(NONE, false), header, new Uint8Array(40)), code('too-large'))
})

test('values of extensions', () => {
  assert.deepEqual(playoutDelay(100, 40_950), hex('00a fff'))
  assert.deepEqual(playoutDelay(-1, 99_999), hex('000 fff'))
  assert.deepEqual(absSendTime(64_500), hex('020000')) // half a second: 2^17
  assert.deepEqual(transportSequence(0x1ffff), hex('ffff'))
})

test('RTCP is told from RTP by its second byte', () => {
  assert.deepEqual([hex('80c8'), hex('80df'), hex('80bf'), hex('80e0'), NONE].map(isRtcp), [
    true,
    true,
    false,
    false,
    false,
  ])
})

test('sequence numbers go on rising over a wrap, late ones come out lower', () => {
  const unwrap = createUnwrapper(16)
  assert.deepEqual([65_534, 0, 65_535, 1, 40_000].map(unwrap), [65_534, 65_536, 65_535, 65_537, 40_000])
})

test('timestamps wrap at 32 bits', () => {
  const unwrap = createUnwrapper(32)
  assert.deepEqual([0xffffffff, 3000].map(unwrap), [0xffffffff, 2 ** 32 + 3000])
})
