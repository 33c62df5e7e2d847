import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readClip } from '@bandstand/engine/ingest/rtmp/clip.ts'
import { publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'
import { startBandstand } from '../test/support/bandstand.ts'
import { createChannels } from './support/channels.ts'
import { makeClip } from './support/clips.ts'
import { quantile, report } from './support/report.ts'

/**
 * From an encoder's first key frame to playlists that a player starts with: a multivariant playlist, and a first part of
 * media in the media playlist it names. Each round is a new broadcast on a channel of its own. The clock starts when the
 * server has accepted the encoder, which is just before the key frame is sent.
 */
const rounds = 12
const limit = 5_000

const clip = readClip(readFileSync(await makeClip({ seconds: 4, bitrate: 2500 })))
const server = await startBandstand({ ffmpeg: true })
const keys = await createChannels(server, rounds)
const { hostname, port } = new URL(server.rtmp.replace(/^rtmp:/, 'http:'))

/** Asks until the answer is there and passes. */
async function poll(url: string, passes: (text: string) => boolean): Promise<string> {
  for (const deadline = Date.now() + limit; Date.now() < deadline; await sleep(5)) {
    const answer = await fetch(url)
    const text = await answer.text()
    if (answer.ok && passes(text)) return text
  }
  throw new Error(`${url} shows nothing to play`)
}

const hasMedia = (text: string) =>
  text.split('\n').some((line) => line.startsWith('#EXT-X-PART:') && !/GAP=YES/.test(line))

const times: number[] = []
for (const [index, key] of keys.entries()) {
  const publisher = publishFlv({
    host: hostname,
    port: Number(port),
    app: 'live',
    key,
    clip,
    realtime: true,
    loop: true,
  })
  if (!(await publisher.publishing)) throw new Error(JSON.stringify(await publisher.ended))
  const begun = performance.now()
  const address = `${server.http}/live/bench-${index}/index.m3u8`
  const multivariant = await poll(address, (text) => text.includes('#EXT-X-STREAM-INF'))
  const media = multivariant.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? ''
  await poll(new URL(media, address).href, hasMedia)
  times.push(performance.now() - begun)
  await publisher.stop()
}
await server.stop()

const worst = Math.max(...times)
report({
  what: `first key frame to a playlist with media, p50 / worst of ${rounds}`,
  measured: `${Math.round(quantile(times, 0.5))} / ${Math.round(worst)} ms`,
  must: '500 ms',
  ok: worst <= 500,
})
