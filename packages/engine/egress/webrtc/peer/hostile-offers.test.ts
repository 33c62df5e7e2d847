import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parseSdp } from '@bandstand/media/protocols/sdp/parse.ts'
import { PeerConnection, Video } from 'node-datachannel'
import { endLibrary } from '../../../webrtc/library-fixture.ts'
import { reserveUdpPort } from '../../../webrtc/port.ts'
import type { AnsweredMedia } from '../messages.ts'
import { printTaken } from '../offer.ts'
import { type Connection, openConnection } from './connection.ts'

const CHROMIUM = readFileSync(
  new URL(import.meta.resolve('@bandstand/media/protocols/sdp/fixtures/chromium-156-recvonly.sdp')),
  'latin1',
)
const H264 = 'packetization-mode=1;profile-level-id=42e01f'
const VIDEO: AnsweredMedia = {
  mid: '0',
  payloadType: 108,
  parameters: H264,
  feedback: ['nack', 'nack pli', 'goog-remb'],
  receiverRtt: false,
}

const open = new Set<Connection>()
let port = 0

afterEach(async () => {
  for (const connection of open) connection.close()
  for (const until = performance.now() + 30_000; open.size > 0 && performance.now() < until; ) await sleep(10)
  assert.equal(open.size, 0)
})
after(endLibrary)

/** The real library's answer. */
async function answerTo(offer: string, media: { video?: AnsweredMedia; audio?: AnsweredMedia }, onOpen = () => {}) {
  port ||= await reserveUdpPort('127.0.0.1', 0)
  const { promise, resolve } = Promise.withResolvers<string>()
  const connection: Connection = openConnection({
    id: 'viewer',
    cname: 'c',
    port,
    host: '127.0.0.1',
    offer: printTaken(parseSdp(offer), media),
    ...(media.video && { video: { media: media.video, ssrc: 1 } }),
    ...(media.audio && { audio: { media: media.audio, ssrc: 2 } }),
    onAnswer: resolve,
    onOpen,
    onRtcp() {},
    onClosed: () => void open.delete(connection),
  })
  open.add(connection)
  return promise
}

const portsOf = (answer: string) => parseSdp(answer).media.map(({ port: of }) => (of === 0 ? 'refused' : 'taken'))

test('sections that nobody chose are refused, and leave the bundle', async () => {
  const answer = await answerTo(CHROMIUM, { video: VIDEO })
  assert.deepEqual(portsOf(answer), ['taken', 'refused'])
  assert.deepEqual(parseSdp(answer).bundles, [['0']])
  const second = CHROMIUM.slice(CHROMIUM.indexOf('m=video'), CHROMIUM.indexOf('m=audio')).replace('a=mid:0', 'a=mid:2')
  assert.deepEqual(portsOf(await answerTo(CHROMIUM + second, { video: VIDEO })), ['taken', 'refused', 'refused'])
})

test('a section that would send too is only sent to', async () => {
  const answer = parseSdp(await answerTo(CHROMIUM.replaceAll('a=recvonly', 'a=sendrecv'), { video: VIDEO }))
  assert.equal(answer.media[0]?.direction, 'sendonly')
})

test('only feedback that was offered is answered, and no estimate by transport-wide sequence numbers', async () => {
  const feedback = async (media: AnsweredMedia) =>
    parseSdp(await answerTo(CHROMIUM, { video: media })).media[0]?.codecs[0]?.feedback
  assert.deepEqual((await feedback(VIDEO))?.toSorted(), ['goog-remb', 'nack', 'nack pli'])
  assert.deepEqual(await feedback({ ...VIDEO, feedback: ['nack'] }), ['nack'])
  assert.deepEqual(await feedback({ ...VIDEO, feedback: [] }), [])
})

test('an offer of data channels opens none, and the pictures come', async () => {
  const viewer = new PeerConnection('offerer', {
    iceServers: [],
    bindAddress: '127.0.0.1',
    disableAutoNegotiation: true,
  })
  const video = new Video('0', 'RecvOnly')
  video.addH264Codec(108, H264)
  const track = viewer.addTrack(video)
  const channel = viewer.createDataChannel('nobody reads it')
  const closed = Promise.all([
    new Promise<void>((resolve) => track.onClosed(resolve)),
    new Promise<void>((resolve) => channel.onClosed(resolve)),
  ])
  try {
    const gathered = new Promise<void>((resolve) =>
      viewer.onGatheringStateChange((state) => state === 'complete' && resolve()),
    )
    viewer.setLocalDescription('offer')
    await gathered
    const opened = Promise.withResolvers<void>()
    const answer = await answerTo(viewer.localDescription()?.sdp ?? '', { video: VIDEO }, opened.resolve)
    const kinds = parseSdp(answer).media.map(({ kind, port: of }) => `${kind} ${of === 0 ? 'refused' : 'taken'}`)
    assert.deepEqual(kinds.toSorted(), ['application refused', 'video taken'])
    viewer.setRemoteDescription(answer, 'answer')
    await opened.promise
    await sleep(100)
    assert.equal(channel.isOpen(), false)
  } finally {
    track.close()
    channel.close()
    viewer.close()
  }
  await closed
})

test('what the library refuses leaves nothing behind', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const offer = CHROMIUM.replaceAll(/a=ice-ufrag.*\r?\n/g, '')
  /** Bytes that so many add to the process. */
  const grows = async (count: number) => {
    const before = process.memoryUsage().rss
    for (let n = 0; n < count; n++) {
      await assert.rejects(answerTo(offer, { video: VIDEO }))
      if (n % 50 === 0) await sleep(5)
    }
    for (let n = 0; n < 3; n++) {
      await sleep(50)
      collect()
    }
    return process.memoryUsage().rss - before
  }
  // Some 40 kB each when their connections stay, 12 MB in every round. Otherwise there is one that needs no more memory.
  const rounds: number[] = []
  do rounds.push(await grows(300))
  while ((rounds.at(-1) ?? 0) > 6e6 && rounds.length < 8)
  assert.ok((rounds.at(-1) ?? 0) < 6e6, `${rounds.join()} bytes more`)
})
