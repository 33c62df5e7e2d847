import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepFeedback, publishAnswer, withPort, withRetransmission } from './answer.ts'

const ANSWER = [
  'm=video 8189 UDP/TLS/RTP/SAVPF 108',
  'a=candidate:1 1 UDP 2122317823 192.168.1.2 8189 typ host',
  'a=candidate:2 1 UDP 2122317567 172.17.0.1 8189 typ host',
  'a=candidate:3 1 UDP 2122262783 fd00::1 8189 typ host',
  'a=candidate:4 1 UDP 1686109951 203.0.113.9 40000 typ srflx raddr 0.0.0.0 rport 0',
  'a=end-of-candidates',
  '',
].join('\r\n')

const candidates = (sdp: string) => sdp.split('\r\n').filter((line) => line.startsWith('a=candidate'))

test('without public addresses an answer stays as it is', () => {
  assert.equal(publishAnswer(ANSWER, []), ANSWER)
})

test('public addresses take the place of host candidates of their family, each once', () => {
  assert.deepEqual(candidates(publishAnswer(ANSWER, ['198.51.100.7', '2001:db8::7'])), [
    'a=candidate:1 1 UDP 2122317823 198.51.100.7 8189 typ host',
    'a=candidate:3 1 UDP 2122262782 2001:db8::7 8189 typ host',
    'a=candidate:4 1 UDP 1686109951 203.0.113.9 40000 typ srflx raddr 0.0.0.0 rport 0',
  ])
})

test('a family without a public address keeps its own', () => {
  assert.deepEqual(candidates(publishAnswer(ANSWER, ['198.51.100.7'])), [
    'a=candidate:1 1 UDP 2122317823 198.51.100.7 8189 typ host',
    'a=candidate:3 1 UDP 2122262783 fd00::1 8189 typ host',
    'a=candidate:4 1 UDP 1686109951 203.0.113.9 40000 typ srflx raddr 0.0.0.0 rport 0',
  ])
})

test('a second port stands behind each host candidate, after all first ones in priority', () => {
  assert.deepEqual(candidates(withPort(ANSWER, 8190)).slice(0, 3), [
    'a=candidate:1 1 UDP 2122317823 192.168.1.2 8189 typ host',
    'a=candidate:1 1 UDP 1686110207 192.168.1.2 8190 typ host',
    'a=candidate:2 1 UDP 2122317567 172.17.0.1 8189 typ host',
  ])
  assert.equal(candidates(withPort(ANSWER, 8190)).length, 7)
})

test('public addresses are told with both ports', () => {
  assert.deepEqual(candidates(publishAnswer(withPort(ANSWER, 8190), ['198.51.100.7'])).slice(0, 3), [
    'a=candidate:1 1 UDP 2122317823 198.51.100.7 8189 typ host',
    'a=candidate:1 1 UDP 1686110207 198.51.100.7 8190 typ host',
    'a=candidate:3 1 UDP 2122262783 fd00::1 8189 typ host',
  ])
})

test('lines and their ends stay as they are otherwise', () => {
  const published = publishAnswer(ANSWER, ['198.51.100.7'])
  assert.ok(published.startsWith('m=video 8189') && published.endsWith('a=end-of-candidates\r\n'))
})

test('a stream of retransmissions stands beside that of the pictures', () => {
  const answer = [
    'm=video 8189 UDP/TLS/RTP/SAVPF 108',
    'a=ssrc:11 cname:c',
    'a=ssrc:11 msid:bandstand video',
    'a=ssrc:12 cname:c',
    'a=rtpmap:108 H264/90000',
    'a=rtcp-fb:108 nack',
    'm=audio 8189 UDP/TLS/RTP/SAVPF 111',
    'a=ssrc:111 cname:c',
    '',
  ].join('\r\n')
  assert.deepEqual(withRetransmission(answer, 11, { payloadType: 109, of: 108, ssrc: 12 }).split('\r\n'), [
    'm=video 8189 UDP/TLS/RTP/SAVPF 108 109',
    'a=rtpmap:109 rtx/90000',
    'a=fmtp:109 apt=108',
    'a=ssrc-group:FID 11 12',
    'a=ssrc:11 cname:c',
    'a=ssrc:11 msid:bandstand video',
    'a=ssrc:12 cname:c',
    'a=rtpmap:108 H264/90000',
    'a=rtcp-fb:108 nack',
    'm=audio 8189 UDP/TLS/RTP/SAVPF 111',
    'a=ssrc:111 cname:c',
    '',
  ])
})

test('feedback that was not offered is left out', () => {
  const answer = 'm=video 1 x 108\r\na=rtcp-fb:108 nack\r\na=rtcp-fb:108 nack pli\r\na=mid:0\r\na=rtcp-fb:111 nack\r\n'
  const video = { mid: '0', payloadType: 108, parameters: '', feedback: ['nack pli'], receiverRtt: false }
  assert.equal(keepFeedback(answer, [video, undefined]), 'm=video 1 x 108\r\na=rtcp-fb:108 nack pli\r\na=mid:0\r\n')
})
