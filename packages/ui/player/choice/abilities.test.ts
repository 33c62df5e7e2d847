import assert from 'node:assert/strict'
import { test } from 'node:test'
import { abilitiesOf, type Browser, type HlsPlayer } from './abilities.ts'
import { ladderOf, type Transport } from './transport.ts'

const h264 = ['video/VP8', 'video/rtx', 'video/H264']

/** Browsers as they are, and what a viewer of a real-time channel gets in them. */
const table: readonly (readonly [name: string, Browser, HlsPlayer, readonly Transport[]])[] = [
  [
    'Chromium on a desk: hls.js although it says that it may play HLS itself',
    { peerConnection: true, receives: h264, mediaSource: true, nativeHls: true },
    'hls.js',
    ['webrtc', 'll-hls', 'hls'],
  ],
  [
    'Safari on a Mac',
    { peerConnection: true, receives: h264, mediaSource: true, nativeHls: true },
    'hls.js',
    ['webrtc', 'll-hls', 'hls'],
  ],
  [
    'iPhone from iOS 17.1: ManagedMediaSource alone',
    { peerConnection: true, receives: h264, mediaSource: true, nativeHls: true },
    'hls.js',
    ['webrtc', 'll-hls', 'hls'],
  ],
  [
    'older iPhone: no Media Source Extensions',
    { peerConnection: true, receives: undefined, mediaSource: false, nativeHls: true },
    'native',
    ['webrtc', 'hls'],
  ],
  [
    'Firefox with its plug-in for H.264',
    { peerConnection: true, receives: h264, mediaSource: true, nativeHls: false },
    'hls.js',
    ['webrtc', 'll-hls', 'hls'],
  ],
  [
    'Firefox before the plug-in is there',
    { peerConnection: true, receives: ['video/VP8', 'video/AV1'], mediaSource: true, nativeHls: false },
    'hls.js',
    ['ll-hls', 'hls'],
  ],
  [
    'older Firefox, which does not say what it receives',
    { peerConnection: true, receives: undefined, mediaSource: true, nativeHls: false },
    'hls.js',
    ['webrtc', 'll-hls', 'hls'],
  ],
  [
    'iPhone in lockdown mode: neither WebRTC nor Media Source Extensions',
    { peerConnection: false, receives: undefined, mediaSource: false, nativeHls: true },
    'native',
    ['hls'],
  ],
  [
    'a browser hardened against WebRTC',
    { peerConnection: false, receives: undefined, mediaSource: true, nativeHls: false },
    'hls.js',
    ['ll-hls', 'hls'],
  ],
  [
    'a web view with WebRTC alone',
    { peerConnection: true, receives: h264, mediaSource: false, nativeHls: false },
    'none',
    ['webrtc'],
  ],
  [
    'a browser without any',
    { peerConnection: false, receives: undefined, mediaSource: false, nativeHls: false },
    'none',
    [],
  ],
]

for (const [name, browser, hls, ladder] of table) {
  test(name, () => {
    const abilities = abilitiesOf(browser)
    assert.equal(abilities.hls, hls)
    assert.deepEqual(ladderOf('webrtc', abilities.transports), ladder)
  })
}
