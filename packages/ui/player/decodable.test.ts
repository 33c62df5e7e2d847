import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LevelDetails, M3U8Parser, PlaylistLevelType } from 'hls.js'
import { neededFirst } from './decodable.ts'

const no = '#BANDSTAND-INDEPENDENT:NO\n'
const segment = (n: number, before = '', seconds = 4) => `${before}#EXTINF:${seconds},\ns${n}.m4s\n`
const listed = (...segments: string[]): LevelDetails =>
  M3U8Parser.parseLevelPlaylist(
    `#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXT-X-PART-INF:PART-TARGET=2\n#EXT-X-MEDIA-SEQUENCE:10\n${segments.join('')}`,
    ...(['http://host/index.m3u8', 0, PlaylistLevelType.MAIN, 0, null] as const),
  )

/** Number of what is loaded first for one of the segments. */
function first(
  details: LevelDetails,
  sn: number,
  last?: { level: number; sn: number },
  target = 0,
): number | undefined {
  const wanted = details.fragments[sn - 10]
  return wanted && neededFirst(wanted, details, target, last).sn
}

const auto = () => listed(segment(10), segment(11, no), segment(12, no), segment(13), segment(14, no))

test('a segment without a key frame comes after the one with the key frame before it, and those between, in order', () => {
  const details = auto()
  assert.equal(first(details, 12), 10)
  assert.equal(first(details, 12, { level: 0, sn: 10 }), 11)
  assert.equal(first(details, 12, { level: 0, sn: 11 }), 12)
  assert.equal(first(details, 14), 13)
})

test('one with a key frame comes at once, and one that goes on being appended too', () => {
  const details = auto()
  assert.equal(first(details, 13), 13)
  assert.equal(first(details, 11, { level: 0, sn: 11 }), 11)
})

test('what was appended of another rendition, before or behind, is nothing to go on from', () => {
  const details = auto()
  assert.equal(first(details, 12, { level: 1, sn: 11 }), 10)
  assert.equal(first(details, 12, { level: 0, sn: 14 }), 10)
  assert.equal(first(details, 14, { level: 0, sn: 12 }), 13)
})

test('nothing is fetched from before a gap or a discontinuity, or from far back', () => {
  assert.equal(first(listed(segment(10), segment(11, '#EXT-X-GAP\n'), segment(12, no)), 12), 12)
  assert.equal(first(listed(segment(10), segment(11, `#EXT-X-DISCONTINUITY\n${no}`), segment(12, no)), 12), 12)
  assert.equal(first(listed(segment(10, '', 12), ...[11, 12, 13].map((n) => segment(n, no, 12))), 13), 13)
  assert.equal(first(listed(segment(10, no), segment(11, no)), 11), 11)
})

test('a part with a key frame before the place is a beginning', () => {
  const parts = '#EXT-X-PART:DURATION=2,URI="p1"\n#EXT-X-PART:DURATION=2,URI="p2",INDEPENDENT=YES\n'
  const details = listed(segment(10), segment(11, parts + no))
  assert.equal(first(details, 11, undefined, 6.5), 11)
  assert.equal(first(details, 11, undefined, 5), 10)
})
