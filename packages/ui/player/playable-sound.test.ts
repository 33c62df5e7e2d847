import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withPlayableSound } from './playable-sound.ts'

const both = [
  '#EXTM3U',
  '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Main",DEFAULT=YES,URI="a2/index.m3u8"',
  '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Main",DEFAULT=YES,URI="a51/index.m3u8"',
  '#EXT-X-STREAM-INF:BANDWIDTH=2,CODECS="avc1.64001f,Opus",AUDIO="audio"',
  'v1/index.m3u8',
  '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.640015,Opus",AUDIO="audio"',
  'v11/index.m3u8',
  '#EXT-X-STREAM-INF:BANDWIDTH=2,CODECS="avc1.64001f,mp4a.40.2",AUDIO="aac"',
  'v1/index.m3u8',
  '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.640015,mp4a.40.2",AUDIO="aac"',
  'v11/index.m3u8',
  '',
].join('\n')

const all = () => true
const without = (codec: string) => (type: string) => !type.includes(codec)

test('what the encoder sends is played where it can be, and nothing else is listed', () => {
  const text = withPlayableSound(both, all)
  assert.deepEqual(text.match(/AUDIO="\w+"/g), ['AUDIO="audio"', 'AUDIO="audio"'])
  assert.deepEqual(text.match(/a\d+\/index/g), ['a2/index'])
  assert.deepEqual(text.match(/^v.*$/gm), ['v1/index.m3u8', 'v11/index.m3u8'])
})

test('a browser without its codec plays AAC', () => {
  const text = withPlayableSound(both, without('Opus'))
  assert.deepEqual(text.match(/AUDIO="\w+"/g), ['AUDIO="aac"', 'AUDIO="aac"'])
  assert.deepEqual(text.match(/a\d+\/index/g), ['a51/index'])
  assert.deepEqual(text.match(/^v.*$/gm), ['v1/index.m3u8', 'v11/index.m3u8'])
})

test('nothing is changed where none can be played, where there is one, and of other texts', () => {
  assert.equal(withPlayableSound(both, without('avc1')), both)
  const one = withPlayableSound(both, all)
  assert.equal(withPlayableSound(one, without('Opus')), one)
  const media = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n'
  assert.equal(withPlayableSound(media, all), media)
})

test('of sound alone the first is taken that can be played', () => {
  const text =
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="Opus"\na2\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="mp4a.40.2"\na51\n'
  assert.deepEqual(withPlayableSound(text, all).match(/^a\d+$/gm), ['a2'])
  assert.deepEqual(withPlayableSound(text, without('Opus')).match(/^a\d+$/gm), ['a51'])
})
