import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { channelMaker, type TestChannel } from '../support/channels.ts'
import { clip, ffmpeg } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

/** A page that is left open follows whatever the encoder does, without a reload. */

let server: Bandstand
let browser: Browser
let make: (slug: string) => Promise<TestChannel>

before(async () => {
  server = await startBandstand({ args: ['--reconnect-window', '8'] })
  browser = await chromium()
  make = await channelMaker(server)
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

interface Shown {
  readonly phase: string
  readonly time: number
  readonly moving: boolean
  readonly width: number
  readonly sound: boolean
}

/** Opens a channel's page; says what it shows, and how often it was loaded. */
async function open(t: TestContext, { slug }: TestChannel) {
  const page = await browser.newPage()
  t.after(() => page.close())
  let loads = 0
  page.on('load', () => loads++)
  // A phase may pass between two looks.
  await page.addInitScript(`window.phases = []
    addEventListener('phasechange', ({ detail }) => phases.push(detail))`)
  await page.goto(`${server.http}/@${slug}`)
  let before = 0
  const shown = async (): Promise<Shown> => {
    const now = await page.evaluate<Omit<Shown, 'moving'>>(`(() => {
      const player = document.querySelector('bandstand-player')
      const video = player?.video
      return { phase: player?.phase ?? '', time: video?.currentTime ?? 0, width: video?.videoWidth ?? 0,
        sound: (video?.webkitAudioDecodedByteCount ?? 0) > 0 }
    })()`)
    const moving = now.time !== before && now.time > 0
    before = now.time
    return { ...now, moving }
  }
  return {
    loads: () => loads,
    /** All that it was since it was loaded. */
    phases: () => page.evaluate<string[]>('phases'),
    async until(what: string, right: (s: Shown) => boolean, limit = 30_000) {
      let last: Shown | undefined
      const ask = async () => right((last = await shown()))
      await waitFor(`the page to ${what}`, ask, limit, 150).catch((cause: unknown) => {
        throw new Error(`the page did not ${what}: ${JSON.stringify(last)}`, { cause })
      })
    },
  }
}

const plays = (s: Shown) => s.phase === 'live' && s.moving

describe('an open page', { concurrency: 2 }, () => {
  test('waits while offline, goes live, waits for a lost encoder, goes offline, and live again with a new broadcast', async (t) => {
    const channel = await make('comes-and-goes')
    const page = await open(t, channel)
    await page.until('be offline', (s) => s.phase === 'offline')
    const first = clip(t, channel.publishUrl)
    const assetId = await channel.live()
    await page.until('show the first broadcast', plays)
    await sleep(2_000)
    first.disconnect()
    await page.until('be offline again', (s) => s.phase === 'offline')
    assert.deepEqual((await page.phases()).slice(-2), ['stalled', 'offline'])
    const second = clip(t, channel.publishUrl)
    await channel.live(assetId)
    await page.until('show the second broadcast', plays)
    await second.stop()
    await page.until('be offline at the end', (s) => s.phase === 'offline')
    assert.equal(page.loads(), 1)
  })

  test('follows a takeover by an encoder with another size and sample rate', async (t) => {
    const channel = await make('grows')
    const first = ffmpeg(t, channel.publishUrl)
    await channel.live()
    const page = await open(t, channel)
    await page.until('play', (s) => plays(s) && s.width === 320)
    const second = ffmpeg(t, channel.publishUrl, { width: 480, height: 270, sampleRate: 44_100 })
    await page.until('show the other size', (s) => plays(s) && s.width === 480)
    await waitFor('the first encoder to end', () => !first.running())
    await second.stop('SIGINT')
    assert.equal(page.loads(), 1)
  })

  test('follows to sound alone, and back to pictures with sound', async (t) => {
    const channel = await make('radio')
    const first = ffmpeg(t, channel.publishUrl)
    await channel.live()
    const page = await open(t, channel)
    await page.until('play', (s) => plays(s) && s.width === 320)
    await first.stop('SIGKILL')
    const second = ffmpeg(t, channel.publishUrl, { video: false })
    await page.until('play sound alone', (s) => plays(s) && s.width === 0 && s.sound)
    await second.stop('SIGKILL')
    ffmpeg(t, channel.publishUrl)
    await page.until('show pictures again', (s) => plays(s) && s.width === 320 && s.sound)
    assert.equal(page.loads(), 1)
  })

  test('follows when sound joins late', async (t) => {
    const channel = await make('late-sound')
    const first = ffmpeg(t, channel.publishUrl, { audio: false })
    await channel.live()
    const page = await open(t, channel)
    await page.until('play without sound', (s) => plays(s) && s.width === 320 && !s.sound)
    ffmpeg(t, channel.publishUrl)
    await waitFor('the first encoder to end', () => !first.running())
    await page.until('play with sound', (s) => plays(s) && s.width === 320 && s.sound)
    assert.equal(page.loads(), 1)
  })
})
