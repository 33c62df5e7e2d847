import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakePage } from '../testing/fake-page.ts'
import { firstPlaylists, prefetch } from './prefetch.ts'

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

test('a browser that plays HLS by itself asks for its playlists by itself, and nothing is fetched ahead for it', async (t) => {
  const page = fakePage(t)
  prefetch('http://server/first.m3u8')
  await page.pass(50)
  assert.equal(page.requests.length, 1)
  Reflect.deleteProperty(globalThis, 'MediaSource')
  prefetch('http://server/second.m3u8')
  await page.pass(50)
  assert.equal(page.requests.length, 1)
})
