import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import { type BoxTree, box, fields, fullBox, writeBoxes } from './box-writer.ts'
import { writeFragment } from './fragment.ts'
import { MAX_SAMPLES } from './limits.ts'
import { parseFragment, parseFragments } from './parse-fragment.ts'

const mfhd = (sequence: number): BoxTree =>
  fullBox(
    'mfhd',
    0,
    0,
    fields((w) => w.u32(sequence)),
  )
const tfhd = (track: number, flags: number, ...values: number[]): BoxTree =>
  fullBox(
    'tfhd',
    0,
    flags,
    fields((w) => values.reduce((into, value) => into.u32(value), w.u32(track))),
  )
const tfdt0 = (time: number): BoxTree =>
  fullBox(
    'tfdt',
    0,
    0,
    fields((w) => w.u32(time)),
  )
const trun = (version: number, flags: number, count: number, ...values: number[]): BoxTree =>
  fullBox(
    'trun',
    version,
    flags,
    fields((w) => values.reduce((into, value) => into.u32(value >>> 0), w.u32(count))),
  )
const mdat = (size: number): BoxTree => box('mdat', new Uint8Array(size))

function chunk(sequence: number): Uint8Array {
  const samples = [1, 2, 3].map((size) => ({
    data: new Uint8Array(size),
    duration: 1024,
    compositionOffset: 0,
    key: true,
  }))
  return writeFragment({ sequence, track: 2, baseDecodeTime: sequence * 3072, samples })
}

test('a segment of several chunks', () => {
  const fragments = parseFragments(Buffer.concat([chunk(1), chunk(2), chunk(3)]))
  assert.deepEqual(
    fragments.map(({ sequence, baseDecodeTime }) => [sequence, baseDecodeTime]),
    [
      [1, 3072],
      [2, 6144],
      [3, 9216],
    ],
  )
  const size = chunk(1).byteLength
  assert.deepEqual(
    fragments.map(({ samples }) => samples[0]?.offset),
    [size - 6, 2 * size - 6, 3 * size - 6],
  )
})

test('defaults of trex stand in for what the fragment leaves out', () => {
  const moof = box('moof', mfhd(1), box('traf', tfhd(1, 0x20000), tfdt0(90), trun(0, 0x1, 2, 84)))
  const bytes = writeBoxes(moof, mdat(8))
  const defaults = new Map([[1, { duration: 3000, size: 4, flags: 0x0101_0000 }]])
  const { baseDecodeTime, samples } = parseFragment(bytes, { defaults })
  assert.equal(baseDecodeTime, 90)
  assert.deepEqual(samples, [
    { offset: 84, size: 4, duration: 3000, compositionOffset: 0, key: false },
    { offset: 88, size: 4, duration: 3000, compositionOffset: 0, key: false },
  ])
})

test('several runs go on where the one before ended, offsets of version 0 are unsigned', () => {
  const runs = [trun(0, 0xa01, 1, 132, 3, 0xffffffff), trun(1, 0xa00, 2, 4, -1, 5, 1)]
  const bytes = writeBoxes(box('moof', mfhd(1), box('traf', tfhd(1, 0x20008, 10), tfdt0(0), ...runs)), mdat(12))
  assert.deepEqual(
    parseFragment(bytes).samples.map(({ offset, size, compositionOffset }) => [offset, size, compositionOffset]),
    [
      [132, 3, 0xffffffff],
      [135, 4, -1],
      [139, 5, 1],
    ],
  )
})

test('without default-base-is-moof the second track starts where the first ended', () => {
  const trafs = [
    box('traf', tfhd(1, 0x18, 10, 3), tfdt0(0), trun(0, 0x1, 2, 164)),
    box('traf', tfhd(2, 0x18, 10, 2), tfdt0(0), trun(0, 0, 2)),
  ]
  const moof = box('moof', mfhd(1), ...trafs)
  const fragments = parseFragments(writeBoxes(moof, mdat(10)))
  assert.equal(moof.size, 156)
  assert.deepEqual(
    fragments.map(({ track, samples }) => [track, samples.map(({ offset }) => offset)]),
    [
      [1, [164, 167]],
      [2, [170, 172]],
    ],
  )
})

test('other boxes are passed over', () => {
  const head = writeBoxes(box('styp', new Uint8Array(8)), box('emsg', new Uint8Array(20)), box('sidx'))
  const { samples } = parseFragment(Buffer.concat([head, chunk(1), writeBoxes(box('free'))]))
  assert.equal(samples[0]?.offset, head.byteLength + chunk(1).byteLength - 6)
})

test('the head of a fragment is enough with partial', () => {
  const whole = chunk(1)
  const head = whole.subarray(0, whole.byteLength - 6)
  assert.throws(() => parseFragment(head), { code: 'truncated' })
  assert.deepEqual(parseFragment(head, { partial: true }), parseFragment(whole))
})

test('a run that claims more samples than the bound is refused before it is read', () => {
  const moof = box('moof', mfhd(1), box('traf', tfhd(1, 0x20018, 1, 0), tfdt0(0), trun(0, 0, 0xffffffff)))
  assert.throws(() => parseFragments(writeBoxes(moof)), { code: 'too-large' })
  const many = box('traf', tfhd(1, 0x20018, 1, 0), tfdt0(0), trun(0, 0, MAX_SAMPLES), trun(0, 0, 1))
  assert.throws(() => parseFragments(writeBoxes(box('moof', mfhd(1), many))), { code: 'too-large' })
})

test('a bound of the caller holds for all fragments together', () => {
  const bytes = Buffer.concat([chunk(1), chunk(2)])
  assert.equal(parseFragments(bytes, { maxSamples: 6 }).length, 2)
  assert.throws(() => parseFragments(bytes, { maxSamples: 5 }), { code: 'too-large', message: /at most 5 in one go/ })
})

test('runs that share bytes are refused where they have more than there are', () => {
  const bytes = (runs: number, offset: (i: number) => number) => {
    const all = Array.from({ length: runs }, (_, i) => trun(0, 0x1, 1, offset(i)))
    const moof = box('moof', mfhd(1), box('traf', tfhd(1, 0x20018, 1, 500), tfdt0(0), ...all))
    return writeBoxes(moof, mdat(1000))
  }
  const start = bytes(2, () => 0).byteLength - 1000
  assert.deepEqual(
    parseFragment(bytes(2, (i) => start + i * 500)).samples.map(({ offset }) => offset),
    [start, start + 500],
  )
  assert.throws(() => parseFragments(bytes(3, () => start)), { code: 'malformed' })
  // Also where they are of several fragments.
  const three = bytes(3, () => start)
  assert.throws(() => parseFragments(Buffer.concat([three, three, three])), { code: 'malformed' })
})

test('missing boxes and data in front of the segment are malformed', () => {
  for (const content of [
    [tfdt0(0), trun(0, 0, 0)],
    [tfhd(1, 0x20000), trun(0, 0, 0)],
    [tfhd(1, 0x20018, 1, 1), tfdt0(0), trun(0, 1, 1, -1000)],
  ]) {
    assert.throws(() => parseFragments(writeBoxes(box('moof', mfhd(1), box('traf', ...content)), mdat(4))), {
      code: 'malformed',
    })
  }
  assert.throws(() => parseFragment(writeBoxes(mdat(1))), { code: 'malformed' })
  assert.throws(() => parseFragment(Buffer.concat([chunk(1), chunk(2)])), { code: 'malformed' })
})

test('samples behind the end of the segment are truncated', () => {
  const bytes = (size: number) =>
    writeBoxes(box('moof', mfhd(1), box('traf', tfhd(1, 0x20018, 1, size), tfdt0(0), trun(0, 1, 1, 100))), mdat(4))
  assert.doesNotThrow(() => parseFragments(bytes(4)))
  assert.throws(() => parseFragments(bytes(5)), { code: 'truncated' })
})

test('cut at every byte it throws MediaError or gives whole fragments', () => {
  const whole = Buffer.concat([chunk(1), chunk(2)])
  for (let length = 0; length < whole.byteLength; length++) {
    try {
      assert.equal(parseFragments(whole.subarray(0, length)).length, length === chunk(1).byteLength ? 1 : 0)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
    }
  }
})
