import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askForNext, nextPart } from './blocking.ts'

const parts = (...names: string[]) => names.map((name) => `#EXT-X-PART:DURATION=0.33333,URI="${name}.m4s"\n`).join('')
const segment = (name: string) => `#EXTINF:2.00000,\n${name}.m4s\n`

test('the next part is that after the last one of the segment in the making', () => {
  const text = `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n${segment('s7')}${parts('p1', 'p2')}${segment('s8')}${parts('p3', 'p4', 'p5')}`
  assert.deepEqual(nextPart(text), { msn: 9, part: 3 })
})

test('segments without parts at the end, and skipped ones, are counted', () => {
  const skip = '#EXT-X-SKIP:SKIPPED-SEGMENTS=4\n'
  const text = `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:1\n${skip}${parts('p1')}${segment('s5')}${segment('s6')}#EXT-X-GAP\n${segment('g7')}`
  assert.deepEqual(nextPart(`${text}#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p9.m4s"\n`), { msn: 8, part: 0 })
})

test('what is listed already is not asked for', () => {
  const url = 'http://server/live/main/as_1/v1/index.m3u8'
  const next = { msn: 8, part: 2 }
  assert.equal(
    askForNext(`${url}?_HLS_msn=5&_HLS_part=6&_HLS_skip=YES`, next),
    `${url}?_HLS_msn=8&_HLS_part=2&_HLS_skip=YES`,
  )
  assert.equal(askForNext(`${url}?_HLS_msn=5`, next), `${url}?_HLS_msn=8&_HLS_part=2`)
  for (const query of ['', '?_HLS_skip=YES', '?_HLS_msn=8&_HLS_part=2', '?_HLS_msn=9&_HLS_part=0'])
    assert.equal(askForNext(url + query, next), url + query)
})
