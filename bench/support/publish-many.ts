import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readClip } from '@bandstand/engine/ingest/rtmp/clip.ts'
import { readEnhancedClip } from '@bandstand/engine/ingest/rtmp/enhanced-clip.ts'
import { type FlvPublisher, publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'

/**
 * Publishes one clip many times, in a process of its own so that its cost is not the server's.
 *
 *   node publish-many.ts CLIP HOST PORT KEY KEY …
 *
 * CLIP is FLV with H.264 and AAC, or fragmented MP4 of any codec, which is sent by Enhanced RTMP. Prints `publishing` when all are accepted; ends on SIGTERM.
 */
const [path = '', host = '', port = '', ...keys] = process.argv.slice(2)
const enhanced = path.endsWith('.mp4')
const clip = enhanced ? readEnhancedClip(readFileSync(path)) : readClip(readFileSync(path))
const publishers: FlvPublisher[] = []
for (const key of keys) {
  const publisher = publishFlv({
    ...{ host, port: Number(port), app: 'live', key, clip },
    ...{ realtime: true, loop: true, enhanced },
  })
  void publisher.ended.then((end) => {
    if (end.how === 'stopped') return
    console.log(`ended: ${JSON.stringify(end)}`)
    process.exitCode = 1
  })
  publishers.push(publisher)
  // Encoders do not all send their key frames at the same moment.
  await sleep(97)
}
await Promise.all(publishers.map(({ publishing }) => publishing))
console.log('publishing')
process.once('SIGTERM', () => {
  void Promise.all(publishers.map((publisher) => publisher.stop())).then(() => process.exit())
})
