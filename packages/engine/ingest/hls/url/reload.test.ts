import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { mediaPlaylist } from '../testing/media.ts'
import { reloadOf, shownUrl, withQuery } from './reload.ts'

function parsed(text: string) {
  const found = parsePlaylist(text)
  assert.ok(found.kind === 'media')
  return found.playlist
}

test('a playlist is asked for again after a target duration, and after half of it where nothing was new', () => {
  const playlist = parsed(mediaPlaylist(0, 3).replace('DURATION:1', 'DURATION:4'))
  assert.deepEqual([reloadOf(playlist, true).after, reloadOf(playlist, false).after], [4_000, 2_000])
  assert.equal(reloadOf(playlist, true).query, '')
})

test('a server that can wait is asked for what comes next', () => {
  const control = '#EXT-X-TARGETDURATION:1\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1'
  const whole = parsed(mediaPlaylist(5, 8).replace('#EXT-X-TARGETDURATION:1', control))
  assert.equal(reloadOf(whole, true).query, '_HLS_msn=8')
  const parts = `${control}\n#EXT-X-PART-INF:PART-TARGET=0.3`
  const text = `${mediaPlaylist(5, 8).replace('#EXT-X-TARGETDURATION:1', parts)}#EXT-X-PART:DURATION=0.3,URI="p"\n`
  assert.equal(reloadOf(parsed(text), true).query, '_HLS_msn=8&_HLS_part=1')
  assert.equal(reloadOf(parsed(`${text}#EXT-X-ENDLIST\n`), true).query, '')
})

test('directives go behind what an address asks already; keys in addresses are not shown', () => {
  assert.equal(withQuery('http://a.example/x?t=1', '_HLS_msn=8'), 'http://a.example/x?t=1&_HLS_msn=8')
  assert.equal(withQuery('http://a.example/x', ''), 'http://a.example/x')
  assert.equal(shownUrl('https://user:secret@a.example/x.m3u8?token=secret#s'), 'https://a.example/x.m3u8')
})
