import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import { ffprobe, mpvPlay, vlcPlay } from '../support/players.ts'
import type { Running } from '../support/process.ts'
import { assertNear, decode, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { waitFor } from '../support/wait.ts'

/** What ffmpeg 5, and mpv with it, says of every fragmented stream in which the header comes again. */
const harmless = /Found duplicated MOOV Atom|^\s*$/

describe('Shaka, native HLS, ffmpeg, mpv and VLC', () => {
  let server: Bandstand
  let browser: Browser
  let pages: PlayerPage
  let encoder: Running
  let assetId = ''
  let seconds = 0
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

  /** Plays in a page for a while and gives what was seen; `load` is the page's code, with `video` in hand. */
  async function watch(load: string, forMs = 4_000): Promise<{ page: Page; frames: number; time: number }> {
    const page = await pages.open(browser)
    await page.evaluate(`(async () => {
      const video = document.querySelector('video')
      globalThis.seen = watch(video)
      ${load}
      video.muted = true
      await video.play()
      while (seen.frames < 2) await new Promise((done) => setTimeout(done, 20))
      globalThis.from = { frames: seen.frames, time: video.currentTime }
    })()`)
    await sleep(forMs)
    const result = await page.evaluate<{ frames: number; time: number }>(
      `({ frames: seen.changes - from.frames, time: document.querySelector('video').currentTime - from.time })`,
    )
    return { page, ...result }
  }

  const shaka = (url: string, more: string) => `
    const player = (globalThis.player = new shaka.Player())
    await player.attach(video)
    player.addEventListener('error', (event) => lines.push(JSON.stringify(event.detail)))
    player.configure(${more})
    await player.load(${JSON.stringify(url)})`

  it('VLC and mpv open a broadcast in its first seconds', async () => {
    const [vlc, mpv] = await Promise.all([vlcPlay(live(), 10), mpvPlay(live(), 4)])
    assert.ok(vlc.pictures >= 60, `VLC decoded ${vlc.pictures}\n${vlc.log.slice(-3000)}`)
    assert.ok(mpv.pictures > 90, `mpv decoded ${mpv.pictures}\n${mpv.log.slice(-3000)}`)
    assert.deepEqual(
      mpv.complaints.filter((line) => !harmless.test(line)),
      [],
    )
  })

  it('Shaka plays live at low latency', async () => {
    // With dates Shaka 5.2 computes offsets in seconds since 1970, whose rounding changes from part to part; each change
    // makes the browser wait for a key frame (shaka-player 10589).
    const config = '{ streaming: { lowLatencyMode: true }, manifest: { hls: { ignoreManifestProgramDateTime: true } } }'
    const { page, frames, time } = await watch(shaka(live(), config))
    assertNear(time, 4, 2.5, 'seconds played')
    assertNear(frames, 120, 80, 'pictures shown')
    const parts = "performance.getEntriesByType('resource').filter(({ name }) => /[/]p[0-9]+[.]m4s/.test(name)).length"
    assert.ok((await page.evaluate<number>(parts)) > 12, 'parts were loaded')
    assert.deepEqual(await page.evaluate('lines'), [])
    await page.close()
  })

  it('Shaka plays live as it comes', async () => {
    const { page, frames, time } = await watch(shaka(live(), '{}'))
    assertNear(time, 4, 2.5, 'seconds played')
    assertNear(frames, 120, 80, 'pictures shown')
    assert.deepEqual(await page.evaluate('lines'), [])
    await page.close()
  })

  it('ffmpeg and ffprobe read what was broadcast while it goes on', async () => {
    const probed = await ffprobe(replay())
    assert.deepEqual(probed.streams.map((stream) => stream.codec_name).sort(), ['aac', 'h264'])
    const decoded = await decode(replay(), 4)
    assert.equal(decoded.complaints, '')
    assertNear(decoded.pictures, 120, 2, 'pictures')
    assert.ok(Number((await ffprobe(file())).format.duration) > 10, 'a download while live')
    assert.equal((await decode(file(), 4)).complaints, '')
  })

  it('all of them play the replay and the file', async () => {
    await encoder.stop('SIGINT')
    seconds = ((await waitEnded(server, assetId)).duration ?? 0) / 1000
    const whole = await decode(replay(), seconds + 10)
    assert.equal(whole.complaints, '')
    assertNear(whole.pictures, seconds * 30, 3, 'pictures')
    assert.deepEqual(await decode(file(), seconds + 10), whole)
    const [mpvReplay, mpvFile] = await Promise.all([mpvPlay(replay(), 3), mpvPlay(file(), 3)])
    const [vlcReplay, vlcFile] = await Promise.all([vlcPlay(replay(), 5), vlcPlay(file(), 5)])
    for (const played of [mpvReplay, mpvFile]) {
      assert.ok(played.pictures > 75, played.log.slice(-3000))
      assert.deepEqual(
        played.complaints.filter((line) => !harmless.test(line)),
        [],
      )
    }
    for (const played of [vlcReplay, vlcFile]) assert.ok(played.pictures >= 75, played.log.slice(-3000))
  })

  it('Shaka plays the replay with the right duration', async () => {
    const { page, frames } = await watch(shaka(replay(), '{}'), 2_000)
    assertNear(frames, 60, 45, 'pictures shown')
    assertNear(await page.evaluate<number>("document.querySelector('video').duration"), seconds, 0.15, 'duration')
    assert.deepEqual(await page.evaluate('lines'), [])
    await page.close()
  })

  it('Chromium plays the downloaded file: duration and seeks', async () => {
    const { page, frames } = await watch(`video.src = ${JSON.stringify(file())}`, 2_000)
    assertNear(frames, 60, 45, 'pictures shown')
    assertNear(await page.evaluate<number>("document.querySelector('video').duration"), seconds, 0.15, 'duration')
    for (const at of [seconds - 3, 1, seconds / 2]) {
      await page.evaluate(`document.querySelector('video').currentTime = ${at}`)
      await waitFor(`pictures at ${at}`, () =>
        page.evaluate(
          `(() => { const { seeking, currentTime } = document.querySelector('video'); return !seeking && currentTime > ${at + 0.3} })()`,
        ),
      )
    }
    await page.close()
  })

  it("Chromium's own HLS, where it has it", async (t) => {
    const page = await pages.open(browser)
    const answer = await page.evaluate("document.querySelector('video').canPlayType('application/vnd.apple.mpegurl')")
    await page.close()
    if (answer === '') return t.skip('this Chromium has no HLS of its own')
    const native = await watch(`video.src = ${JSON.stringify(replay())}`, 2_000)
    t.diagnostic(`canPlayType says ${String(answer)}: ${native.frames} pictures in ${native.time} s`)
    assertNear(native.frames, 60, 45, 'pictures shown')
    assertNear(await native.page.evaluate<number>("document.querySelector('video').duration"), seconds, 0.3, 'duration')
    await native.page.close()
  })
})
