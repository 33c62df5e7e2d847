import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { parseSdp } from '@bandstand/media/protocols/sdp/parse.ts'
import { videoConfig } from '../../packager/fixtures/encoder.ts'
import type { Log } from '../../ports.ts'
import { createHub, type Hub } from '../../stream/hub.ts'
import { createWebRtcEgress, type Rendition, type WebRtcEgress } from './egress.ts'
import { WEBRTC_LIMITS } from './limits.ts'
import { slice } from './peer/fixtures.ts'
import { reserveUdpPort } from './port.ts'

const OFFER = readFileSync(
  new URL(import.meta.resolve('@bandstand/media/protocols/sdp/fixtures/chromium-156-recvonly.sdp')),
  'latin1',
)
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

let running: WebRtcEgress | undefined
afterEach(() => running?.close())

/** A stream of pictures without B-frames. */
function liveHub(): Hub {
  const hub = createHub({ keep: true, onFault() {} })
  hub.publish({
    kind: 'epoch-opened',
    id: 0,
    start: 0,
    wallClock: 0,
    tracks: [{ track: VIDEO_TRACK, config: videoConfig(), frameDuration: 1 / 30 }],
    reason: 'encoder',
    trackSetChanged: true,
  })
  for (let n = 0; n < WEBRTC_LIMITS.judgePictures; n++) picture(hub, n, n)
  return hub
}

/** The `n`th picture in decoding order. */
function picture(hub: Hub, n: number, shown: number): void {
  const unit = {
    track: VIDEO_TRACK,
    dts: n * 3000,
    pts: shown * 3000,
    key: n === 0,
    data: slice(n, n === 0),
    arrivedAt: 0,
  }
  hub.publish({ kind: 'unit', unit })
}

async function stage(hubs: Record<string, Hub>, options: { port?: number; withoutB?: Hub; perAddress?: number } = {}) {
  const egress = createWebRtcEgress({
    host: '127.0.0.1',
    port: options.port ?? (await reserveUdpPort('127.0.0.1', 0)),
    publicAddresses: ['203.0.113.7'],
    streams: {
      hub: (channel) => hubs[channel],
      renditions: (): readonly Rendition[] => [],
      withoutBFrames: async () => options.withoutB,
    },
    ffmpeg: undefined,
    seen() {},
    log: silent,
    limits: { sessions: 10, sessionsPerAddress: options.perAddress ?? 10 },
  })
  running = egress
  const offer = (channel: string, sdp = OFFER, remote = '10.0.0.1') => egress.offer({ channel, sdp, remote })
  const refused = async (...args: Parameters<typeof offer>) => {
    const answer = await offer(...args)
    return 'code' in answer ? answer.code : 'answered'
  }
  return { egress, offer, refused }
}

test('what cannot be read, and what nobody publishes, starts no process', async () => {
  const { egress, refused } = await stage({})
  assert.equal(await refused('main', 'v=1\r\n'), 'bad-offer')
  assert.equal(await refused('main'), 'offline')
  assert.equal(egress.pid, undefined)
})

test('an offer is answered with H.264 on the one port and the public address, and its session ends when it is left', async () => {
  const { egress, offer } = await stage({ main: liveHub() })
  const answer = await offer('main')
  assert.ok('sdp' in answer)
  const { media } = parseSdp(answer.sdp)
  const [video] = media
  assert.deepEqual([video?.direction, video?.codecs.map(({ name }) => name)], ['sendonly', ['H264']])
  assert.match(video?.candidates.join() ?? '', new RegExp(`^[^,]* 203\\.0\\.113\\.7 ${egress.port} typ host`))
  assert.equal(egress.has(answer.session), true)
  assert.equal(egress.figures.sessions, 1)
  assert.equal(egress.leave(answer.session), true)
  assert.equal(egress.leave(answer.session), false)
  assert.equal(egress.figures.sessions, 0)
})

test('one address has so many sessions and no more', async () => {
  const { refused } = await stage({ main: liveHub() }, { perAddress: 1 })
  assert.equal(await refused('main'), 'answered')
  assert.equal(await refused('main'), 'busy')
  assert.equal(await refused('main', OFFER, '10.0.0.2'), 'answered')
})

test('an offer without H.264 is refused', async () => {
  const { refused } = await stage({ main: liveHub() })
  assert.equal(await refused('main', OFFER.replaceAll('H264/90000', 'H263/90000')), 'no-codec')
})

test('B-frames are refused unless a rendition without them is to be had', async () => {
  const hub = liveHub()
  picture(hub, 10, 13)
  picture(hub, 11, 11)
  const { refused } = await stage({ main: hub })
  assert.equal(await refused('main'), 'has-b-frames')
  await running?.close()
  const other = await stage({ main: hub }, { withoutB: liveHub() })
  assert.equal(await other.refused('main'), 'answered')
})

test('a stream that ends takes its sessions with it', async () => {
  const hub = liveHub()
  const { egress, refused } = await stage({ main: hub })
  assert.equal(await refused('main'), 'answered')
  hub.end()
  while (egress.figures.sessions > 0) await sleep(10)
  assert.equal(await refused('main'), 'offline')
})

test('a killed process loses its sessions; the next offer is put off, then answered by a new one', async () => {
  const { egress, refused, offer } = await stage({ main: liveHub() })
  assert.equal(await refused('main'), 'answered')
  const killed = egress.pid ?? assert.fail()
  process.kill(killed, 'SIGKILL')
  while (egress.figures.sessions > 0) await sleep(10)
  const answer = await offer('main')
  assert.deepEqual('code' in answer && [answer.code, answer.retryAfter], ['unavailable', 1])
  await sleep(WEBRTC_LIMITS.restartMs)
  assert.equal(await refused('main'), 'answered')
  assert.notEqual(egress.pid, killed)
})

test('a process that cannot work is said to be unavailable', async () => {
  const { refused } = await stage({ main: liveHub() }, { port: 70_000 })
  assert.equal(await refused('main'), 'unavailable')
})
