import assert from 'node:assert/strict'
import { test } from 'node:test'
import { M3U8Parser, PlaylistLevelType } from 'hls.js'
import { beginsWithKeyFrame, precedesKeyFrame } from './key-frames.ts'

const playlist = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-PART-INF:PART-TARGET=2
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-MAP:URI="i0.mp4"
#BANDSTAND-NEXT-INDEPENDENT:NO
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

test('hls.js says behind which segments no key frame stands', () => {
  assert.deepEqual(parsed().fragments.map(precedesKeyFrame), [false, true, true, true])
})
