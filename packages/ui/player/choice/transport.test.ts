import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ladderOf, parseTransport, type Transport, transportFor, transports } from './transport.ts'

const all = new Set(transports)

test('each setting of a channel begins its ladder, and what is steadier follows', () => {
  assert.deepEqual(ladderOf(transportFor('real-time'), all), ['webrtc', 'll-hls', 'hls'])
  assert.deepEqual(ladderOf(transportFor('low'), all), ['ll-hls', 'hls'])
  assert.deepEqual(ladderOf(transportFor('normal'), all), ['hls'])
})

test('what the browser cannot play is left out', () => {
  assert.deepEqual(ladderOf('webrtc', new Set<Transport>(['ll-hls', 'hls'])), ['ll-hls', 'hls'])
  assert.deepEqual(ladderOf('ll-hls', new Set<Transport>(['webrtc', 'hls'])), ['hls'])
})

test('a browser that plays only something quicker than is wanted gets that, one that plays nothing gets nothing', () => {
  assert.deepEqual(ladderOf('hls', new Set<Transport>(['webrtc'])), ['webrtc'])
  assert.deepEqual(ladderOf('webrtc', new Set<Transport>()), [])
})

test('an attribute names a transport or nothing', () => {
  assert.deepEqual(['webrtc', 'll-hls', 'hls'].map(parseTransport), ['webrtc', 'll-hls', 'hls'])
  assert.deepEqual(['', 'WebRTC', null, undefined].map(parseTransport), [undefined, undefined, undefined, undefined])
})
