/**
 * Viewers by WHEP that decode nothing: they count what arrives and what is missing, and report as browsers do, so that they are
 * not taken for dead. Native connections have to be alone in their process, with a port for each.
 *
 *     node bench/whep/receivers.ts URL COUNT        a line of JSON on standard output for each line on standard input
 */
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { printRtcp } from '@bandstand/media/protocols/rtcp/compound.ts'
import { createUnwrapper } from '@bandstand/media/protocols/rtp/unwrap.ts'
import { initLogger, PeerConnection, type Track, Video } from 'node-datachannel'

const [url = '', count = '1'] = process.argv.slice(2)
initLogger('Error', (level, message) => console.error(level, message))

/** Whose connection ended before they left. */
let closed = 0

interface Receiver {
  readonly peer: PeerConnection
  readonly track: Track
  packets: number
  readonly highest: () => number
  first: number | undefined
}

function connect(index: number): Promise<Receiver> {
  const peer = new PeerConnection(`viewer ${index}`, { iceServers: [], disableAutoNegotiation: true })
  const video = new Video('0', 'RecvOnly')
  video.addH264Codec(96, 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1')
  const track = peer.addTrack(video)
  const unwrap = createUnwrapper(16)
  let highest = 0
  const receiver: Receiver = { peer, track, packets: 0, first: undefined, highest: () => highest }
  track.onMessage((message) => {
    const type = message[1] ?? 0
    if (type >= 192 && type <= 223) return
    receiver.packets++
    const sequence = unwrap(message.readUInt16BE(2))
    receiver.first ??= sequence
    highest = Math.max(highest, sequence)
  })
  track.onClosed(() => {
    closed++
  })
  return new Promise((resolve, reject) => {
    track.onOpen(() => resolve(receiver))
    peer.onGatheringStateChange((state) => {
      if (state !== 'complete') return
      const sdp = peer.localDescription()?.sdp ?? ''
      fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: sdp })
        .then(async (answer) => {
          if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`)
          peer.setRemoteDescription(await answer.text(), 'answer')
        })
        .catch(reject)
    })
    peer.setLocalDescription('offer')
  })
}

const receivers: Receiver[] = []
// From the first one on: to connect them all may take longer than a viewer may be silent.
const alive = Buffer.from(printRtcp([{ type: 'rr', ssrc: 1, reports: [] }]))
setInterval(() => {
  for (const { track } of receivers) if (track.isOpen()) track.sendMessageBinary(alive)
}, 2_000).unref()
for (let i = 0; i < Number(count); i++) {
  receivers.push(await connect(i))
  await sleep(5)
}
console.log(JSON.stringify({ connected: receivers.length }))
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'end') break
  let [packets, missing] = [0, 0]
  for (const receiver of receivers) {
    packets += receiver.packets
    missing += receiver.first === undefined ? 0 : receiver.highest() - receiver.first + 1 - receiver.packets
  }
  console.log(JSON.stringify({ packets, missing, closed }))
}
process.exit(0)
