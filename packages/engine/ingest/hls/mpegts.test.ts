import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AAC, AUDIO, adts, TsBuilder } from '@bandstand/media/containers/mpegts/testing/build.ts'
import { HLS_LIMITS } from './limits.ts'
import { createTsReader } from './mpegts.ts'
import { createBareReader } from './open-segment.ts'
import { PICTURES, transportSegment } from './testing/media.ts'

test('segments of MPEG-TS give pictures and sound, each segment whole', () => {
  const reader = createBareReader()
  for (let index = 0; index < 3; index++) {
    const read = reader.read(transportSegment(index), true)
    assert.ok(read.kind === 'media', JSON.stringify(read))
    const slots = read.entries.filter(({ kind }) => kind === 'unit').map(({ slot }) => slot)
    assert.equal(slots.filter((slot) => slot === 'video').length, PICTURES)
    assert.equal(slots.filter((slot) => slot === 'audio').length, 46)
    assert.deepEqual(read.tracks, { video: true, audio: true })
    assert.equal(read.end - read.start >= 89_000 && read.end - read.start < 92_000, true, `${read.end - read.start}`)
  }
})

test('a file that grows is read when it ends with a packet; one that will get no longer as far as it goes', () => {
  const whole = transportSegment(0)
  const cut = whole.subarray(0, whole.byteLength - 100)
  assert.equal(createTsReader().read(cut, false).kind, 'incomplete')
  const read = createTsReader().read(cut, true)
  assert.ok(read.kind === 'media' && read.entries.length > PICTURES)
})

test('a segment in which nothing can be read is told of', () => {
  const read = createTsReader().read(new Uint8Array(188 * 2_000).fill(0x47), true)
  assert.ok(read.kind === 'incomplete' || read.kind === 'refused')
})

test('renditions of one ladder are brought near to each other', () => {
  const read = createTsReader(2 ** 33 + 900_000).read(transportSegment(0), true)
  assert.ok(read.kind === 'media')
  assert.equal(read.start > 2 ** 33, true)
})

test('a segment of ever so many tiny frames is refused', () => {
  for (const size of [1, 0]) {
    const built = new TsBuilder().tables([AAC])
    const pes = new Uint8Array(1_000 * (7 + size))
    for (let i = 0; i < 1_000; i++) pes.set(adts(0, size), i * (7 + size))
    for (let i = 0; i <= HLS_LIMITS.segmentUnits / 1_000 + 1; i++) built.pes(AUDIO, 0xc0, { pts: i }, pes)
    const read = createTsReader().read(built.bytes, true)
    assert.ok(read.kind === 'refused', read.kind)
    assert.match(read.reason, /more than 100000 pictures and frames of sound: make the segments shorter/)
  }
})
