import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import { readClip } from './fixtures/clip.ts'
import { writeFragment } from './fragment.ts'
import { createFragmentStreamReader, type FragmentStreamEvent } from './fragment-stream.ts'
import { writeInitSegment } from './init.ts'

const clip = readClip(readFileSync(new URL('fixtures/clip.flv', import.meta.url)))
const pictures = clip.pictures.slice(0, 4)
const LIMIT = 1_000_000

const stream = Buffer.concat([
  writeInitSegment(7, clip.video),
  ...pictures.map((sample, i) =>
    writeFragment({ sequence: i + 1, track: 7, baseDecodeTime: 900_000 + i * 3000, samples: [sample] }),
  ),
])

function read(pieces: readonly Uint8Array[]): FragmentStreamEvent[] {
  const reader = createFragmentStreamReader(LIMIT)
  return pieces.flatMap((piece) => [...reader.push(piece)])
}

function summary(events: readonly FragmentStreamEvent[]) {
  return events.map((event) => {
    if (event.kind === 'init') return event.init.tracks[0]?.entries[0]?.config
    const [sample] = event.fragment.samples
    const data = sample && event.bytes.subarray(sample.offset, sample.offset + sample.size)
    return [event.fragment.track, event.fragment.baseDecodeTime, sample?.key, Buffer.from(data ?? [])]
  })
}

const expected = [clip.video, ...pictures.map(({ key, data }, i) => [7, 900_000 + i * 3000, key, Buffer.from(data)])]

test('the movie and every fragment come out with their times and media', () => {
  assert.deepEqual(summary(read([stream])), expected)
})

test('wherever the stream is split the same comes out', () => {
  for (const size of [1, 3, 7, 64, 1000]) {
    const pieces = Array.from({ length: Math.ceil(stream.byteLength / size) }, (_, i) =>
      stream.subarray(i * size, (i + 1) * size),
    )
    assert.deepEqual(summary(read(pieces)), expected, `pieces of ${size} bytes`)
  }
})

test('a fragment comes out with its last byte, not with the next one', () => {
  const reader = createFragmentStreamReader(LIMIT)
  assert.equal(reader.push(stream.subarray(0, -1)).length, expected.length - 1)
  assert.equal(reader.push(stream.subarray(-1)).length, 1)
})

test('something else than such a stream is refused with its first eight bytes', () => {
  for (const garbage of ['ffmpeg: error', '\0\0\0\u0010abcd', '\0\0\0\u0007moof']) {
    assert.throws(() => read([Buffer.from(garbage, 'latin1')]), { code: 'malformed' }, JSON.stringify(garbage))
  }
})

test('a box beyond the limit is refused before its content comes', () => {
  assert.throws(() => read([Buffer.from('7fffffff6d646174', 'hex')]), { code: 'too-large' })
})

test('a fragment before the movie is refused', () => {
  assert.throws(() => read([stream.subarray(writeInitSegment(7, clip.video).byteLength)]), { code: 'malformed' })
})

test('changed bytes give a MediaError or other values, never anything else', () => {
  for (let at = 0; at < stream.byteLength; at += 5) {
    const changed = Buffer.from(stream)
    changed[at] = (changed[at] ?? 0) ^ 0xff
    try {
      read([changed])
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
    }
  }
})
