import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { after, test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { parseSdp } from '@bandstand/media/protocols/sdp/parse.ts'
import { PeerConnection, Video } from 'node-datachannel'
import { createWebRtcEgress } from '../egress/webrtc/egress.ts'
import { WEBRTC_LIMITS } from '../egress/webrtc/limits.ts'
import { slice } from '../egress/webrtc/peer/fixtures.ts'
import { videoConfig } from '../packager/fixtures/encoder.ts'
import { createHub } from '../stream/hub.ts'
import { endLibrary } from './library-fixture.ts'
import { reserveUdpPort } from './port.ts'
import { createWebRtcProcess } from './supervisor.ts'

const addresses = Object.values(networkInterfaces()).flatMap((own) => own ?? [])
const skip = !addresses.some(({ address }) => address === '::1') && 'this machine has no IPv6'

after(endLibrary)

/** A stream of four pictures without B-frames. */
function liveHub() {
  const hub = createHub({ keep: true, onFault: (_, error) => assert.fail(String(error)) })
  const tracks = [{ track: VIDEO_TRACK, config: videoConfig(), frameDuration: 1 / 30 }]
  hub.publish({
    ...{ kind: 'epoch-opened', id: 0, start: 0, wallClock: 0, tracks, reason: 'encoder' },
  })
  for (let n = 0; n < WEBRTC_LIMITS.judgePictures; n++) {
    const [key, time] = [n === 0, n * 3000]
    const unit = { track: VIDEO_TRACK, dts: time, pts: time, key, data: slice(n, key), arrivedAt: 0 }
    hub.publish({ kind: 'unit', unit })
  }
  return hub
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** What never comes fails, and leaves what was opened to be closed: with a connection left the process would not end. */
function within(what: string, begin: (resolve: () => void) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const limit = setTimeout(() => reject(new assert.AssertionError({ message: `${what} did not come` })), 25_000)
  begin(resolve)
  return promise.finally(() => clearTimeout(limit))
}

/** A server's WebRTC at this address, which viewers reach by the loopback of either kind. */
async function listenAt(host: string) {
  const hub = liveHub()
  const source = { name: 'source', width: 640, height: 360, frameRate: 30, bitrate: 500_000, hub }
  const process = createWebRtcProcess({
    ...{ host, port: await reserveUdpPort(host, 0), log: silent },
    // It may take many times as long beside busy ones.
    now: () => performance.now() / 10,
  })
  const egress = createWebRtcEgress({
    ...{ process, publicAddresses: () => [], ffmpeg: undefined, log: silent },
    find: () => ({ source, rungs: [], askForRungs() {}, plain: () => 'not wanted', askForPlain() {} }),
    seen() {},
    limits: { sessions: 10, sessionsPerAddress: 10 },
  })
  /** Resolves with the answer's addresses once a viewer at this loopback has got a packet of the pictures. */
  async function watchFrom(loopback: '127.0.0.1' | '::1'): Promise<string[]> {
    const viewer = new PeerConnection('viewer', {
      iceServers: [],
      bindAddress: loopback,
      disableAutoNegotiation: true,
    })
    const video = new Video('0', 'RecvOnly')
    video.addH264Codec(102, 'packetization-mode=1;profile-level-id=42e01f')
    const track = viewer.addTrack(video)
    const closed = new Promise<void>((resolve) => track.onClosed(resolve))
    try {
      const seen = within('a packet of the pictures', (resolve) => track.onMessage(() => resolve()))
      const gathered = within('the offer', (resolve) =>
        viewer.onGatheringStateChange((state) => state === 'complete' && resolve()),
      )
      viewer.setLocalDescription('offer')
      await gathered
      const sdp = viewer.localDescription()?.sdp ?? ''
      const answer = await egress.offer({ channel: 'main', sdp, remote: loopback })
      assert.ok('sdp' in answer, JSON.stringify(answer))
      // Nothing but this address leads to the server: no other can be what connected.
      const [first, ...others] = answer.sdp.split(/^a=candidate:.*\r\n/m)
      const only = `a=candidate:1 1 UDP 2122317823 ${loopback} ${egress.port} typ host\r\n`
      viewer.setRemoteDescription(`${first}${only}${others.join('')}`, 'answer')
      await seen
      const { media } = parseSdp(answer.sdp)
      return media.flatMap(({ candidates }) => candidates.map((line) => line.split(' ')[4] ?? ''))
    } finally {
      track.close()
      viewer.close()
      await closed
    }
  }
  return { watchFrom, close: () => process.close() }
}

test('on all addresses of IPv6 the port takes viewers by IPv6 and by IPv4', { skip }, async () => {
  const server = await listenAt('::')
  try {
    const told = await server.watchFrom('::1')
    await server.watchFrom('127.0.0.1')
    const own = addresses.filter(({ internal, scopeid = 0 }) => !internal && scopeid === 0)
    for (const family of [isIPv4, isIPv6]) {
      assert.equal(
        told.some(family),
        own.some(({ address }) => family(address)),
        told.join(),
      )
    }
  } finally {
    await server.close()
  }
})

test('on one address of IPv6 it is that one that viewers are told', { skip }, async () => {
  const server = await listenAt('::1')
  try {
    assert.deepEqual(await server.watchFrom('::1'), ['::1'])
  } finally {
    await server.close()
  }
})

test('on all addresses of IPv4 viewers are told of no other', async () => {
  const server = await listenAt('0.0.0.0')
  try {
    const told = await server.watchFrom('127.0.0.1')
    assert.deepEqual(told.filter(isIPv6), [])
  } finally {
    await server.close()
  }
})
