import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { longOnly } from '../support/long.ts'
import { startLossyRelay } from '../support/lossy-relay.ts'
import { signIn } from '../support/owner.ts'
import { type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import type { Running } from '../support/process.ts'
import { waitLive } from '../support/published.ts'
import { waitFor } from '../support/wait.ts'
import { whepFigures, whepJoin, whepLeave } from '../support/whep-page.ts'

const rungs = [
  { height: 270, bitrate: 600_000, frameRate: 30 },
  { height: 180, bitrate: 250_000, frameRate: 30 },
]

describe('a line that narrows and widens again', longOnly, () => {
  let server: Bandstand
  let browser: Browser
  let pages: PlayerPage
  let page: Page
  let encoder: Running
  before(async () => {
    server = await startBandstand({ ffmpeg: true })
    const owner = await signIn(server)
    await owner.call('PUT', '/channels/main/ladder', { mode: 'on-demand', encoder: 'x264', preset: 'superfast', rungs })
    encoder = ffmpegPublish({ url: server.publishUrl, width: 640, height: 360, gop: 30, bitrate: 1500 })
    await waitLive(server, 'main')
    browser = await chromium()
    pages = await servePlayerPage()
    page = await pages.open(browser)
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
    await encoder?.stop('SIGINT')
    await server?.stop()
  })

  const height = async () => (await whepFigures(page)).height
  const connect = async (rendition = '') => {
    const relay = await startLossyRelay(Number(String(server.ready['webrtc']).split(':').at(-1)), {
      loss: 0,
      delay: 20,
    })
    const url = `${server.http}/live/main/whep${rendition}`
    const joined = await whepJoin(page, url, { port: relay.port, looks: false, audio: true })
    assert.equal(joined.status, 201)
    return relay
  }

  it('a viewer is moved to a rung that fits, goes on there, and climbs back to the source', async (t) => {
    const relay = await connect()
    await waitFor('the source', async () => (await height()) === 360)
    await sleep(5_000)
    const begun = performance.now()
    relay.rate = 500_000
    await waitFor('a rung that fits', async () => (await height()) === 180, 20_000)
    t.diagnostic(`down after ${Math.round(performance.now() - begun)} ms`)
    const before = await whepFigures(page)
    await sleep(8_000)
    const after = await whepFigures(page)
    assert.ok(
      after.framesDecoded - before.framesDecoded > 8 * 20,
      `${after.framesDecoded - before.framesDecoded} pictures`,
    )
    relay.rate = undefined
    await waitFor('the source again', async () => (await height()) === 360, 90_000)
    const { state, freezeSeconds } = await whepFigures(page)
    t.diagnostic(`stood still for ${freezeSeconds.toFixed(1)} s in all`)
    assert.equal(state, 'connected')
    await whepLeave(page)
    await relay.close()
  })

  it('a rendition that was asked for stays, whatever the line carries', async () => {
    const relay = await connect('?rendition=270p')
    await waitFor('the rung', async () => (await height()) === 270)
    relay.loss = 0.15
    const seen = new Set<number>()
    for (let second = 0; second < 8; second++) {
      await sleep(1_000)
      seen.add(await height())
    }
    assert.deepEqual([...seen], [270])
    await whepLeave(page)
    await relay.close()
  })
})
