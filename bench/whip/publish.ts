/**
 * Encoders by WHIP, each with a connection of its own, as a browser has it: pictures and sound with reports of one clock, feedback on
 * arrivals, and packets sent again. Native connections have to be alone in their process.
 *
 *     node bench/whip/publish.ts CLIP HTTP SLUG=KEY …     a line of JSON when all send, and one for each line on standard input
 *
 * CLIP is fragmented MP4 of H.264 and Opus, HTTP the server's address. Ends on SIGTERM.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Audio, initLogger, PeerConnection, type Track, Video } from 'node-datachannel'
import { readRtpClip } from './clip.ts'
import { createSender, type Kind, type Sender } from './sender.ts'

const [path = '', http = '', ...channels] = process.argv.slice(2)
initLogger('Error', (level, message) => console.error(level, message))

const clip = readRtpClip(readFileSync(path))
const TRANSPORT_SEQUENCE = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'
const EXTENSION = 3
const SECTIONS = { video: { ssrc: 1001, payloadType: 102 }, audio: { ssrc: 1002, payloadType: 111 } } as const
const STEP_MS = 5

interface Encoder {
  /** Of the session: it is deleted at the end. */
  readonly location: string
  /** Kept, with its tracks: what nobody refers to is collected. */
  readonly peer: PeerConnection
  readonly tracks: Readonly<Record<Kind, Track>>
  readonly sender: Sender
}

function videoSection(): Video {
  const { ssrc, payloadType } = SECTIONS.video
  const section = new Video('0', 'SendOnly')
  section.addH264Codec(payloadType, 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1')
  section.addSSRC(ssrc, 'bench', 'bench', 'video')
  section.parseSdpLine(`a=extmap:${EXTENSION} ${TRANSPORT_SEQUENCE}`)
  section.parseSdpLine(`a=rtcp-fb:${payloadType} transport-cc`)
  return section
}

function audioSection(): Audio {
  const { ssrc, payloadType } = SECTIONS.audio
  const section = new Audio('1', 'SendOnly')
  section.addOpusCodec(payloadType)
  section.addSSRC(ssrc, 'bench', 'bench', 'audio')
  section.parseSdpLine(`a=extmap:${EXTENSION} ${TRANSPORT_SEQUENCE}`)
  section.parseSdpLine(`a=rtcp-fb:${payloadType} transport-cc`)
  return section
}

/** Offers, and gives the session's address. */
async function offer(peer: PeerConnection, slug: string, key: string): Promise<string> {
  const { promise: gathered, resolve } = Promise.withResolvers<void>()
  peer.onGatheringStateChange((state) => {
    if (state === 'complete') resolve()
  })
  peer.setLocalDescription('offer')
  await gathered
  const url = `${http}/live/${slug}/whip`
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp', Authorization: `Bearer ${key}` },
    body: peer.localDescription()?.sdp ?? '',
  })
  if (answer.status !== 201) throw new Error(`${slug}: ${answer.status} ${await answer.text()}`)
  peer.setRemoteDescription(await answer.text(), 'answer')
  return new URL(answer.headers.get('Location') ?? '', url).href
}

async function connect(slug: string, key: string): Promise<Encoder> {
  const peer = new PeerConnection(slug, { iceServers: [], disableAutoNegotiation: true })
  const tracks = { video: peer.addTrack(videoSection()), audio: peer.addTrack(audioSection()) }
  const opened = Object.values(tracks).map((track) => new Promise<void>((resolve) => track.onOpen(resolve)))
  for (const track of Object.values(tracks)) {
    track.onClosed(() => {
      console.error(`${slug} was closed`)
      process.exit(1)
    })
  }
  const location = await offer(peer, slug, key)
  await Promise.all(opened)
  const sender = createSender(
    {
      ...{ clip, cname: 'bench', ...SECTIONS, transportSequence: EXTENSION, wallClock: performance.timeOrigin },
      write: (kind, packet) => void tracks[kind].sendMessageBinary(packet as Buffer),
    },
    performance.now(),
  )
  tracks.video.onMessage((message) => sender.hear(message))
  return { location, peer, tracks, sender }
}

/** What the server says of a stream. */
interface Status {
  readonly over: boolean
  readonly connected?: boolean
  readonly lost?: number
  readonly dropped?: number
}

async function figures(): Promise<object> {
  const all = await Promise.all(
    encoders.map(async ({ location }) => (await (await fetch(`${location}/status`)).json()) as Status),
  )
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  return {
    packets: sum(encoders.map(({ sender }) => sender.packets)),
    resent: sum(encoders.map(({ sender }) => sender.resent)),
    lost: sum(all.map(({ lost = 0 }) => lost)),
    dropped: sum(all.map(({ dropped = 0 }) => dropped)),
    over: all.filter(({ over, connected }) => over || connected !== true).length,
  }
}

const encoders: Encoder[] = []
setInterval(() => {
  const now = performance.now()
  for (const { sender } of encoders) sender.step(now)
}, STEP_MS)
process.once('SIGTERM', () => {
  const deleted = encoders.map(({ location }) => fetch(location, { method: 'DELETE' }))
  void Promise.allSettled(deleted).then(() => process.exit(0))
})
for (const channel of channels) {
  const at = channel.indexOf('=')
  encoders.push(await connect(channel.slice(0, at), channel.slice(at + 1)))
  // Encoders do not all send their key frames at the same moment.
  await sleep(97)
}
console.log(JSON.stringify({ publishing: encoders.length }))
for await (const _ of createInterface({ input: process.stdin })) console.log(JSON.stringify(await figures()))
