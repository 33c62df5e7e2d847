/**
 * A floor for WHIP: the same library, connections and threads as the server's WebRTC process has, and packets that come are counted and
 * thrown away. Nobody is told of losses or asked for key frames.
 *
 *     node bench/whip/library.ts HTTP UDP     a line of JSON when it listens, and one with the packets that came for each line
 *
 * HTTP and UDP are its ports. Ends on SIGTERM.
 */
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { readPublishOffer } from '@bandstand/engine/ingest/whip/offer.ts'
import { openEncoderConnection } from '@bandstand/engine/ingest/whip/peer/connection.ts'
import type { Answering } from '@bandstand/engine/webrtc/answering.ts'
import { IceUdpMuxListener, initLogger, preload } from 'node-datachannel'

const [http = 0, port = 0] = process.argv.slice(2).map(Number)
const host = '127.0.0.1'
initLogger('Error', (level, message) => console.error(level, message))
preload()
/** Kept: what nobody refers to is collected. */
const listener = new IceUdpMuxListener(port, host)
const connections: Answering[] = []
let packets = 0

/** @throws TypeError for an offer that the server would not take either. */
function answerTo(offer: string): Promise<string> {
  const taken = readPublishOffer(offer)
  if ('code' in taken) throw new TypeError(taken.reason)
  const { sdp, video, audio } = taken
  return new Promise((resolve) => {
    connections.push(
      openEncoderConnection({
        id: `encoder ${connections.length}`,
        offer: sdp,
        ...{ port, host, video, ...(audio && { audio }) },
        onAnswer: resolve,
        onOpen() {},
        onPacket() {
          packets++
        },
        onClosed() {},
      }),
    )
  })
}

const server = createServer(async (request, response) => {
  if (request.method !== 'POST') return void response.end(JSON.stringify({ over: false, connected: true }))
  const answer = await answerTo(await text(request))
  response.writeHead(201, { Location: `${request.url}/${connections.length}` }).end(answer)
})
process.once('SIGTERM', () => {
  listener.stop()
  process.exit(0)
})
server.listen(http, host, () => console.log(JSON.stringify({ packets })))
for await (const _ of createInterface({ input: process.stdin })) console.log(JSON.stringify({ packets }))
