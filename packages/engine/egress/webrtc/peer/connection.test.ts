import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { parseSdp } from '@bandstand/media/protocols/sdp/parse.ts'
import { PeerConnection, Video } from 'node-datachannel'
import { endLibrary } from '../../../webrtc/library-fixture.ts'
import { reserveUdpPort } from '../../../webrtc/port.ts'
import { PEER_LIMITS } from '../limits.ts'
import { printTaken } from '../offer.ts'
import { openConnection } from './connection.ts'
import { VIDEO } from './fixtures.ts'

const H264 = 'packetization-mode=1;profile-level-id=42e01f'

after(endLibrary)

/** RTP with this sequence number and nothing in it. */
function packet(sequence: number): Uint8Array {
  return Uint8Array.of(0x80, VIDEO.payloadType, sequence >> 8, sequence & 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0)
}

test('the library sends packets again as far back as its window goes, and no further', async () => {
  const viewer = new PeerConnection('viewer', {
    iceServers: [],
    bindAddress: '127.0.0.1',
    disableAutoNegotiation: true,
  })
  const video = new Video('0', 'RecvOnly')
  video.addH264Codec(VIDEO.payloadType, H264)
  const track = viewer.addTrack(video)
  const left = new Promise<void>((resolve) => track.onClosed(resolve))
  const gathered = new Promise<void>((resolve) =>
    viewer.onGatheringStateChange((state) => state === 'complete' && resolve()),
  )
  viewer.setLocalDescription('offer')
  await gathered
  const media = { ...VIDEO, parameters: H264 }
  const opened = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  let isClosed = false
  const connection = openConnection({
    ...{ id: 'server', cname: 'c', port: await reserveUdpPort('127.0.0.1', 0), host: '127.0.0.1' },
    offer: printTaken(parseSdp(viewer.localDescription()?.sdp ?? ''), { video: media }),
    video: { media, ssrc: 1 },
    onAnswer: (sdp) => viewer.setRemoteDescription(sdp, 'answer'),
    onOpen: opened.resolve,
    onRtcp() {},
    onClosed() {
      isClosed = true
      closed.resolve()
    },
  })
  await opened.promise
  const newest = 3_000
  for (let n = 1; n <= newest; n++) connection.write('video', packet(n))
  connection.write('video', packet(newest - PEER_LIMITS.resendWindow + 1))
  await new Promise((done) => setTimeout(done, 100))
  assert.equal(isClosed, false)
  connection.write('video', packet(newest - PEER_LIMITS.resendWindow))
  await closed.promise
  track.close()
  viewer.close()
  await left
})
