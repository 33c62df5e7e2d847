import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { readMetrics } from '../../bench/support/metrics.ts'
import { startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { channelMaker } from '../support/channels.ts'
import { assertPlaysOn, watchVideo } from '../support/player-page.ts'
import { judgeLive, judgeReplay } from '../support/replay.ts'
import { clip, watch } from '../support/scene.ts'
import { readUsage } from '../support/usage.ts'
import { stopwatch, waitFor } from '../support/wait.ts'

/** Peers that mean no good, or do not know what they are doing, beside an encoder that streams. */

/** Pseudo-random bytes, the same in every run. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** Connects and never minds what becomes of it. */
async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  return socket.resume()
}

/** Opens a chat and says nothing; one address may have 200. */
async function chat(http: string, slug: string, index: number): Promise<WebSocket> {
  const socket = new WebSocket(`${http.replace('http', 'ws')}/live/${slug}/chat`, {
    localAddress: `127.0.0.${1 + (index % 4)}`,
    headers: { origin: http },
  })
  socket.on('error', () => {})
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'hello', chat: false }))
  return socket
}

test('300 idle encoders, 500 in the chat and malformed bytes disturb neither an encoder nor a viewer, are counted, and the idle are closed', async (t) => {
  const server = await startBandstand({ args: ['--max-publishers-per-address', '400'] })
  t.after(() => server.stop())
  const channel = await (await channelMaker(server))('calm')
  const watcher = watch(t, server, channel)
  const sending = stopwatch()
  const encoder = clip(t, channel.publishUrl)
  const assetId = await channel.live()
  const port = Number(new URL(server.rtmp.replace('rtmp:', 'http:')).port)
  const browser = await chromium()
  t.after(() => browser.close())
  const page = await browser.newPage()
  await page.goto(`${server.http}/@${channel.slug}/embed`)
  const video = "document.querySelector('bandstand-player')?.video"
  await waitFor('a viewer who sees something', () => page.evaluate(`${video}?.currentTime > 1`))
  await watchVideo(page, video)
  const before = readUsage(server.pid).rss
  const chatters = await Promise.all(Array.from({ length: 500 }, (_, i) => chat(server.http, channel.slug, i)))
  t.after(() => chatters.forEach((socket) => socket.terminate()))
  const idle = await Promise.all(Array.from({ length: 300 }, () => open(port)))
  let closed = 0
  for (const socket of idle) socket.once('close', () => closed++)
  const counted = await waitFor('all encoders to be counted', async () => {
    const figures = await readMetrics(server.http)
    return figures.get('bandstand_rtmp_connections') === idle.length + 1 && figures
  })
  assert.ok((counted.get('bandstand_http_connections') ?? 0) > chatters.length)
  for (const name of ['viewers{channel="calm"}', 'live_memory_bytes', 'recording_bytes'])
    assert.ok((counted.get(`bandstand_${name}`) ?? 0) > 0, name)

  const handshake = Buffer.concat([Buffer.from([3]), noise(1536, 1), noise(1536, 2)])
  const rude = [
    noise(5_000, 3),
    Buffer.from('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'),
    Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
    Buffer.concat([handshake, noise(20_000, 4)]),
    // A chunk that announces a message of 16 MB.
    Buffer.concat([handshake, Buffer.from([3, 0, 0, 0, 0xff, 0xff, 0xff, 0x14, 0, 0, 0, 0]), noise(200_000, 5)]),
    // Chunk size 0, then 2 GB.
    Buffer.concat([handshake, Buffer.from([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0])]),
    Buffer.concat([handshake, Buffer.from([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff])]),
  ]
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      rude.map(async (bytes) => {
        const socket = await open(port)
        socket.end(bytes)
        t.after(() => socket.destroy())
      }),
    )
    await sleep(300)
  }
  await Promise.all([judgeLive(server.http, channel.slug, 4), assertPlaysOn(page, 4_000, { frameRate: 30 })])
  assert.ok(readUsage(server.pid).rss - before < 60e6, 'memory stays')
  await waitFor('those who never begin to be closed', () => closed === 300)
  assert.ok(
    chatters.every((socket) => socket.readyState === WebSocket.OPEN),
    'who says nothing in the chat may stay',
  )
  assert.equal((await channel.facts()).assetId, assetId)
  await encoder.stop()
  const most = sending() + 0.7
  await channel.offline()
  const replay = await judgeReplay(server.http, assetId, { seconds: [9, most] })
  assert.equal(replay.discontinuities, 0)
  await watcher.stop()
  assert.deepEqual(watcher.problems, [])
  assert.ok(server.running())
})
