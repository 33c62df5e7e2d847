import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseApp, parseKey } from './publish-target.ts'

const cases: readonly [string, string, string, string][] = [
  // app, tcUrl, stream name, note
  ['live', 'rtmp://h:1935/live', 'KEY', 'OBS, ffmpeg'],
  ['live/', 'rtmp://h:1935/live/', 'KEY', 'trailing slash'],
  ['/live', 'rtmp://h/live', '/KEY', 'leading slashes'],
  ['live', 'rtmp://h/live', 'KEY?user=1&x=/y', 'query behind the key'],
  ['live?x=1', 'rtmp://h/live?x=1', 'KEY', 'query behind the application'],
  ['live/KEY', 'rtmp://h/live/KEY', '', 'key within the application'],
  ['live/KEY', 'rtmp://h/live/KEY', 'KEY', 'key in both'],
  ['live', 'rtmp://h/live/KEY', '', 'key in tcUrl only'],
  ['', 'rtmp://h:1935/live', 'KEY', 'application in tcUrl only'],
  ['', 'rtmp://h:1935/live/KEY', '', 'everything in tcUrl only'],
  ['live', 'rtmp://h/live', 'live/KEY', 'application repeated in the name'],
  ['live', 'rtmps://[::1]:443/live', ' KEY ', 'pasted with blanks'],
]

for (const [app, tcUrl, name, note] of cases) {
  test(`application and key are found: ${note}`, () => {
    const connected = parseApp(app, tcUrl)
    assert.equal(connected.app, 'live')
    assert.equal(parseKey(name, connected), 'KEY')
  })
}

test('no key anywhere is an empty key', () => {
  assert.equal(parseKey('', parseApp('live', 'rtmp://h/live')), '')
  assert.equal(parseKey('', parseApp('', '')), '')
})

test('another application stays another application', () => {
  assert.equal(parseApp('lively', 'rtmp://h/lively').app, 'lively')
  assert.equal(parseApp('other/live', 'rtmp://h/other/live').app, 'other')
})
