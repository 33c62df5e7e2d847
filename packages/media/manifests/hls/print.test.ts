import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import type { MediaPlaylist } from './model.ts'
import { printMediaPlaylist, printMultivariant } from './print.ts'
import { lowLatency, multivariant, part } from './samples.ts'

test('prints a low-latency playlist with positions before the parts they apply to', () => {
  assert.equal(
    printMediaPlaylist(lowLatency),
    `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=12,PART-HOLD-BACK=1.05,CAN-SKIP-UNTIL=24
#EXT-X-PART-INF:PART-TARGET=0.35
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-DISCONTINUITY-SEQUENCE:2
#EXT-X-GAP
#EXTINF:4.000000,
g41.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="i0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.678Z
#EXT-X-PART:DURATION=0.333333,URI="p1.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.333333,URI="p2.m4s"
#EXTINF:2.000000,
s1-2.m4s
#BANDSTAND-NEXT-INDEPENDENT:NO
#BANDSTAND-INDEPENDENT:NO
#EXTINF:2.000000,
s3-4.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="i1.mp4",BYTERANGE="700@0"
#EXT-X-PART:DURATION=0.333333,URI="p3.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p4.m4s"
#EXT-X-RENDITION-REPORT:URI="../a2/index.m3u8",LAST-MSN=43,LAST-PART=0
`,
  )
})

test('prints a delta update and an ended recording', () => {
  const ended: MediaPlaylist = {
    version: 9,
    targetDuration: 4,
    mediaSequence: 0,
    discontinuitySequence: 0,
    playlistType: 'VOD',
    independentSegments: true,
    iFramesOnly: false,
    startOffset: 12.5,
    skippedSegments: 7,
    segments: [
      {
        uri: 'a.m4s',
        duration: 3.96,
        title: 'one',
        gap: false,
        discontinuity: false,
        byteRange: { length: 5 },
        bitrate: 900,
        parts: [{ ...part(9), gap: true, byteRange: { length: 5, start: 10 } }],
      },
    ],
    trailingParts: [],
    renditionReports: [],
    endList: true,
  }
  assert.equal(
    printMediaPlaylist(ended),
    `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:4
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-START:TIME-OFFSET=12.5
#EXT-X-SKIP:SKIPPED-SEGMENTS=7
#EXT-X-PART:DURATION=0.333333,URI="p9.m4s",BYTERANGE="5@10",GAP=YES
#EXT-X-BITRATE:900
#EXTINF:3.960000,one
#EXT-X-BYTERANGE:5
a.m4s
#EXT-X-ENDLIST
`,
  )
})

test('prints a multivariant playlist with renditions before variants', () => {
  assert.equal(
    printMultivariant(multivariant),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Sound",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="as_1/a2/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2500001,AVERAGE-BANDWIDTH=2000000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,VIDEO-RANGE=SDR,AUDIO="audio",CLOSED-CAPTIONS=NONE
as_1/v1/index.m3u8
`,
  )
})

test('refuses strings that would break out of their attribute or line', () => {
  const [variant] = multivariant.variants
  assert.ok(variant)
  for (const audio of ['a"b', 'a\nb', 'a\rb']) {
    assert.throws(
      () => printMultivariant({ ...multivariant, variants: [{ ...variant, audio }] }),
      (e) => e instanceof MediaError && e.code === 'malformed',
    )
  }
  assert.throws(() => printMultivariant({ ...multivariant, variants: [{ ...variant, uri: 'a\n#EXT-X-ENDLIST' }] }))
})
