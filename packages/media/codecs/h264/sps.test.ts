import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BitWriter } from '../../bytes/bit-writer.ts'
import { MediaError } from '../../error.ts'
import { parseAvcC } from './avcc.ts'
import { AVCC } from './fixtures.ts'
import { avcCodecString, type H264Sps, parseSps } from './sps.ts'

function sps(avcC: Uint8Array): H264Sps {
  const first = parseAvcC(avcC).sps[0]
  assert(first)
  return parseSps(first)
}

test('1080 rows are cropped from 1088', () => {
  const { width, height, frameMbsOnly, profileIdc, levelIdc } = sps(AVCC.hd1080)
  assert.deepEqual([width, height, frameMbsOnly, profileIdc, levelIdc], [1920, 1080, true, 66, 40])
})

test('field coding halves the map units and doubles the crop unit', () => {
  const { width, height, frameMbsOnly, frameRate } = sps(AVCC.interlaced)
  assert.deepEqual([width, height, frameMbsOnly, frameRate], [1920, 1080, false, 25])
})

test('frame rate is that of frames, exact for 30000/1001', () => {
  assert.equal(sps(AVCC.hd1080).frameRate, 30_000 / 1001)
  assert.equal(sps(AVCC.high444).frameRate, 50)
})

test('sample aspect ratio and colour description', () => {
  const { sampleAspectRatio, colour } = sps(AVCC.sarColour)
  assert.deepEqual(sampleAspectRatio, [64, 45])
  assert.deepEqual(colour, { primaries: 5, transfer: 1, matrix: 5, fullRange: true })
})

test('without a colour description there is none, and pixels are square', () => {
  assert.equal(sps(AVCC.hd1080).colour, undefined)
  assert.deepEqual(sps(AVCC.hd1080).sampleAspectRatio, [1, 1])
})

test('chroma format and bit depth of the high profiles', () => {
  const tenBit = sps(AVCC.high422)
  assert.deepEqual([tenBit.chromaFormatIdc, tenBit.bitDepthLuma, tenBit.bitDepthChroma], [2, 10, 10])
  const full = sps(AVCC.high444)
  assert.deepEqual([full.chromaFormatIdc, full.width, full.height], [3, 322, 182])
})

test('reorder depth tells whether B-frames come', () => {
  assert.equal(sps(AVCC.sarColour).maxNumReorderFrames, 2)
  assert.equal(sps(AVCC.hd1080).maxNumReorderFrames, 0)
})

test('hypothetical reference decoder parameters are passed over', () => {
  const { width, height, frameRate, maxDecFrameBuffering } = sps(AVCC.hrd)
  assert.deepEqual([width, height, frameRate, maxDecFrameBuffering], [640, 360, 30, 1])
})

test('codec string of RFC 6381', () => {
  assert.equal(avcCodecString(sps(AVCC.scaling)), 'avc1.64001e')
  assert.equal(avcCodecString(sps(AVCC.high422)), 'avc1.7a000d')
})

/** Parameter set with the fields that these tests vary; High profile. */
function made(fields: {
  scaling?: boolean
  pocType?: number
  mbs?: [number, number]
  crop?: [number, number, number, number]
  chroma?: number
  vui?: (bits: BitWriter) => void
}): Uint8Array {
  const bits = new BitWriter().u(8, 0x67).u(8, 100).u(8, 0).u(8, 31)
  ue(bits, 0)
  ue(bits, fields.chroma ?? 1)
  ue(bits, 0)
  ue(bits, 0)
  bits.u(1, 0).flag(fields.scaling === true)
  if (fields.scaling === true) {
    // One list of 16 that ends at once (delta −8 makes the next scale 0), seven absent.
    bits.flag(true)
    ue(bits, 16)
    bits.u(7, 0)
  }
  ue(bits, 0)
  ue(bits, fields.pocType ?? 0)
  if ((fields.pocType ?? 0) === 0) ue(bits, 2)
  if (fields.pocType === 1) {
    bits.u(1, 0)
    for (const value of [3, 4, 2, 1, 1]) ue(bits, value)
  }
  ue(bits, 4)
  bits.u(1, 0)
  ue(bits, (fields.mbs?.[0] ?? 20) - 1)
  ue(bits, (fields.mbs?.[1] ?? 15) - 1)
  bits.u(2, 0b11).flag(fields.crop !== undefined)
  for (const edge of fields.crop ?? []) ue(bits, edge)
  bits.flag(fields.vui !== undefined)
  fields.vui?.(bits)
  return escaped(bits.u(1, 1).finish())
}

/** With emulation prevention (§7.4.1). */
function escaped(nal: Uint8Array): Uint8Array {
  const out: number[] = []
  for (const byte of nal) {
    if (byte <= 3 && out.at(-1) === 0 && out.at(-2) === 0) out.push(3)
    out.push(byte)
  }
  return Uint8Array.from(out)
}

function ue(bits: BitWriter, value: number): void {
  const zeros = 31 - Math.clz32(value + 1)
  bits.u(zeros, 0).u(zeros + 1, value + 1)
}

test('scaling lists and picture order count type 1 are passed over', () => {
  const { width, height } = parseSps(made({ scaling: true, pocType: 1 }))
  assert.deepEqual([width, height], [320, 240])
})

test('crop units follow the chroma format', () => {
  const crop: [number, number, number, number] = [1, 2, 3, 4]
  assert.deepEqual([parseSps(made({ crop })).width, parseSps(made({ crop })).height], [314, 226])
  assert.deepEqual([parseSps(made({ crop, chroma: 2 })).width, parseSps(made({ crop, chroma: 2 })).height], [314, 233])
  assert.deepEqual([parseSps(made({ crop, chroma: 0 })).width, parseSps(made({ crop, chroma: 0 })).height], [317, 233])
})

test('cropping that leaves nothing is malformed', () => {
  assert.throws(() => parseSps(made({ crop: [80, 80, 0, 0] })), { code: 'malformed' })
})

test('a size beyond every level is malformed', () => {
  for (const mbs of [
    [1056, 1],
    [1000, 1000],
    [2 ** 20, 2 ** 20],
  ] as [number, number][]) {
    assert.throws(() => parseSps(made({ mbs })), { code: 'malformed' })
  }
})

test('zero in an aspect ratio or a time base means unknown', () => {
  const vui = (bits: BitWriter): void => {
    bits.flag(true).u(8, 255).u(16, 0).u(16, 9) // extended SAR 0:9
    bits.u(3, 0) // no overscan, signal type, chroma location
    bits.flag(true).u(32, 0).u(32, 60).flag(true)
    bits.u(4, 0)
  }
  const parsed = parseSps(made({ vui }))
  assert.deepEqual(parsed.sampleAspectRatio, [1, 1])
  assert.equal(parsed.frameRate, undefined)
})

test('a VUI that is cut short keeps what came before the cut', () => {
  const vui = (bits: BitWriter): void => {
    bits.flag(true).u(8, 14) // 4:3
    bits.u(3, 0)
    bits.flag(true).u(32, 1).u(32, 60).flag(true)
    bits.flag(true) // announces parameters that do not come
  }
  const parsed = parseSps(made({ vui }))
  assert.deepEqual(parsed.sampleAspectRatio, [4, 3])
  assert.equal(parsed.frameRate, 30)
})

test('cut at every byte it throws MediaError or describes the same picture', () => {
  for (const avcC of Object.values(AVCC)) {
    const whole = parseAvcC(avcC).sps[0]
    assert(whole)
    const { width, height } = parseSps(whole)
    for (let length = 0; length < whole.byteLength; length++) {
      try {
        const cut = parseSps(whole.subarray(0, length))
        assert.deepEqual([cut.width, cut.height], [width, height])
      } catch (error) {
        assert(error instanceof MediaError)
      }
    }
  }
})

test('another kind of NAL unit is malformed', () => {
  assert.throws(() => parseSps(Uint8Array.of(0x68, 0xce, 0x0f, 0xc8)), { code: 'malformed' })
})
