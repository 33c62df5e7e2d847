import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes } from '@bandstand/media/bytes/bytes.ts'
import type { Entry } from './entry.ts'
import { openFmp4 } from './fmp4.ts'
import { HLS_LIMITS } from './limits.ts'
import { PICTURES, pictureInit, pictureSegment, soundInit, soundSegment } from './testing/media.ts'

function reader(init: Uint8Array) {
  const opened = openFmp4(init)
  assert.ok(opened !== 'incomplete' && 'reader' in opened, JSON.stringify(opened))
  return opened.reader
}

function box(type: string, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes([...content])
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.byteLength)
  head.write(type, 4, 'latin1')
  return concatBytes([head, body])
}

/** Puts an edit list into the track of an initialisation segment; sizes of the boxes around it grow. */
function withEdits(init: Uint8Array, edits: readonly (readonly [duration: number, mediaTime: number])[]): Uint8Array {
  const list = Buffer.alloc(8 + 12 * edits.length)
  list.writeUInt32BE(edits.length, 4)
  for (const [i, [duration, mediaTime]] of edits.entries()) {
    list.writeUInt32BE(duration, 8 + i * 12)
    list.writeInt32BE(mediaTime, 12 + i * 12)
    list.writeUInt32BE(0x1_0000, 16 + i * 12)
  }
  const edts = box('edts', box('elst', list))
  const bytes = Buffer.from(init)
  const at = bytes.indexOf('mdia') - 4
  const out = Buffer.concat([bytes.subarray(0, at), edts, bytes.subarray(at)])
  for (const name of ['moov', 'trak']) {
    const start = bytes.indexOf(name) - 4
    out.writeUInt32BE(bytes.readUInt32BE(start) + edts.byteLength, start)
  }
  return out
}

const units = (entries: readonly Entry[]) => entries.flatMap((entry) => (entry.kind === 'unit' ? [entry] : []))

test('a segment gives its configuration, then its units on the 90 kHz clock', () => {
  const read = reader(soundInit).read(soundSegment(1), true)
  assert.ok(read.kind === 'media')
  assert.equal(read.entries[0]?.kind, 'config')
  assert.deepEqual(
    units(read.entries)
      .map(({ dts }) => dts)
      .slice(0, 3),
    [90_240, 92_160, 94_080],
  )
  assert.deepEqual(read.tracks, { video: false, audio: true })
  assert.deepEqual([read.start, read.end], [90_240, 180_480])
})

test('other boxes are passed over, several fragments are read, boxes may have sizes of 64 bits', () => {
  const segment = Buffer.from(pictureSegment(1))
  const at = segment.indexOf('mdat') - 4
  const size = segment.readUInt32BE(at)
  const wide = Buffer.alloc(16)
  wide.writeUInt32BE(1)
  wide.write('mdat', 4)
  wide.writeBigUInt64BE(BigInt(size + 8), 8)
  const whole = concatBytes([
    box('styp', Buffer.from('msdh\0\0\0\0msdh')),
    box('sidx', new Uint8Array(24)),
    box('emsg', new Uint8Array(30)),
  ])
  const read = reader(pictureInit).read(concatBytes([whole, pictureSegment(0), box('free'), segment]), true)
  assert.ok(read.kind === 'media')
  assert.equal(units(read.entries).length, 2 * PICTURES)
  // The offsets in its moof are of the shorter header: what they point at is not a picture, and it is counted.
  const shifted = reader(pictureInit).read(concatBytes([segment.subarray(0, at), wide, segment.subarray(at + 8)]), true)
  assert.ok(shifted.kind === 'media' && shifted.malformed > 0)
})

/** A segment of sound of `runs` runs with one frame each, all of the same `size` bytes at its end. */
function runsOnOnePlace(runs: number, size: number): Uint8Array {
  const words = (...values: readonly number[]) => {
    const out = Buffer.alloc(4 * values.length)
    for (const [i, value] of values.entries()) out.writeUInt32BE(value, 4 * i)
    return out
  }
  const moof = (offset: number) => {
    const all = Array.from({ length: runs }, () => box('trun', words(0x1, 1, offset)))
    const head = [box('tfhd', words(0x2_0018, 2, 1_024, size)), box('tfdt', words(0, 0))]
    return box('moof', box('mfhd', words(0, 1)), box('traf', ...head, ...all))
  }
  return concatBytes([moof(moof(0).byteLength + 8), box('mdat', new Uint8Array(size))])
}

test('what is taken of a segment has no more bytes than the segment', () => {
  for (const [runs, taken] of [
    [1, 1],
    [1_000, 0],
  ] as const) {
    const segment = runsOnOnePlace(runs, 100_000)
    const read = reader(soundInit).read(segment, true)
    assert.ok(read.kind === 'media')
    const all = units(read.entries)
    assert.equal(all.length, taken)
    assert.equal(read.malformed, taken === 0 ? 1 : 0)
    assert.ok(all.reduce((sum, { data }) => sum + data.byteLength, 0) <= segment.byteLength)
  }
})

test('a segment of more frames than may be is refused, with what to change', () => {
  const segment = Buffer.from(runsOnOnePlace(1, 1))
  segment.writeUInt32BE(HLS_LIMITS.segmentUnits + 1, segment.indexOf('trun') + 8)
  const read = reader(soundInit).read(segment, true)
  assert.ok(read.kind === 'refused')
  assert.match(read.reason, /make the segments shorter/)
})

test('edit lists move a track: what comes before it is not shown, what is empty is waited for', () => {
  const first = (init: Uint8Array) => {
    const read = reader(init).read(pictureSegment(0), true)
    assert.ok(read.kind === 'media')
    return units(read.entries)[0]?.dts
  }
  assert.equal(first(withEdits(pictureInit, [[0, 6_000]])), -6_000)
  // The movie's timescale is the track's here: 90 kHz.
  assert.equal(
    first(
      withEdits(pictureInit, [
        [9_000, -1],
        [0, 0],
      ]),
    ),
    9_000,
  )
  assert.equal(first(withEdits(pictureInit, [])), 0)
})

test('times that are counted from 1970 are exact', () => {
  const seconds = 1_795_000_000
  const read = reader(pictureInit).read(pictureSegment(seconds * 1), true)
  assert.ok(read.kind === 'media')
  assert.equal(read.start, seconds * 90_000)
})

test('what is cut off anywhere is not whole yet, or has nothing to read; nothing is thrown', () => {
  const segment = pictureSegment(0)
  for (let length = 0; length < segment.byteLength; length += 37) {
    const read = reader(pictureInit).read(segment.subarray(0, length), false)
    assert.equal(read.kind, 'incomplete', `${length}`)
  }
  for (let length = 0; length < pictureInit.byteLength; length++) {
    const opened = openFmp4(pictureInit.subarray(0, length))
    assert.ok(opened === 'incomplete' || 'refused' in opened, `${length}`)
  }
})

test('encrypted tracks, unknown codecs and files without media are refused in words', () => {
  const renamed = (from: string, to: string) => {
    const bytes = Buffer.from(pictureInit)
    bytes.write(to, bytes.indexOf(from), 'latin1')
    return openFmp4(bytes)
  }
  const unknown = renamed('avc1', 'xyz1')
  assert.ok(unknown !== 'incomplete')
  const text = renamed('vide', 'text')
  assert.ok(text !== 'incomplete' && 'refused' in text && /neither video nor sound/.test(text.refused))
})
