import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseFragments } from './parse-fragment.ts'
import { parseInitSegment } from './parse-init.ts'

/** Files of FFmpeg's muxer with default flags, two pictures each; also the corpus of the fuzz target. */
function read(name: string): { codecs: (string | undefined)[]; samples: number[][]; inside: boolean } {
  const bytes = readFileSync(new URL(`corpus/isobmff/${name}`, import.meta.url))
  const { tracks, defaults } = parseInitSegment(bytes)
  const fragments = parseFragments(bytes, { defaults })
  return {
    codecs: tracks.map(({ entries }) => entries[0]?.codecString),
    samples: fragments.map(({ track, samples }) => [track, samples.length]),
    inside: fragments.every(({ samples }) => samples.every(({ size, offset }) => size > 0 && offset + size < 16_384)),
  }
}

test('HEVC is passed through with its codec string', () => {
  assert.deepEqual(read('foreign-hevc'), { codecs: ['hvc1.1.6.L30.90'], samples: [[1, 2]], inside: true })
})

test('two tracks in one fragment, data located by the base data offset', () => {
  const { codecs, samples, inside } = read('foreign-two-tracks')
  assert.deepEqual(codecs, ['avc1.64000a', 'mp4a.40.2'])
  assert.deepEqual(
    [samples, inside],
    [
      [
        [1, 2],
        [2, 19],
      ],
      true,
    ],
  )
})

test('VP9 and Opus', () => {
  assert.deepEqual(read('foreign-vp9').codecs, ['vp09.00.10.08', 'Opus'])
})
