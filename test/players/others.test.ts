import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium, expectOwnHls } from '../support/browser.ts'
import { findHoles } from '../support/continuity.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { assertPlaysOn, type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import { ffmpegDecode, ffprobe, type MpvDecoded, mpvDecode, vlcPlay } from '../support/players.ts'
import type { Running } from '../support/process.ts'
import { assertNear, countListed, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { starving } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'

/** What ffmpeg 5, and mpv with it, says of every fragmented stream in which the header comes again. */
const harmless = /Found duplicated MOOV Atom|^\s*$/
const frameRate = 30

describe('Shaka, native HLS, ffmpeg, mpv and VLC', () => {
  let server: Bandstand
  let browser: Browser
  let pages: PlayerPage
  let encoder: Running
  let assetId = ''
  before(async () => {
    server = await startBandstand()
    browser = await chromium()
    pages = await servePlayerPage()
    encoder = ffmpegPublish({ url: server.publishUrl, width: 480, height: 270, bitrate: 500, bFrames: 2 })
    await waitLive(server, 'main')
    assetId = (await getChannel(server, 'main')).assetId ?? ''
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
    await encoder?.stop()
    await server?.stop()
  })

  const live = () => `${server.http}/live/main/index.m3u8`
  const replay = () => `${server.http}/vod/${assetId}/index.m3u8`
  const file = () => `${server.http}/vod/${assetId}/download.mp4`

  const shaka = (url: string, more: string) => `
    const player = (globalThis.player = new shaka.Player())
    await player.attach(video)
    player.addEventListener('error', (event) => lines.push(JSON.stringify(event.detail)))
    player.configure(${more})
    await player.load(${JSON.stringify(url)})`

  const durationOf = (page: Page) => page.evaluate<number>("document.querySelector('video').duration")

  function assertWhole({ times, changes, sound, complaints, log }: MpvDecoded, pictures: number): void {
    assert.deepEqual(findHoles(times, frameRate), [])
    assert.ok(times.length >= pictures, `${times.length} pictures, not ${pictures}\n${log.slice(-3000)}`)
    assert.ok(changes > times.length * 0.98, `${changes} of ${times.length} pictures differ`)
    assertNear(sound, times.length / frameRate, 0.5, 'seconds of sound')
    assert.deepEqual(
      complaints.filter((line) => !harmless.test(line)),
      [],
    )
  }

  /** @param stands how long a picture may stand, ms */
  async function assertVlcShows(url: string, pictures: number, stands = 1_500): Promise<void> {
    for (let round = 1; ; round++) {
      const { shown, lost, broken, stood, starved, log } = await vlcPlay(url, pictures)
      const said = `VLC: ${JSON.stringify({ shown, lost, broken, stood, starved })}\n${log.slice(-3000)}`
      assert.equal(broken, 0, said)
      if (shown >= pictures && lost === 0 && stood < stands) return
      assert.ok(starved > starving && round < 4, said)
    }
  }

  // Those of one stage play side by side.
  describe('a broadcast in its first seconds', { concurrency: true }, () => {
    // VLC begins with the only segment there is and then waits for the next, which may be a target duration long.
    it('is shown by VLC', () => assertVlcShows(live(), 120, 4_500))

    it('is decoded by mpv, picture for picture', async () => assertWhole(await mpvDecode(live(), 4), 115))
  })

  describe('live', { concurrency: true }, () => {
    it('Shaka plays at low latency', async () => {
      // With dates Shaka 5.2 computes offsets in seconds since 1970, whose rounding changes from part to part; each change
      // makes the browser wait for a key frame (shaka-player 10589).
      const config =
        '{ streaming: { lowLatencyMode: true }, manifest: { hls: { ignoreManifestProgramDateTime: true } } }'
      const page = await pages.play(browser, shaka(live(), config))
      await assertPlaysOn(page, 4_000, { frameRate })
      const parts =
        "performance.getEntriesByType('resource').filter(({ name }) => /[/]p[0-9]+[.]m4s/.test(name)).length"
      await waitFor('parts', async () => (await page.evaluate<number>(parts)) > 12)
      assert.deepEqual(await page.evaluate('lines'), [])
      await page.close()
    })

    it('Shaka plays as it comes', async () => {
      const page = await pages.play(browser, shaka(live(), '{}'))
      await assertPlaysOn(page, 4_000, { frameRate })
      assert.deepEqual(await page.evaluate('lines'), [])
      await page.close()
    })

    it('VLC shows it', () => assertVlcShows(live(), 120))

    it('ffmpeg and ffprobe read what was broadcast while it goes on', async () => {
      const probed = await ffprobe(replay())
      assert.deepEqual(probed.streams.map((stream) => stream.codec_name).sort(), ['aac', 'h264'])
      await Promise.all(
        [live(), replay(), file()].map(async (url) => {
          const { times, complaints } = await ffmpegDecode(url, 4)
          assert.deepEqual(findHoles(times, frameRate), [], url)
          assertNear(times.length, 4 * frameRate, 3, `pictures of ${url}`)
          assert.equal(complaints, '')
        }),
      )
    })
  })

  describe('the replay and the file', { concurrency: true }, () => {
    let seconds = 0
    let listed = 0
    before(async () => {
      await encoder.stop('SIGINT')
      seconds = ((await waitEnded(server, assetId)).duration ?? 0) / 1000
      listed = await countListed(`${server.http}/vod/${assetId}/v1`)
    })

    it('ffmpeg and mpv decode each picture of each listed segment', async () => {
      assertNear(listed, seconds * frameRate, 2, 'pictures in the segments')
      await Promise.all(
        [replay(), file()].map(async (url) => {
          const { times, complaints } = await ffmpegDecode(url)
          assert.deepEqual(findHoles(times, frameRate), [], url)
          assert.deepEqual({ pictures: times.length, complaints }, { pictures: listed, complaints: '' }, url)
          const decoded = await mpvDecode(url)
          assertWhole(decoded, listed)
          assert.equal(decoded.times.length, listed, url)
        }),
      )
    })

    for (const [what, url] of [
      ['replay', replay],
      ['file', file],
    ] as const)
      it(`VLC shows the ${what}`, () => assertVlcShows(url(), 90))

    it('Shaka plays the replay with the right duration', async () => {
      const page = await pages.play(browser, shaka(replay(), '{}'))
      await assertPlaysOn(page, 2_000, { frameRate })
      // Shaka's is that of the track that ends first; a busy encoder ends them some frames apart.
      assertNear(await durationOf(page), seconds, 0.3, 'duration')
      assert.deepEqual(await page.evaluate('lines'), [])
      await page.close()
    })

    it('Chromium plays the downloaded file: duration and seeks', async () => {
      const page = await pages.play(browser, `video.src = ${JSON.stringify(file())}`)
      await assertPlaysOn(page, 2_000, { frameRate })
      assertNear(await durationOf(page), seconds, 0.15, 'duration')
      for (const at of [seconds - 3, 1, seconds / 2]) {
        await page.evaluate(`document.querySelector('video').currentTime = ${at}`)
        const shows = `(() => { const { seeking, currentTime } = document.querySelector('video'); return !seeking && currentTime > ${at + 0.3} })()`
        await waitFor(`pictures at ${at}`, () => page.evaluate(shows))
      }
      await page.close()
    })

    it("Chromium's own HLS plays the replay with the right duration", async () => {
      const page = await pages.open(browser)
      await expectOwnHls(page)
      await page.close()
      const native = await pages.play(browser, `video.src = ${JSON.stringify(replay())}`)
      await assertPlaysOn(native, 2_000, { frameRate })
      assertNear(await durationOf(native), seconds, 0.3, 'duration')
      await native.close()
    })
  })
})
