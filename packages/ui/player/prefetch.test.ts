import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstPlaylists } from './prefetch.ts'

test('the first variant and the default audio are fetched early', () => {
  const playlist = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b",URI="as_1/a3/index.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="as_1/a2/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"
as_1/v1/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO="a"
as_1/v4/index.m3u8
`
  assert.deepEqual(firstPlaylists(playlist), ['as_1/v1/index.m3u8', 'as_1/a2/index.m3u8'])
})

test('a media playlist names none', () => {
  assert.deepEqual(firstPlaylists('#EXTM3U\n#EXTINF:4,\ns1.m4s\n'), [])
})
