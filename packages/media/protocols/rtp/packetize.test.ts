import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inBandParameterSets } from '../../codecs/h264/avcc.ts'
import { AVCC, fromHex } from '../../codecs/h264/fixtures.ts'
import { MediaError } from '../../error.ts'
import { packetizeH264 } from './h264.ts'
import { RTP_LIMITS } from './limits.ts'
import { packetizeOpus } from './opus.ts'
import type { RtpPayload } from './payload.ts'

const code = (expected: string) => (error: unknown) => error instanceof MediaError && error.code === expected
const NONE = new Uint8Array()
const bytesOf = (payload: RtpPayload) => payload.buffer.subarray(RTP_LIMITS.headroom)
const hexOf = (payloads: readonly RtpPayload[]) => payloads.map((one) => Buffer.from(bytesOf(one)).toString('hex'))

/** Length-prefixed NAL units. */
function unitOf(...nals: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(nals.flatMap((nal) => [fromHex(nal.length.toString(16).padStart(8, '0')), nal])))
}

/** A NAL unit of `length` bytes that counts on. */
function nal(first: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i === 0 ? first : i & 0xff))
}

test('a small NAL unit is a payload of its own, with the marker', () => {
  const payloads = packetizeH264(unitOf(fromHex('419a01')), NONE, 100)
  assert.deepEqual(hexOf(payloads), ['419a01'])
  assert.equal(payloads[0]?.marker, true)
})

test('parameter sets go in front of a key frame, together with what else is small', () => {
  const sets = unitOf(fromHex('6742'), fromHex('68ce'))
  const [payload] = packetizeH264(unitOf(fromHex('0605'), fromHex('658801')), sets, 100)
  assert.deepEqual(hexOf(payload ? [payload] : []), [
    [
      '78', // F 0, NRI 3 (the highest of the units), type 24
      '0002 6742', // size, sequence parameter set
      '0002 68ce',
      '0002 0605', // SEI
      '0003 658801', // IDR slice
    ]
      .join('')
      .replaceAll(' ', ''),
  ])
})

test('a large NAL unit is cut into fragments of nearly equal size, marker on the last', () => {
  const payloads = packetizeH264(unitOf(nal(0x65, 12)), NONE, 6)
  assert.deepEqual(hexOf(payloads), [
    '7c 85 010203'.replaceAll(' ', ''), // NRI 3, type 28; start, type 5
    '7c 05 04050607'.replaceAll(' ', ''),
    '7c 45 08090a0b'.replaceAll(' ', ''), // end
  ])
  assert.deepEqual(
    payloads.map(({ marker }) => marker),
    [false, false, true],
  )
})

test('only the last payload of several NAL units has the marker', () => {
  const payloads = packetizeH264(unitOf(nal(0x41, 90), nal(0x41, 300), nal(0x41, 90)), NONE, 100)
  assert.deepEqual(
    payloads.map(({ marker }) => marker),
    payloads.map((_, i) => i === payloads.length - 1),
  )
})

test('delimiters, padding and types that would be payload structures are not sent', () => {
  const unit = unitOf(fromHex('09f0'), fromHex('0cff80'), NONE, fromHex('7801'), fromHex('7c01'), fromHex('00'))
  assert.deepEqual(packetizeH264(unit, NONE, 100), [])
})

test('no payload exceeds its bound, and joined again they are the NAL units that went in', () => {
  const sets = inBandParameterSets(AVCC.hd1080)
  for (const max of [4, 5, 17, 100, 1160]) {
    const nals = [1, 2, 3, max - 1, max, max + 1, 2 * max, 1, 1, 3000].map((length) => nal(0x41, length))
    const payloads = packetizeH264(unitOf(...nals), sets, max)
    assert.ok(payloads.every((payload) => bytesOf(payload).byteLength <= max))
    const joined = unitOf(...depacketize(payloads.map(bytesOf)))
    assert.deepEqual(joined, new Uint8Array(Buffer.concat([sets, unitOf(...nals)])), `payloads of ${max}`)
  }
})

/** The receiver's side of RFC 6184 §5.6 to §5.8, as plain as can be. */
function depacketize(payloads: readonly Uint8Array[]): Uint8Array[] {
  const nals: Uint8Array[] = []
  for (const payload of payloads) {
    const [first = 0, second = 0] = payload
    const type = first & 31
    if (type === 24) {
      for (let at = 1; at < payload.length; ) {
        const size = (payload[at] ?? 0) * 256 + (payload[at + 1] ?? 0)
        nals.push(payload.subarray(at + 2, at + 2 + size))
        at += 2 + size
      }
    } else if (type === 28) {
      if (second & 0x80) nals.push(Uint8Array.of((first & 0xe0) | (second & 31)))
      nals.push(new Uint8Array(Buffer.concat([nals.pop() ?? NONE, payload.subarray(2)])))
    } else nals.push(payload)
  }
  return nals
}

test('a unit that ends within a NAL unit is truncated, a bound that nothing fits into too large', () => {
  assert.throws(() => packetizeH264(fromHex('0000000541'), NONE, 100), code('truncated'))
  assert.throws(() => packetizeH264(NONE, NONE, 3), code('too-large'))
})

test('an Opus packet is one payload without marker, and is never cut', () => {
  const payload = packetizeOpus(fromHex('fc0102'), 3)
  assert.deepEqual([...hexOf([payload]), payload.marker], ['fc0102', false])
  assert.throws(() => packetizeOpus(fromHex('fc010203'), 3), code('too-large'))
  assert.throws(() => packetizeOpus(NONE, 3), code('malformed'))
})
