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
 * media in each media playlist it names, picture and sound: hls.js shows nothing before it has both. Each round is a new
 * broadcast on a channel of its own. The clock starts when the server has accepted the encoder, which is just before the key
 * frame is sent. With key frames every 2 s, and with OBS's "auto" (250 frames).
 */
const rounds = 12
const limit = 5_000

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

/** The playlist of pictures and that of sound. */
function mediaPlaylists(multivariant: string): string[] {
  const picture = multivariant.split('\n').find((line) => line !== '' && !line.startsWith('#'))
  const sound = /#EXT-X-MEDIA:(?=[^\n]*TYPE=AUDIO)[^\n]*URI="([^"]+)"/.exec(multivariant)?.[1]
  if (picture === undefined || sound === undefined) throw new Error(`not picture and sound: ${multivariant}`)
  return [picture, sound]
}

async function measure(gop: number): Promise<void> {
  // As many frames as whole intervals take: the clip is played in a loop.
  const clip = readClip(readFileSync(await makeClip({ seconds: (2 * gop) / 30, bitrate: 2500, gop })))
  const server = await startBandstand({ ffmpeg: true })
  const keys = await createChannels(server, rounds)
  const { hostname, port } = new URL(server.rtmp.replace(/^rtmp:/, 'http:'))
  const to = { host: hostname, port: Number(port), app: 'live' }
  const times: number[] = []
  for (const [index, key] of keys.entries()) {
    const publisher = publishFlv({ ...to, key, clip, realtime: true, loop: true })
    if (!(await publisher.publishing)) throw new Error(JSON.stringify(await publisher.ended))
    const begun = performance.now()
    const address = `${server.http}/live/bench-${index}/index.m3u8`
    const multivariant = await poll(address, (text) => text.includes('#EXT-X-STREAM-INF'))
    await Promise.all(mediaPlaylists(multivariant).map((media) => poll(new URL(media, address).href, hasMedia)))
    times.push(performance.now() - begun)
    await publisher.stop()
  }
  await server.stop()
  const worst = Math.max(...times)
  const interval = gop === 60 ? '2 s key frames' : `${gop}-frame key interval`
  report({
    what: `first key frame to playlists with media of picture and sound, ${interval}, p50 / worst of ${rounds}`,
    measured: `${Math.round(quantile(times, 0.5))} / ${Math.round(worst)} ms`,
    ...(gop === 60 && { must: '500 ms', ok: worst <= 500 }),
  })
}

for (const gop of [60, 250]) await measure(gop)
