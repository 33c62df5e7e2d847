import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LevelDetails, M3U8Parser, PlaylistLevelType } from 'hls.js'
import { beginsWithKeyFrame, followsKeyFrame, isSteady } from './key-frames.ts'

const playlist = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-PART-INF:PART-TARGET=2
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-MAP:URI="i0.mp4"
#BANDSTAND-INDEPENDENT:NO
#EXTINF:4.000000,
s1.m4s
#EXTINF:4.000000,
s2.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="i1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.678Z
#EXT-X-PART:DURATION=2,URI="p3.m4s"
#EXT-X-PART:DURATION=2,URI="p4.m4s",INDEPENDENT=YES
#BANDSTAND-INDEPENDENT:NO
#EXTINF:4.000000,
s3.m4s
#EXT-X-PART:DURATION=2,URI="p5.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=2,URI="p6.m4s"
#EXTINF:4.000000,
s4.m4s
`

const parsed = () =>
  M3U8Parser.parseLevelPlaylist(playlist, 'http://host/index.m3u8', 0, PlaylistLevelType.MAIN, 0, null)

test('hls.js says which segments do not begin with a key frame', () => {
  assert.deepEqual(
    parsed().fragments.map((fragment) => [fragment.sn, beginsWithKeyFrame(fragment)]),
    [
      [41, false],
      [42, true],
      [43, false],
      [44, true],
    ],
  )
})

test('what is listed of parts says it of their segment, also where the segment is not whole yet', () => {
  const { partList } = parsed()
  assert.equal(beginsWithKeyFrame({ sn: 43, tagList: [] }, partList), false)
  assert.equal(beginsWithKeyFrame({ sn: 44, tagList: [['BANDSTAND-INDEPENDENT', 'NO']] }, partList), true)
  assert.equal(beginsWithKeyFrame({ sn: 45, tagList: [] }, partList), true)
})

/** Seconds of segments; 0 stands for a gap, and text for the first of an encoder that came back. */
function listed(...durations: (number | string)[]): LevelDetails {
  let cc = 0
  const fragments = durations.map((given, sn) => {
    if (typeof given === 'string') cc++
    const duration = Number(given) || 4
    return { sn, cc, duration, gap: given === 0 }
  })
  return { targetduration: 4, partTarget: 0.35, fragments } as unknown as LevelDetails
}
const follow = (details: LevelDetails) =>
  details.fragments
    .map((one) => followsKeyFrame(details, one))
    .map(Number)
    .join('')

test('where key frames are 8.3 s apart one follows the segment that was cut short', () => {
  assert.equal(follow(listed(0, 0, 4, 4, 0.333, 4, 4, 0.333, 4)), '000010010')
  assert.equal(isSteady(listed(4, 4, 0.333, 4)), false)
  // No part more has room in it.
  assert.equal(follow(listed(2, 3.67, 2)), '101')
})

test('where they are two seconds apart, or a target duration, one follows each segment', () => {
  assert.equal(follow(listed(2, 2, 2)), '111')
  assert.equal(follow(listed(4, 4, 4)), '111')
  assert.equal(isSteady(listed(0, 2, 2)) && isSteady(listed(4, 4)), true)
  // What an encoder sent last was not cut at a key frame.
  assert.equal(isSteady(listed(4, 4, 1, '4', 4)), true)
})

test('of a broadcast that has only begun nothing is known', () => {
  assert.equal(follow(listed(0, 0, 4)), '000')
  assert.equal(follow(listed(0, 4, 4)), '000')
})
