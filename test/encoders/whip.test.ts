import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { channelMaker, publishClip, type TestChannel } from '../support/channels.ts'
import { startHls } from '../support/hls-page.ts'
import { startLossyRelay } from '../support/lossy-relay.ts'
import { type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import { waitLive } from '../support/published.ts'
import { waitFor } from '../support/wait.ts'
import { whepFigures, whepJoin } from '../support/whep-page.ts'
import { fakeDevices, type WhipPublish, whipEnd, whipFigures, whipPublish } from '../support/whip-page.ts'

/** Chromium publishes with its own encoders, and watches. Each test waits most of its time, on a channel of its own. */
describe('WHIP', { concurrency: 2 }, () => {
  let server: Bandstand
  let browser: Browser
  let pages: PlayerPage
  let channel: (slug: string) => Promise<TestChannel>
  before(async () => {
    server = await startBandstand({ args: ['--reconnect-window', '5'] })
    browser = await chromium(fakeDevices)
    pages = await servePlayerPage()
    channel = await channelMaker(server)
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
    await server?.stop()
  })

  const endpoint = (slug: string) => `${server.http}/live/${slug}/whip`
  /** Small pictures: the machine encodes and decodes them all. */
  const small = { width: 320, height: 180, frameRate: 20, codec: 'video/H264' } as const

  async function publish(slug: string, options: Partial<WhipPublish> = {}) {
    const [page, own] = [await pages.open(browser), await channel(slug)]
    const published = await whipPublish(page, endpoint(slug), { key: own.key, ...small, ...options })
    return { page, own, published }
  }
  async function leave(page: Page): Promise<void> {
    await whipEnd(page)
    await page.close()
  }
  const playlist = async (slug: string) => (await fetch(`${server.http}/live/${slug}/index.m3u8`)).text()

  it('what Chromium sends is H.264 and Opus in LL-HLS, and hls.js shows the pictures and plays the sound', async () => {
    const { page, published } = await publish('plays')
    assert.equal(published.status, 201)
    await waitLive(server, 'plays', 30_000, ({ variants: [first] }) => first?.codecs?.length === 2)
    assert.match(await playlist('plays'), /CODECS="avc1\.[0-9a-f]{6},Opus/)
    const viewer = await pages.open(browser)
    await startHls(viewer, { url: `${server.http}/live/plays/index.m3u8`, lowLatency: true, estimate: 5e6 })
    await viewer.evaluate(
      "(async () => { const v = document.querySelector('video'); v.muted = false; await listen(v, seen) })()",
    )
    await waitFor('sound', () => viewer.evaluate<boolean>('seen.loudest > 0.05'), 30_000)
    await waitFor('pictures that go on', () => viewer.evaluate<boolean>('seen.shown.length > 40'), 30_000)
    await viewer.close()
    // Goodbye: the broadcast ends after its grace, not after the reconnect window.
    assert.equal((await fetch(published.location ?? '', { method: 'DELETE' })).status, 200)
    await waitFor('the connection to end', async () => (await whipFigures(page)).state !== 'connected', 20_000)
    assert.equal((await fetch(published.location ?? '', { method: 'DELETE' })).status, 200, 'again')
    await leave(page)
  })

  it('viewers by WHEP see the pictures and hear the sound as it was sent', async () => {
    const { page } = await publish('real-time')
    await waitLive(server, 'real-time')
    const viewer = await pages.open(browser)
    const joined = await whepJoin(viewer, `${server.http}/live/real-time/whep`, { audio: true })
    assert.equal(joined.status, 201)
    await waitFor('pictures and sound', async () => {
      const { shown, loudest } = await whepFigures(viewer)
      return shown > 30 && loudest > 0.05
    })
    await viewer.close()
    await leave(page)
  })

  it('wrong keys, keys of other channels and offers of nothing are refused', async () => {
    const { page, own } = await publish('refuses', { key: 'wrong-key-0123' })
    const other = await channel('others')
    const again = async (key: string, options = {}) =>
      (await whipPublish(page, endpoint('refuses'), { key, ...small, ...options })).status
    assert.deepEqual(await again('wrong-key-0123'), 401)
    assert.deepEqual(await again(other.key), 403)
    assert.deepEqual(await again(own.key, { audio: false, video: false }), 406)
    const said = server.output()
    assert.ok(!said.includes('wrong-key-0123'), 'the key is in no log')
    await page.close()
  })

  it('a second encoder takes over; the first is told why, and its late goodbye ends nothing', async () => {
    const { page, own, published } = await publish('taken')
    await own.live()
    const clip = publishClip(own.publishUrl)
    const status = async () =>
      (await (await fetch(`${published.location}/status`)).json()) as { over: boolean; code?: string }
    await waitFor('the first to be sent away', async () => (await status()).over)
    assert.equal((await status()).code, 'taken-over')
    assert.equal((await fetch(published.location ?? '', { method: 'DELETE' })).status, 200)
    assert.equal((await own.facts()).live, true)
    await clip.stop()
    await leave(page)
  })

  // Pictures alone: Chromium sends no sound again.
  it('with packets lost nearly all pictures come, for they are asked for again', async () => {
    const port = Number(String(server.ready['webrtc']).split(':').at(-1))
    const relay = await startLossyRelay(port, { loss: 0, delay: 10 })
    const { page, published } = await publish('lossy', { port: relay.port, audio: false })
    try {
      await waitLive(server, 'lossy')
      relay.lossUp = 0.05
      const status = async () =>
        (await (await fetch(`${published.location}/status`)).json()) as {
          recovered: number
          lost: number
          dropped: number
        }
      // Where the machine gives one of them no time, packets come again too late for a while.
      await waitFor(
        'packets of which twice as many came again as were lost',
        async () => {
          const { recovered, lost } = await status()
          return recovered >= 20 && lost < recovered / 2
        },
        60_000,
      )
      assert.ok((await whipFigures(page)).nacks > 0)
    } finally {
      await leave(page)
      await relay.close()
    }
  })

  it('an encoder that is gone without a word, or whose key was changed, is waited for or sent away', async () => {
    const { page, own, published } = await publish('gone')
    await own.live()
    await page.close()
    await own.offline()
    assert.ok(['over', '404'].includes(await overOr404(published.location)))
    const next = await pages.open(browser)
    await whipPublish(next, endpoint('gone'), { key: own.key, ...small })
    await own.live()
    await own.rotateKey()
    await waitFor('the connection to end', async () => (await whipFigures(next)).state !== 'connected')
    await leave(next)
  })
  const overOr404 = async (location: string | null) => {
    const answer = await fetch(`${location}/status`)
    return answer.status === 404 ? '404' : ((await answer.json()) as { over: boolean }).over ? 'over' : 'alive'
  }

  it('candidates that come later are taken, a restart of ICE is a new session in the same broadcast', async () => {
    const { page, own, published } = await publish('restarts')
    const asset = await own.live()
    const patch = (etag: string | null, body: string) =>
      fetch(published.location ?? '', {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', ...(etag !== null && { 'If-Match': etag }) },
        body,
      })
    const candidates =
      'm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 UDP 2114977791 127.0.0.1 5000 typ host\r\n'
    assert.equal((await patch(published.etag, candidates)).status, 204)
    assert.equal((await patch('"other"', candidates)).status, 412)
    assert.equal((await patch(null, candidates)).status, 428)
    const restart = 'a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n'
    assert.equal((await patch('*', restart)).status, 422)
    // What a page does then, in the other order: a busy machine takes longer for a new one than a goodbye is waited for.
    const again = await whipPublish(page, endpoint('restarts'), { key: own.key, ...small })
    assert.equal(again.status, 201)
    await waitFor('the second to send', async () => (await whipFigures(page)).framesSent > 20)
    await whipEnd(page, 0)
    await fetch(published.location ?? '', { method: 'DELETE' })
    assert.equal((await own.facts()).assetId, asset)
    await leave(page)
  })

  it('smaller sizes are renditions of the broadcast, each a section or a restriction id of its own', async () => {
    for (const [slug, sizes] of [
      ['sections', { clock: true, sizes: [2] }],
      ['rids', { audio: false, rids: { h: 2, f: 1 } }],
    ] as const) {
      // A browser that waited for a processor when it began leaves the larger size out, and asks again late: it begins anew.
      let sizesSeen = 0
      for (let attempt = 1; attempt <= 6 && sizesSeen < 2; attempt++) {
        const { page, published } = await publish(`${slug}-${attempt}`, { width: 640, height: 360, ...sizes })
        assert.equal(published.status, 201)
        await waitLive(server, `${slug}-${attempt}`)
        for (let i = 0; i < 10 && sizesSeen < 2; i++) {
          await sleep(1000)
          sizesSeen = new Set((await playlist(`${slug}-${attempt}`)).match(/RESOLUTION=\d+x\d+/g)).size
        }
        await leave(page)
      }
      assert.equal(sizesSeen, 2, slug)
    }
  })

  it('VP8, VP9 and AV1 go live as they are', async () => {
    for (const [codec, expected] of [
      ['video/AV1', /CODECS="[^"]*av01/],
      ['video/VP9', /CODECS="[^"]*vp09/],
      ['video/VP8', /CODECS="[^"]*vp08/],
    ] as const) {
      const slug = codec.slice(6).toLowerCase()
      const { page, published } = await publish(slug, { codec, audio: false })
      assert.equal(published.status, 201)
      await waitLive(server, slug)
      assert.match(await playlist(slug), expected)
      await leave(page)
    }
  })
})
