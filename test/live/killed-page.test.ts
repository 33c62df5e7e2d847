import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownAddresses, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { channelMaker } from '../support/channels.ts'
import { clip } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

// Each has a server and a browser of its own, and they mostly wait.
describe('an open page and a killed server', { concurrency: true }, () => {
  test('an open page goes on after the server was killed, over the numbers that were reserved and never used', async (t) => {
    let server = await startBandstand({ limit: 120_000, ...ownAddresses })
    t.after(() => server.stop())
    const browser = await chromium()
    t.after(() => browser.close())
    const channel = await (await channelMaker(server))('killed-page')
    const addresses = { http: new URL(server.http).host, rtmp: new URL(server.rtmp).host }
    const encoder = clip(t, channel.publishUrl, { reconnectMs: 100, startAt: () => 0 })
    const assetId = await channel.live()
    const page = await browser.newPage()
    let loads = 0
    page.on('load', () => loads++)
    await page.goto(`${server.http}/@${channel.slug}`)
    const time = () => page.evaluate<number>(`document.querySelector('bandstand-player')?.video?.currentTime ?? 0`)
    /** Pictures move for a second on end. */
    async function plays(): Promise<boolean> {
      const before = await time()
      await sleep(1_000)
      return before > 0 && (await time()) > before + 0.5
    }
    await waitFor('the page to play', plays)
    for (let kill = 1; kill <= 2; kill++) {
      await sleep(4_000)
      await server.kill('SIGKILL')
      server = await startBandstand({ data: server.data, ...addresses, limit: 120_000 })
      await waitFor('the encoder to return', () => encoder.accepted > kill)
      const begun = performance.now()
      await waitFor('the page to play again', plays)
      t.diagnostic(`kill ${kill}: plays ${Math.round(performance.now() - begun)} ms after the encoder's return`)
    }
    assert.equal((await channel.facts()).assetId, assetId)
    assert.equal(loads, 1)
    const playlist = await (await fetch(`${server.http}/live/${channel.slug}/${assetId}/v1/index.m3u8`)).text()
    t.diagnostic(`${playlist.split('#EXT-X-GAP').length - 1} gaps`)
  })

  test('an open page goes on soon after server and encoder were killed and away for longer than its first retries', async (t) => {
    let server = await startBandstand({ limit: 120_000, ...ownAddresses })
    t.after(() => server.stop())
    const browser = await chromium()
    t.after(() => browser.close())
    const channel = await (await channelMaker(server))('away-page')
    const addresses = { http: new URL(server.http).host, rtmp: new URL(server.rtmp).host }
    const first = clip(t, channel.publishUrl, { reconnectMs: 100, startAt: () => 0 })
    await channel.live()
    const page = await browser.newPage()
    let playlists = 0
    page.on('request', (request) => {
      if (request.url().includes('.m3u8')) playlists++
    })
    await page.goto(`${server.http}/@${channel.slug}`)
    const video = () =>
      page.evaluate<{ time: number; end: number }>(`(() => {
        const { currentTime: time, buffered } = document.querySelector('bandstand-player').video
        return { time, end: buffered.length > 0 ? buffered.end(buffered.length - 1) : 0 }
      })()`)
    await waitFor('the page to play', async () => (await video()).time > 1)
    await server.kill('SIGKILL')
    await first.stop()
    await sleep(12_000)
    server = await startBandstand({ data: server.data, ...addresses, limit: 120_000 })
    playlists = 0
    await sleep(5_000)
    // Two renditions, loaded anew and then held: it was hundreds in a second.
    assert.ok(playlists < 60, `${playlists} requests for playlists while the encoder was away`)
    const { end: old } = await video()
    const encoder = clip(t, channel.publishUrl, { reconnectMs: 100, startAt: () => 0 })
    await waitFor('the encoder to return', () => encoder.accepted === 1, 30_000, 10)
    const begun = performance.now()
    let played = Number.POSITIVE_INFINITY
    await waitFor('a new picture to move', async () => {
      const { time } = await video()
      // By playing, not by a seek.
      const moves = time > Math.max(old, played) && time < played + 1
      played = time
      return moves
    })
    t.diagnostic(`plays ${Math.round(performance.now() - begun)} ms after the encoder's return`)
  })
})
