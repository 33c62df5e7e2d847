import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { publishClip } from '../support/channels.ts'
import type { Shown } from '../support/continuity.ts'
import { type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import { ffprobe } from '../support/players.ts'
import { assertNear, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { waitFor } from '../support/wait.ts'

/** Code of a page in which `video` is in hand; errors that a player calls fatal go to `lines`. */
const players: Readonly<Record<string, (url: string) => string>> = {
  'dash.js': (url) => `
    const player = (globalThis.player = dashjs.MediaPlayer().create())
    player.updateSettings({ debug: { logLevel: 0 } })
    player.on('error', (event) => lines.push('error ' + JSON.stringify(event.error?.message ?? event)))
    player.initialize(video, ${JSON.stringify(url)}, false)
    // It updates manifests from the first "play" on, and misses one that comes before it is ready.
    await new Promise((done) => player.on('canPlay', done))`,
  Shaka: (url) => `
    const player = (globalThis.player = new shaka.Player())
    await player.attach(video)
    player.addEventListener('error', (event) => lines.push('error ' + JSON.stringify(event.detail)))
    await player.load(${JSON.stringify(url)})`,
}

describe('DASH', () => {
  let server: Bandstand
  let browser: Browser
  let pages: PlayerPage
  let encoder: ReturnType<typeof publishClip>
  let assetId = ''
  before(async () => {
    server = await startBandstand()
    browser = await chromium()
    pages = await servePlayerPage()
    encoder = publishClip(server.publishUrl)
    await waitLive(server, 'main')
    assetId = (await getChannel(server, 'main')).assetId ?? ''
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
    await encoder?.stop()
    await server?.stop()
  })

  const live = () => `${server.http}/live/main/manifest.mpd`
  const replay = () => `${server.http}/vod/${assetId}/manifest.mpd`
  const periods = async (url: string) => (await (await fetch(url)).text()).match(/<Period [^>]*>/g) ?? []

  async function open(load: string): Promise<Page> {
    const page = await pages.open(browser)
    await page.evaluate(`(async () => {
      const video = document.querySelector('video')
      globalThis.seen = watch(video)
      ${load}
      video.muted = true
      await video.play()
      while (seen.shown.length < 2) await new Promise((done) => setTimeout(done, 20))
    })()`)
    return page
  }

  /** Pictures that differ, over so many seconds of media from now on. */
  async function assertShows(page: Page, seconds: number): Promise<void> {
    const begin = await page.evaluate<number>('seen.shown.length')
    const shown = await waitFor(
      `${seconds} s of pictures`,
      async () => {
        const found = (await page.evaluate<Shown[]>('seen.shown')).slice(begin)
        return (found.at(-1)?.media ?? 0) - (found[0]?.media ?? 0) >= seconds && found
      },
      20_000,
      200,
    )
    const changes = shown.filter((now, i) => now.look !== shown[i - 1]?.look).length
    assert.ok(shown.length > 5 * seconds && changes > shown.length * 0.9, `${changes} of ${shown.length} differ`)
  }

  it('dash.js and Shaka play live over a reconnect of the encoder, in two periods of one manifest', async () => {
    // Players stay ten seconds behind, and have nothing in hand where there is less.
    await sleep(12_000)
    const open2 = Object.entries(players).map(async ([name, load]) => [name, await open(load(live()))] as const)
    const opened = await Promise.all(open2)
    for (const [, page] of opened) await assertShows(page, 3)
    await encoder.stop()
    await sleep(1_000)
    encoder = publishClip(server.publishUrl)
    await waitFor('the second period', async () => (await periods(live())).length === 2)
    const [, second = ''] = await periods(live())
    const start = Number(/start="PT([\d.]+)S"/.exec(second)?.[1])
    await Promise.all(
      opened.map(async ([name, page]) => {
        const shown = () => page.evaluate<Shown[]>('seen.shown')
        const crossed = async () => ((await shown()).at(-1)?.media ?? 0) > start + 3
        await waitFor(`${name} to play the second encoder's pictures`, crossed, 40_000, 500).catch(async (cause) => {
          const state = `(() => { const v = document.querySelector('video'); const b = []; for (let i = 0; i < v.buffered.length; i++) b.push([v.buffered.start(i), v.buffered.end(i)]); return JSON.stringify({ at: v.currentTime, b, lines }) })()`
          throw new Error(`${name} from ${start}: ${await page.evaluate<string>(state)}`, { cause })
        })
        await assertShows(page, 2)
        assert.deepEqual(await page.evaluate('lines'), [], name)
        await page.close()
      }),
    )
  })

  it('dash.js and Shaka play the whole rewind while it is live', async () => {
    assert.equal((await periods(replay())).length, 2)
    for (const [name, load] of Object.entries(players)) {
      const page = await open(load(replay()))
      await assertShows(page, 2)
      assert.deepEqual(await page.evaluate('lines'), [], name)
      await page.close()
    }
  })

  describe('the replay', () => {
    let seconds = 0
    before(async () => {
      await encoder.stop()
      seconds = ((await waitEnded(server, assetId)).duration ?? 0) / 1000
    })

    for (const [name, load] of Object.entries(players)) {
      it(`${name} plays it with the right duration and seeks over its periods`, async () => {
        const page = await open(load(replay()))
        await assertShows(page, 2)
        assertNear(
          await page.evaluate<number>("document.querySelector('video').duration"),
          seconds,
          0.3,
          `duration for ${name}`,
        )
        for (const at of [seconds - 3, 1]) {
          await page.evaluate(`document.querySelector('video').currentTime = ${at}`)
          const shows = `(() => { const { seeking, currentTime } = document.querySelector('video'); return !seeking && currentTime > ${at + 0.5} })()`
          await waitFor(`${name}: pictures at ${at}`, () => page.evaluate(shows))
        }
        assert.deepEqual(await page.evaluate('lines'), [], name)
        await page.close()
      })
    }

    it('ffprobe reads it', async () => {
      const probed = await ffprobe(replay())
      assert.deepEqual(probed.streams.map((stream) => stream.codec_name).sort(), ['aac', 'h264'])
    })
  })
})
