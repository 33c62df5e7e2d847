import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BitWriter } from '../../bytes/bit-writer.ts'
import { MediaError } from '../../error.ts'
import { parseAsc } from './asc.ts'

/** AudioSpecificConfig of AAC LC up to extensionFlag. */
function lc(rateIndex: number, channelConfiguration: number, frameLengthFlag = 0): BitWriter {
  return new BitWriter().u(5, 2).u(4, rateIndex).u(4, channelConfiguration).u(1, frameLengthFlag).u(2, 0)
}

test('AAC LC: 00010 0011 0010 000', () => {
  assert.deepEqual(parseAsc(Uint8Array.of(0x11, 0x90)), {
    objectType: 2,
    sbr: false,
    ps: false,
    coreSampleRate: 48_000,
    sampleRate: 48_000,
    channelConfiguration: 2,
    channels: 2,
    coreFrameLength: 1024,
  })
})

test('every sampling frequency index', () => {
  const rates = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350]
  for (const [index, rate] of rates.entries()) assert.equal(parseAsc(lc(index, 1).finish()).sampleRate, rate)
  for (const index of [13, 14]) assert.throws(() => parseAsc(lc(index, 1).finish()), { code: 'malformed' })
})

test('a sampling frequency written out', () => {
  const asc = (rate: number) => new BitWriter().u(5, 2).u(4, 15).u(24, rate).u(4, 2).u(3, 0).finish()
  assert.equal(parseAsc(asc(44_056)).sampleRate, 44_056)
  assert.throws(() => parseAsc(asc(0)), { code: 'malformed' })
  assert.throws(() => parseAsc(asc(16_000_000)), { code: 'malformed' })
})

test('channel configurations', () => {
  const channels = [1, 2, 3, 4, 5, 6, 7, 11, 12, 14].map((config) => parseAsc(lc(3, config).finish()).channels)
  assert.deepEqual(channels, [1, 2, 3, 4, 5, 6, 8, 7, 8, 8])
  for (const config of [8, 9, 10, 13, 15]) assert.throws(() => parseAsc(lc(3, config).finish()), { code: 'malformed' })
})

test('a program config element counts its channels', () => {
  const bits = lc(3, 0).u(4, 0).u(2, 1).u(4, 3)
  bits.u(4, 2).u(4, 0).u(4, 1).u(2, 1).u(3, 0).u(4, 0) // 2 front, 1 back, 1 LFE
  bits.u(3, 0) // no mixdown
  bits.u(5, 0b0_0000).u(5, 0b1_0000).u(5, 0b1_0001).u(4, 0) // SCE, CPE, CPE, LFE tag
  assert.equal(parseAsc(bits.u(1, 0).u(8, 0).finish()).channels, 6)
})

test('960 samples a frame', () => {
  assert.equal(parseAsc(lc(3, 2, 1).finish()).coreFrameLength, 960)
})

test('SBR signalled in front: object type 5, output at twice the rate', () => {
  const { sbr, ps, coreSampleRate, sampleRate, channels } = parseAsc(Uint8Array.of(0x2b, 0x11, 0x88, 0x00))
  assert.deepEqual([sbr, ps, coreSampleRate, sampleRate, channels], [true, false, 24_000, 48_000, 2])
})

test('SBR and PS signalled in front: object type 29, mono becomes stereo', () => {
  const asc = new BitWriter().u(5, 29).u(4, 6).u(4, 1).u(4, 3).u(5, 2).u(3, 0).finish()
  const { sbr, ps, sampleRate, channels } = parseAsc(asc)
  assert.deepEqual([sbr, ps, sampleRate, channels], [true, true, 48_000, 2])
})

test('SBR signalled behind, without and with PS', () => {
  const sbr = lc(7, 1).u(11, 0x2b7).u(5, 5).flag(true).u(4, 4)
  assert.deepEqual([parseAsc(sbr.finish()).sampleRate, parseAsc(sbr.finish()).ps], [44_100, false])
  const ps = parseAsc(sbr.u(11, 0x548).flag(true).finish())
  assert.deepEqual([ps.sampleRate, ps.ps, ps.channels], [44_100, true, 2])
})

test("FFmpeg's ending that denies SBR, and bytes that mean nothing", () => {
  assert.equal(parseAsc(Uint8Array.of(0x12, 0x10, 0x56, 0xe5, 0x00)).sbr, false)
  assert.equal(parseAsc(Uint8Array.of(0x12, 0x10, 0xff, 0xff, 0xff, 0xff)).sbr, false)
})

test('an SBR rate other than the same or twice is malformed', () => {
  const asc = new BitWriter().u(5, 5).u(4, 7).u(4, 2).u(4, 3).u(5, 2).u(3, 0).finish()
  assert.throws(() => parseAsc(asc), { code: 'malformed' })
})

test('other object types are unsupported and named', () => {
  for (const [type, bits] of [
    [1, new BitWriter().u(5, 1).u(4, 3).u(4, 2).u(3, 0)],
    [42, new BitWriter().u(5, 31).u(6, 10).u(4, 3).u(4, 2).u(3, 0)],
  ] as const) {
    assert.throws(
      () => parseAsc(bits.finish()),
      (error) => {
        assert(error instanceof MediaError)
        assert.equal(error.code, 'unsupported')
        assert.match(error.message, new RegExp(`type ${type};`))
        return true
      },
    )
  }
})

test('cut at every byte it is truncated', () => {
  for (const asc of [lc(3, 2), new BitWriter().u(5, 29).u(4, 6).u(4, 1).u(4, 3).u(5, 2).u(3, 0)]) {
    const whole = asc.finish()
    for (let length = 0; length < whole.byteLength - 1; length++) {
      assert.throws(() => parseAsc(whole.subarray(0, length)), { code: 'truncated' })
    }
  }
})
