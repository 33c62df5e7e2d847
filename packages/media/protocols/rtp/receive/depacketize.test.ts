import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../../error.ts'
import { packetizeH264 } from '../h264.ts'
import { parseRtp } from '../packet.ts'
import { writeRtpHeader } from '../payload.ts'
import { av1 } from './av1.ts'
import type { Depacketizer } from './depacketizer.ts'
import { bytes } from './fixtures.ts'
import { h264 } from './h264.ts'
import { hevc } from './hevc.ts'
import { vp8 } from './vp8.ts'
import { vp9 } from './vp9.ts'

const hex = (data: Uint8Array | undefined) => data && Buffer.from(data).toString('hex')

// SPS, PPS, IDR slice (first_mb_in_slice 0, slice_type 7), P slice.
const SPS = bytes(0x67, 0x42, 0xc0, 0x1f)
const PPS = bytes(0x68, 0xce, 0x3c, 0x80)
const IDR = bytes(0x65, 0x88, 0x84, 0x01, 0x02, 0x03)
const SLICE = bytes(0x41, 0x9a, 0x02, 0x03)

test('H.264: a single NAL unit, an aggregate, fragments', () => {
  assert.deepEqual(hex(h264.assemble([SLICE])?.data), '00000004419a0203')
  assert.equal(h264.assemble([SLICE])?.key, false)
  const key = [
    // STAP-A, two NAL units with their sizes.
    bytes(0x78, 0, 4, ...SPS, 0, 4, ...PPS),
    // FU-A of type 5: start, middle, end. The NAL unit's first byte is made of indicator and header.
    bytes(0x7c, 0x85, 0x88),
    bytes(0x7c, 0x05, 0x84, 0x01),
    bytes(0x7c, 0x45, 0x02, 0x03),
  ]
  const picture = h264.assemble(key)
  assert.equal(hex(picture?.data), '000000046742c01f0000000468ce3c8000000006658884010203')
  assert.equal(picture?.key, true)
  assert.deepEqual(key.map(h264.beginsKeyFrame), [true, false, false, false])
})

test('H.264: what our own packetiser makes comes back as it was, whatever the size of payloads', () => {
  const nals = [SPS, PPS, IDR, Uint8Array.from({ length: 5_000 }, (_, i) => (i === 0 ? 0x41 : 1 + (i % 250)))]
  const unit = Buffer.concat(nals.flatMap((nal) => [Buffer.from([0, 0, nal.length >> 8, nal.length & 255]), nal]))
  for (const most of [8, 50, 1160]) {
    const payloads = packetizeH264(unit, new Uint8Array(), most).map((payload, i) => {
      const header = { payloadType: 96, sequence: i, timestamp: 0, ssrc: 1 }
      return parseRtp(writeRtpHeader(payload, header, new Uint8Array()).slice()).payload
    })
    assert.equal(hex(h264.assemble(payloads)?.data), hex(unit), `payloads of ${most} bytes`)
  }
})

test('H.264: fragments without beginning or end, and interleaved structures, are refused', () => {
  const refused: readonly (readonly Uint8Array[])[] = [
    [bytes(0x7c, 0x05, 1)],
    [bytes(0x7c, 0x85, 1)],
    [bytes(0x7c, 0x85, 1), SLICE],
    [bytes(0x7c, 0x85, 1), bytes(0x7c, 0x85, 1)],
    [bytes(0x7c)],
    // STAP-B, MTAP16, FU-B.
    [bytes(0x79, 0, 0)],
    [bytes(0x7a, 0, 0)],
    [bytes(0x7d, 0x85, 0, 0)],
    // A size that runs past the end.
    [bytes(0x78, 0, 9, 0x67)],
  ]
  for (const payloads of refused) assert.throws(() => h264.assemble(payloads), MediaError, hex(payloads[0]))
})

test('HEVC: aggregates and fragments', () => {
  const [vps, sps, pps] = [bytes(0x40, 1, 0x0c), bytes(0x42, 1, 1), bytes(0x44, 1, 0xc0)]
  const key = [
    // AP (type 48) with three NAL units.
    bytes(0x60, 1, 0, 3, ...vps, 0, 3, ...sps, 0, 3, ...pps),
    // FU (type 49) of IDR_W_RADL (19): start and end.
    bytes(0x62, 1, 0x93, 0xaf, 1),
    bytes(0x62, 1, 0x53, 2, 3),
  ]
  const picture = hevc.assemble(key)
  assert.equal(hex(picture?.data), '0000000340010c00000003420101000000034401c0000000062601af010203')
  assert.deepEqual([picture?.key, ...key.map(hevc.beginsKeyFrame)], [true, true, false, false])
  assert.equal(hevc.assemble([bytes(0x02, 1, 0xd0, 9)])?.key, false)
  assert.throws(() => hevc.assemble([bytes(0x64, 1, 0)]), MediaError, 'PACI')
})

// Sequence header and a key frame: show_existing_frame 0, frame_type 0, show_frame 1.
const SEQUENCE = bytes(0x08, 0, 0, 0)
const FRAME = bytes(0x30, 0x10, 1, 2, 3)

test('AV1: OBUs get their sizes; elements with and without size, over packets', () => {
  const expected = '0a03000000320410010203'
  // W=2, N: the last element has no size.
  const whole = [bytes(0x28, 4, ...SEQUENCE, ...FRAME)]
  assert.equal(hex(av1.assemble(whole)?.data), expected)
  assert.equal(av1.beginsKeyFrame(whole[0] as Uint8Array), true)
  // W=0: each has one; Y: the last goes on in the next packet, which says so by Z.
  const cut = [bytes(0x48, 4, ...SEQUENCE, 2, ...FRAME.subarray(0, 2)), bytes(0x90, ...FRAME.subarray(2))]
  assert.equal(hex(av1.assemble(cut)?.data), expected)
  // A temporal delimiter is left out.
  assert.equal(hex(av1.assemble([bytes(0x38, 2, 0x12, 0, 4, ...SEQUENCE, ...FRAME)])?.data), expected)
  assert.throws(() => av1.assemble([cut[1] as Uint8Array]), MediaError)
  assert.throws(() => av1.assemble([cut[0] as Uint8Array]), MediaError)
})

test('VP8: descriptors of every length', () => {
  // S, PID 0, no extension; key frame (first bit 0).
  assert.equal(hex(vp8.assemble([bytes(0x10, 0x10, 1, 2), bytes(0x00, 3)])?.data), '10010203')
  // X with I (15 bits), L, T and K.
  const long = bytes(0x90, 0xf0, 0x81, 0x23, 7, 0x20, 0x11, 9)
  assert.deepEqual([hex(vp8.assemble([long])?.data), vp8.assemble([long])?.key], ['1109', false])
  // Another partition than the first is no beginning.
  assert.throws(() => vp8.assemble([bytes(0x11, 0x10)]), MediaError)
  assert.deepEqual(
    [vp8.beginsKeyFrame(bytes(0x10, 0x10)), vp8.beginsKeyFrame(long), vp8.beginsKeyFrame(bytes(0x90))],
    [true, false, false],
  )
})

test('VP9: descriptors of every length; higher spatial layers are left out', () => {
  // I (15 bits), L, B, E, V: picture id, layer indices, TL0PICIDX, a structure of one layer with its size and one picture.
  const key = bytes(0xae, 0x80, 1, 0x00, 5, 0x18, 1, 0x40, 0, 0xf0, 1, 0x04, 0x01, 0x82, 0x49)
  assert.deepEqual(
    [hex(vp9.assemble([key])?.data), vp9.assemble([key])?.key, vp9.beginsKeyFrame(key)],
    ['8249', true, true],
  )
  // Flexible and predicted: one reference.
  const predicted = bytes(0xfc, 1, 0x00, 0x02, 0x86)
  assert.deepEqual([hex(vp9.assemble([predicted])?.data), vp9.assemble([predicted])?.key], ['86', false])
  const higher = bytes(0xbc, 1, 0x02, 0xff)
  assert.equal(hex(vp9.assemble([predicted, higher])?.data), '86')
  assert.throws(() => vp9.assemble([bytes(0xa4, 1, 0, 0, 1)]), MediaError, 'no beginning')
})

test('payloads cut anywhere are refused or read, and never more than that', () => {
  const all: readonly (readonly [Depacketizer, Uint8Array])[] = [
    [h264, bytes(0x78, 0, 4, ...SPS, 0, 6, ...IDR)],
    [hevc, bytes(0x60, 1, 0, 3, 0x42, 1, 1, 0, 4, 0x26, 1, 0xaf, 1)],
    [av1, bytes(0x28, 4, ...SEQUENCE, ...FRAME)],
    [vp8, bytes(0x90, 0xf0, 0x81, 0x23, 7, 0x20, 0x10, 9)],
    [vp9, bytes(0xae, 0x80, 1, 0x00, 5, 0x18, 1, 0x40, 0, 0xf0, 1, 0x04, 0x01, 0x82, 0x49)],
  ]
  for (const [depacketizer, payload] of all) {
    for (let length = 0; length < payload.byteLength; length++) {
      const cut = payload.subarray(0, length)
      depacketizer.beginsKeyFrame(cut)
      try {
        const { data } = depacketizer.assemble([cut]) ?? {}
        assert.ok((data?.byteLength ?? 0) <= length + 16)
      } catch (error) {
        assert.ok(error instanceof MediaError, String(error))
      }
    }
  }
})

test('a picture of too many parts is refused before it is put together', () => {
  const nal = [0, 1, 0x01]
  const payload = bytes(0x78, ...Array.from({ length: 400 }, () => nal).flat())
  assert.throws(() => h264.assemble(Array.from({ length: 10 }, () => payload)), { code: 'too-large' })
})
