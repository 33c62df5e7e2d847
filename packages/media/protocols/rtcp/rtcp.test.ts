import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MediaError } from '../../error.ts'
import { parseRtcp, printRtcp, type RtcpPacket } from './compound.ts'
import { middleOfNtp, ntpTime, roundTrip } from './report.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex'))
const code = (expected: string) => (error: unknown) => error instanceof MediaError && error.code === expected

const block = {
  ssrc: 0xa1a2a3a4,
  fractionLost: 64,
  lost: -2,
  highestSequence: 0x0001fffe,
  jitter: 900,
  lastSr: 0x80000001,
  delaySinceLastSr: 0x00010000,
}
const BLOCK = 'a1a2a3a4 40 fffffe 0001fffe 00000384 80000001 00010000'

const golden: readonly (readonly [string, readonly string[], RtcpPacket])[] = [
  [
    'sender report',
    [
      '81 c8 000c', // version 2, one block; type 200; 13 words
      '00000001', // SSRC
      'e8000000 80000000', // NTP time
      '00015f90', // RTP time: one second of 90 kHz
      '00000002 000004b0', // packets, octets
      BLOCK,
    ],
    {
      type: 'sr',
      ssrc: 1,
      ntpSeconds: 0xe8000000,
      ntpFraction: 0x80000000,
      rtpTimestamp: 90_000,
      packets: 2,
      octets: 1200,
      reports: [block],
    },
  ],
  ['receiver report', ['81 c9 0007', '00000001', BLOCK], { type: 'rr', ssrc: 1, reports: [block] }],
  [
    'source description',
    [
      '82 ca 0005', // two chunks
      '00000001 01 03 616263 00 0000', // CNAME of three bytes, end, filling
      '00000002 01 00 00 00', // empty CNAME
    ],
    {
      type: 'sdes',
      chunks: [
        { ssrc: 1, cname: 'abc' },
        { ssrc: 2, cname: '' },
      ],
    },
  ],
  ['bye', ['82 cb 0002', '00000001 00000002'], { type: 'bye', ssrcs: [1, 2] }],
  [
    'NACK',
    [
      '81 cd 0004', // format 1, type 205
      '00000001 00000002', // sender, media
      'ffff 8001', // 65535, and the first and sixteenth behind it
      '0100 0000',
    ],
    { type: 'nack', sender: 1, media: 2, sequences: [65_535, 0, 15, 256] },
  ],
  [
    'transport-wide feedback',
    [
      '8f cd 0008', // format 15
      '00000001 00000002', // sender, media
      'fffe 000d', // first sequence, 13 statuses
      'fffffe 05', // reference time -2 × 64 ms, fifth packet
      '2008', // run of eight small deltas
      'd204', // two-bit symbols 1 0 2 0 0 1 0: of five left the first five count
      '04 04 04 04 04 04 04 04', // 1 ms each
      'ff', // small
      'ff38', // large: -50 ms
      '00', // filling
    ],
    {
      type: 'transport-feedback',
      sender: 1,
      media: 2,
      base: 0xfffe,
      referenceTime: -2,
      count: 5,
      deltas: [4, 4, 4, 4, 4, 4, 4, 4, 255, undefined, -200, undefined, undefined],
    },
  ],
  ['PLI', ['81 ce 0002', '00000001 00000002'], { type: 'pli', sender: 1, media: 2 }],
  [
    'FIR',
    ['84 ce 0004', '00000001 00000000', '00000002 07 000000'],
    { type: 'fir', sender: 1, requests: [{ ssrc: 2, sequence: 7 }] },
  ],
  [
    'REMB',
    [
      '8f ce 0005', // format 15, type 206
      '00000001 00000000',
      '52454d42', // "REMB"
      '01 13d090', // one SSRC; exponent 4, mantissa 250000
      '00000002',
    ],
    { type: 'remb', sender: 1, bitrate: 4_000_000, ssrcs: [2] },
  ],
  [
    'extended report',
    [
      '80 cf 0008',
      '00000001',
      '04 00 0002 e8000000 80000000', // receiver reference time
      '05 00 0003 00000002 00008000 00010000', // DLRR, one block
    ],
    {
      type: 'xr',
      ssrc: 1,
      referenceTime: { ntpSeconds: 0xe8000000, ntpFraction: 0x80000000 },
      dlrr: [{ ssrc: 2, lastRr: 0x8000, delaySinceLastRr: 0x10000 }],
    },
  ],
]

for (const [name, lines, packet] of golden) {
  describe(name, () => {
    const bytes = hex(lines.join(''))
    test('is read', () => assert.deepEqual(parseRtcp(bytes), [packet]))
    test('is printed', () => assert.deepEqual(parseRtcp(printRtcp([packet])), [packet]))
    test('is truncated when cut anywhere', () => {
      for (let end = 1; end < bytes.byteLength; end++) {
        assert.throws(() => parseRtcp(bytes.subarray(0, end)), code('truncated'), `cut at ${end}`)
      }
    })
    test('is refused, or less, when it claims fewer words', () => {
      for (let words = 0; words < bytes.byteLength / 4 - 1; words++) {
        const short = bytes.slice(0, (words + 1) * 4)
        short[2] = words >> 8
        short[3] = words
        try {
          assert.notDeepEqual(parseRtcp(short), [packet])
        } catch (error) {
          if (!(error instanceof MediaError)) throw error
        }
      }
    })
  })
}

test('what is printed has the bytes of the specification', () => {
  for (const [name, lines, packet] of golden) {
    // Vectors may be filled up with anything; ours ends early.
    if (packet.type !== 'transport-feedback') assert.deepEqual(printRtcp([packet]), hex(lines.join('')), name)
  }
})

test('a compound of all kinds is read in its order', () => {
  const packets = golden.map(([, , packet]) => packet)
  assert.deepEqual(parseRtcp(printRtcp(packets)), packets)
})

test('nothing is a compound of no packets', () => {
  assert.deepEqual(parseRtcp(new Uint8Array()), [])
  assert.deepEqual(printRtcp([]), new Uint8Array())
})

test('what is not known is left out, padding is not read', () => {
  const unknown = '80 cc 0001 00000000' // APP
  const format = '83 cd 0002 00000001 00000002' // TMMBR
  const application = '8f ce 0002 00000001 00000002' // not REMB
  const padded = 'a1 ce 0003 00000001 00000002 00000004'
  assert.deepEqual(parseRtcp(hex(unknown + format + application + padded)), [{ type: 'pli', sender: 1, media: 2 }])
})

test('other items of a description are read over', () => {
  const tool = '81 ca 0003 00000001 06 01 78 01 01 79 00 00'
  assert.deepEqual(parseRtcp(hex(tool)), [{ type: 'sdes', chunks: [{ ssrc: 1, cname: 'y' }] }])
})

test('another version and impossible padding are malformed', () => {
  assert.throws(() => parseRtcp(hex('41 ce 0000')), code('malformed'))
  assert.throws(() => parseRtcp(hex('a1 ce 0001 00000000')), code('malformed'))
  assert.throws(() => parseRtcp(hex('a1 ce 0001 00000005')), code('malformed'))
})

test('packets, NACKs and statuses are bounded', () => {
  assert.throws(() => parseRtcp(hex('80 cc 0000'.repeat(65))), code('too-large'))
  const nacks = '0000 ffff'.repeat(250)
  assert.throws(() => parseRtcp(hex(`81 cd 00fc 00000001 00000002 ${nacks}`)), code('too-large'))
  assert.throws(() => parseRtcp(hex('8f cd 0005 00000001 00000002 0000 ffff 000000 00 1fff 1fff')), code('too-large'))
})

test('a datagram of many packets tells of no more than one that asks for the most', () => {
  // Two bytes of each say that 2047 packets were lost: a kilobyte and a half could say so of half a million.
  const feedback = '8f cd 0005 00000001 00000002 0000 07ff 000000 00 07ff 0000'
  assert.equal(parseRtcp(hex(feedback.repeat(2))).length, 2)
  assert.throws(() => parseRtcp(hex(feedback.repeat(3))), code('too-large'))
  const nack = `81 cd 00f2 00000001 00000002 ${'0000 ffff'.repeat(240)}`
  assert.equal(parseRtcp(hex(nack)).length, 1)
  assert.throws(() => parseRtcp(hex(nack.repeat(2))), code('too-large'))
})

test('one-bit status vectors are read, the reserved status is malformed', () => {
  const feedback = (chunk: string) => hex(`8f cd 0005 00000001 00000002 0000 0003 000000 00 ${chunk} 01 02`)
  const [packet] = parseRtcp(feedback('a800')) // 1 0 1
  assert.deepEqual(packet?.type === 'transport-feedback' && packet.deltas, [1, undefined, 2])
  assert.throws(() => parseRtcp(feedback('6003')), code('malformed'))
})

test('a status chunk for none does not go on for ever', () => {
  assert.throws(() => parseRtcp(hex('8f cd 0005 00000001 00000002 0000 0003 000000 00 0000 0000')), code('truncated'))
})

test('what a field cannot hold is refused', () => {
  const ssrcs = Array.from({ length: 32 }, (_, i) => i)
  assert.throws(() => printRtcp([{ type: 'bye', ssrcs }]), code('malformed'))
  assert.throws(() => printRtcp([{ type: 'sdes', chunks: [{ ssrc: 1, cname: 'x'.repeat(256) }] }]), code('too-large'))
  const feedback = { type: 'transport-feedback', sender: 1, media: 2, base: 0, referenceTime: 0, count: 0 } as const
  assert.throws(() => printRtcp([{ ...feedback, deltas: [40_000] }]), code('malformed'))
})

test('NACKs in any order keep it', () => {
  const sequences = [10, 9, 8, 30, 46, 47, 46]
  const [packet] = parseRtcp(printRtcp([{ type: 'nack', sender: 1, media: 2, sequences }]))
  assert.deepEqual(packet?.type === 'nack' && packet.sequences, sequences)
})

test('a bitrate above 18 bits keeps its first ones', () => {
  const [packet] = parseRtcp(printRtcp([{ type: 'remb', sender: 1, bitrate: 2 ** 40 + 1, ssrcs: [] }]))
  assert.equal(packet?.type === 'remb' && packet.bitrate, 2 ** 40)
})

test('NTP time begins in 1900', () => {
  assert.deepEqual(ntpTime(500), { ntpSeconds: 2_208_988_800, ntpFraction: 2 ** 31 })
  assert.equal(middleOfNtp(0x12345678, 0x9abcdef0), 0x56789abc)
})

test('the round trip is what passed since the sender report without the time at the peer', () => {
  const report = { ...block, lastSr: 0xffff0000, delaySinceLastSr: 0x8000 }
  assert.equal(roundTrip(report, 0x00001000), (0x9000 * 1000) / 65_536) // the clock has wrapped
  assert.equal(roundTrip({ ...report, lastSr: 0 }, 5), undefined)
  assert.equal(roundTrip(report, 0xffff0001), undefined)
})
