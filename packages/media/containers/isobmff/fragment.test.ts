import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../../codecs/h264/fixtures.ts'
import { type FragmentSample, writeFragment } from './fragment.ts'
import { parseFragment } from './parse-fragment.ts'

function sample(size: number, duration: number, compositionOffset: number, key: boolean): FragmentSample {
  return { data: new Uint8Array(size).fill(size), duration, compositionOffset, key }
}

/** `moof` and `mdat` of track 1, sequence 7, base decode time 2^32 + 5. */
function write(...samples: readonly FragmentSample[]): Uint8Array {
  return writeFragment({ sequence: 7, track: 1, baseDecodeTime: 2 ** 32 + 5, samples })
}

function annotated(text: string): string {
  return Buffer.from(fromHex(text.replace(/\/\/.*$/gm, '').replace(/\s/g, ''))).toString('hex')
}

test('a key frame and B-frames with negative offsets, byte for byte', () => {
  const written = write(sample(3, 3000, 0, true), sample(2, 3000, 6000, false), sample(1, 3000, -3000, false))
  assert.equal(
    Buffer.from(written).toString('hex'),
    annotated(`
      0000007c 6d6f6f66 // moof
      00000010 6d666864 00000000 00000007 // mfhd, sequence_number
      00000064 74726166 // traf
      00000018 74666864 00020028 00000001 // tfhd default-base-is-moof, default duration and flags; track_ID
        00000bb8 01010000 // 3000 ticks; depends on others, not sync
      00000014 74666474 01000000 0000000100000005 // tfdt version 1
      00000030 7472756e 01000a05 00000003 // trun version 1: data offset, first flags, size, offset; 3 samples
        00000084 02000000 // data_offset; first sample: depends on no other, sync
        00000003 00000000
        00000002 00001770
        00000001 fffff448
      0000000e 6d646174 030303 0202 01 // mdat
    `),
  )
})

test('audio with equal sizes needs nothing per sample', () => {
  const written = write(sample(2, 1024, 0, true), sample(2, 1024, 0, true))
  assert.equal(
    Buffer.from(written).toString('hex'),
    annotated(`
      00000064 6d6f6f66
      00000010 6d666864 00000000 00000007
      0000004c 74726166
      0000001c 74666864 00020038 00000001 00000400 00000002 02000000 // duration, size, flags
      00000014 74666474 01000000 0000000100000005
      00000014 7472756e 01000001 00000002 0000006c // data offset alone
      0000000c 6d646174 0202 0202
    `),
  )
})

test('producer reference time comes first', () => {
  const samples = [sample(1, 1024, 0, true)]
  // 2024-01-01T00:00:00.500Z
  const producerTime = { wallClock: 1_704_067_200_500, mediaTime: 2 ** 33 }
  const written = writeFragment({ sequence: 1, track: 2, baseDecodeTime: 0, samples, producerTime })
  assert.equal(
    Buffer.from(written.subarray(0, 32)).toString('hex'),
    annotated(`
      00000020 70726674 01000018 00000002 // prft version 1, flags 24, track
      e93c7f00 80000000 // NTP seconds and fraction
      0000000200000000 // media_time
    `),
  )
  assert.deepEqual(parseFragment(written).producerTime, { track: 2, ...producerTime })
})

test('wall clocks after 2036 survive the end of the NTP era', () => {
  const producerTime = { wallClock: Date.UTC(2040, 0, 1), mediaTime: 1 }
  const samples = [sample(1, 1, 0, true)]
  const written = writeFragment({ sequence: 1, track: 2, baseDecodeTime: 0, samples, producerTime })
  assert.equal(parseFragment(written).producerTime?.wallClock, producerTime.wallClock)
})

const RUNS: Readonly<Record<string, readonly FragmentSample[]>> = {
  'one key frame': [sample(5, 3000, 0, true)],
  'one other frame': [sample(5, 3000, 0, false)],
  'no key frame': [sample(5, 3000, 0, false), sample(6, 3000, 0, false)],
  'a key frame in the middle': [sample(5, 3000, 0, false), sample(5, 3000, 0, true), sample(5, 3000, 0, false)],
  'two key frames first': [sample(5, 3000, 0, true), sample(5, 3000, 0, true), sample(5, 3000, 0, false)],
  'a key frame last': [sample(5, 3000, 0, false), sample(5, 3000, 0, true)],
  'different durations': [sample(5, 3000, 0, true), sample(5, 3003, 0, false)],
  'an empty sample': [sample(0, 1024, 0, true), sample(0, 1024, 0, true)],
  'extreme offsets': [sample(1, 0, -0x80000000, true), sample(2, 0xffffffff, 0x7fffffff, false)],
}

for (const [name, samples] of Object.entries(RUNS)) {
  test(`${name}: what is written is read back`, () => {
    const written = write(...samples)
    const { sequence, track, baseDecodeTime, samples: read } = parseFragment(written)
    assert.deepEqual([sequence, track, baseDecodeTime], [7, 1, 2 ** 32 + 5])
    assert.deepEqual(
      read.map(({ offset, size, ...rest }) => ({ data: written.slice(offset, offset + size), ...rest })),
      samples,
    )
  })
}

test('makes one buffer of exact size', () => {
  const written = write(sample(100, 1, 0, true), sample(50, 1, 0, false))
  assert.equal(written.buffer.byteLength, written.byteLength)
})

test('values that do not fit are refused', () => {
  assert.throws(() => write(), { code: 'malformed' })
  for (const bad of [
    sample(1, -1, 0, true),
    sample(1, 1.5, 0, true),
    sample(1, 2 ** 32, 0, true),
    sample(1, 1, 2 ** 31, true),
    sample(1, 1, Number.NaN, true),
  ]) {
    assert.throws(() => write(bad), { code: 'malformed' })
  }
  const samples = [sample(1, 1, 0, true)]
  assert.throws(() => writeFragment({ sequence: 1, track: 1, baseDecodeTime: -1, samples }), { code: 'malformed' })
  assert.throws(() => writeFragment({ sequence: 1, track: 0, baseDecodeTime: 0, samples }), { code: 'malformed' })
})
