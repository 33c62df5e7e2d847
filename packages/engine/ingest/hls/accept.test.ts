import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptPlaylist } from './accept.ts'
import { HLS_LIMITS } from './limits.ts'

const media = (lines: string, target = 2) =>
  `#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:${target}\n${lines}\n#EXTINF:2,\n0.ts\n`

test('media and multivariant playlists are taken as they are', () => {
  const one = acceptPlaylist(media('#EXT-X-MEDIA-SEQUENCE:7'))
  assert.ok('segments' in one && one.mediaSequence === 7)
  const many = acceptPlaylist('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n0.m3u8\n')
  assert.ok('variants' in many && many.variants.length === 1)
})

for (const [what, text, reason] of [
  ['a page of a web server', '<html></html>', /does not begin with #EXTM3U/],
  ['encrypted segments', media('#EXT-X-KEY:METHOD=AES-128,URI="key"'), /encrypted.*switch encryption off/],
  ['key frames alone', media('#EXT-X-I-FRAMES-ONLY'), /key frames alone.*for players/],
  ['segments of minutes', media('', HLS_LIMITS.targetSeconds + 1), /make the segments shorter/],
  [
    'lines of one letter',
    `#EXTM3U\n${'a\n'.repeat(399_998)}`,
    /more than 72000 lines: let the encoder list fewer segments/,
  ],
  ['lines with nothing in them', `#EXTM3U\n${'\n'.repeat(HLS_LIMITS.playlistLines)}`, /list fewer segments/],
  ['a number beyond reason', media(`#EXT-X-MEDIA-SEQUENCE:${HLS_LIMITS.mediaSequence + 1}`), /count from 0/],
] as const) {
  test(`refused, with what to change: ${what}`, () => {
    const refused = acceptPlaylist(text)
    assert.ok('reason' in refused)
    assert.match(refused.reason, reason)
  })
}

test('as many segments are taken as fit into a playlist the way ffmpeg writes it', () => {
  const head = media('')
  const rest = Array.from({ length: 35_000 }, (_, i) => `#EXTINF:2.000000,\nout${i}.ts\n`).join('')
  const share = (head.length + rest.length) / HLS_LIMITS.playlistBytes
  assert.ok(share > 0.97 && share <= 1, `${share}`)
  const taken = acceptPlaylist(head + rest)
  assert.ok('segments' in taken)
  assert.equal(taken.segments.length, 35_001)
})
