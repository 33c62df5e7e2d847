import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withStereo } from './sdp.ts'

const offer = [
  'v=0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:63 red/48000/2',
  'a=fmtp:63 111/111',
  '',
].join('\r\n')

test('an offer says that sound may have two channels, once', () => {
  const stereo = withStereo(offer)
  assert.equal(stereo, offer.replace('useinbandfec=1', 'useinbandfec=1;stereo=1'))
  assert.equal(withStereo(stereo), stereo)
})

test('an offer without Opus stays as it is', () => {
  assert.equal(withStereo('v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n'), 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n')
})
