import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BROUGHT_TRACKS } from '@bandstand/media/access-unit.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { chooseRenditions } from './choose.ts'

function choose(lines: readonly string[]) {
  const parsed = parsePlaylist(['#EXTM3U', ...lines, ''].join('\n'))
  assert.ok(parsed.kind === 'multivariant')
  return chooseRenditions(parsed.playlist)
}

const variant = (uri: string, bandwidth: number, more = '') => [`#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth}${more}`, uri]

test('the largest picture is the stream, the others are brought, each once', () => {
  const choice = choose([
    ...variant('low.m3u8', 800_000, ',RESOLUTION=640x360,CODECS="avc1.64001e,mp4a.40.2"'),
    ...variant('high.m3u8', 4_000_000, ',RESOLUTION=1920x1080,CODECS="avc1.640028,mp4a.40.2"'),
    ...variant('high.m3u8', 4_100_000, ',RESOLUTION=1920x1080,CODECS="avc1.640028,ac-3"'),
    ...variant('sound.m3u8', 128_000, ',CODECS="mp4a.40.2"'),
  ])
  assert.equal(choice?.main.uri, 'high.m3u8')
  assert.deepEqual(choice?.brought, [{ uri: 'low.m3u8', bandwidth: 672_000 }])
  assert.equal(choice?.audio, undefined)
  assert.equal(choice?.leftOut, 1)
})

test('sound in a playlist of its own is that of the default, other languages are left out', () => {
  const choice = choose([
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="French",URI="fr.m3u8"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES,URI="en.m3u8"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="English",DEFAULT=YES,URI="b.m3u8"',
    ...variant('v.m3u8', 1_000_000, ',AUDIO="a",CODECS="avc1.64001e,mp4a.40.2"'),
  ])
  assert.equal(choice?.audio, 'en.m3u8')
  assert.equal(choice?.leftOut, 1)
})

test('sound alone is a stream, the best of it', () => {
  const sound = ',CODECS="mp4a.40.2"'
  const choice = choose([...variant('a.m3u8', 64_000, sound), ...variant('b.m3u8', 128_000, sound)])
  assert.deepEqual([choice?.main.uri, choice?.brought, choice?.leftOut], ['b.m3u8', [], 1])
})

test('of thousands of variants as many are taken as there may be renditions', () => {
  const choice = choose(Array.from({ length: 5_000 }, (_, i) => variant(`v${i}.m3u8`, 1_000_000 + i)).flat())
  assert.equal(choice?.brought.length, BROUGHT_TRACKS.most)
  assert.ok((choice?.leftOut ?? 0) > 900)
})

test('a list of nothing is none', () => {
  assert.equal(choose(['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="a.m3u8"']), undefined)
})
