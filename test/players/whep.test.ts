import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { channelMaker, publishClip, type TestChannel } from '../support/channels.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { type LossyRelay, startLossyRelay } from '../support/lossy-relay.ts'
import { type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import type { Running } from '../support/process.ts'
import { waitLive } from '../support/published.ts'
import { readUsage, starving, watchStarving } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'
import { type WhepFigures, whepCrowd, whepFigures, whepJoin, whepLeave } from '../support/whep-page.ts'

const MB = 1024 * 1024

/** Waits until the page's newest viewer has shown what is asked for. */
function waitShown(page: Page, what: string, enough: (figures: WhepFigures) => boolean, limit = 30_000) {
  return waitFor(
    what,
    async () => {
      const figures = await whepFigures(page)
      return enough(figures) && figures
    },
    limit,
  )
}

describe('WHEP', () => {
  let server: Bandstand
  let browser: Browser
  let pages: PlayerPage
  let page: Page
  let encoder: ReturnType<typeof publishClip>
  let channel: (slug: string) => Promise<TestChannel>
  before(async () => {
    // Viewers that leave before they are connected count until they would have had to be.
    server = await startBandstand({ ffmpeg: true, args: ['--max-webrtc-viewers-per-address', '200'] })
    browser = await chromium()
    pages = await servePlayerPage()
    page = await pages.open(browser)
    channel = await channelMaker(server)
    encoder = publishClip(server.publishUrl)
    await waitLive(server, 'main')
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
    await encoder?.stop()
    await server?.stop()
  })

  const endpoint = (slug = 'main') => `${server.http}/live/${slug}/whep`
  /** Pid of the newest WebRTC process. */
  const webrtcPid = () => Number(server.log().findLast(({ msg }) => msg === 'webrtc process runs')?.['pid'])

  // They mostly wait.
  describe('at the same time', { concurrency: true }, () => {
    it('Chromium shows pictures that change and hears the sound; the viewer is counted, and gone after DELETE', async () => {
      const page = await pages.open(browser)
      const own = await channel('counted')
      const sending = publishClip(own.publishUrl)
      await own.live()
      const joined = await whepJoin(page, endpoint('counted'), { audio: true })
      assert.equal(joined.status, 201)
      assert.equal(joined.sound, null)
      const figures = await waitShown(page, '60 pictures', (seen) => seen.shown >= 60 && seen.loudest > 0.01)
      assert.ok(figures.looks >= 6, `${figures.looks} different pictures`)
      assert.ok(figures.soundBytes > 0)
      const channelNow = await waitFor('the viewer to be counted', async () => {
        const found = await own.facts()
        return found.viewers > 0 && found
      })
      assert.equal(channelNow.viewers, 1)
      const location = joined.location ?? ''
      const leave = async (url: string) => (await fetch(url, { method: 'DELETE' })).status
      assert.equal(await leave(location), 200)
      await waitShown(page, 'the connection to end', ({ state }) => state !== 'connected')
      assert.equal(await leave(location), 200, 'who is gone already may say so again')
      assert.equal(await leave(`${location}0`), 404)
      await waitFor('nobody to be counted', async () => (await own.facts()).viewers === 0)
      await page.close()
      await sending.stop()
    })

    it('the encoder comes again: the same viewers go on with the next epoch', async () => {
      const page = await pages.open(browser)
      const fresh = await channel('again')
      const first = publishClip(fresh.publishUrl)
      await fresh.live()
      assert.equal((await whepJoin(page, endpoint('again'))).status, 201)
      await waitShown(page, 'pictures', ({ shown }) => shown >= 20)
      first.disconnect()
      await first.ended
      // Asked before the second is there: its only key frame for 60 pictures may come while the page takes its time to answer.
      const before = await whepFigures(page)
      const second = publishClip(fresh.publishUrl)
      const later = await waitShown(page, 'pictures of the second', ({ shown }) => shown >= before.shown + 40)
      assert.equal(later.state, 'connected')
      assert.ok(later.keyFrames > before.keyFrames)
      await second.stop()
      await waitShown(page, 'the viewer to be sent away at the end', ({ state }) => state !== 'connected')
      await page.close()
    })

    it('with packets lost and under way for a while nearly all pictures are shown', async (t) => {
      await watchBehind(t, { loss: 0.02 })
    })

    it('with packets out of order, and requests and reports of the viewer lost, nearly all pictures are shown', async (t) => {
      const { overtaken } = await watchBehind(t, { loss: 0.01, lossUp: 0.2, jitter: 15 })
      assert.ok(overtaken > 20, `${overtaken} overtaken`)
    })
  })

  /** 8 s behind a line that gets like this once there are pictures. */
  async function watchBehind(t: TestContext, line: Partial<LossyRelay>): Promise<LossyRelay> {
    const page = await pages.open(browser)
    const joinedAt = Number(String(server.ready['webrtc']).split(':').at(-1))
    const relay = await startLossyRelay(joinedAt, { loss: 0, delay: 20 })
    try {
      const joined = await whepJoin(page, endpoint(), { port: relay.port, looks: false })
      assert.equal(joined.status, 201)
      let begun = await waitShown(page, 'pictures', ({ shown }) => shown >= 20)
      Object.assign(relay, line)
      for (let round = 1; ; round++) {
        const [watched, from] = [watchStarving(), performance.now()]
        await sleep(8_000)
        // Of some 400 packets in these seconds now and then not one of a hundred is lost.
        const now = await waitShown(
          page,
          'a loss, asked for again and sent as a stream of its own',
          ({ nacks, retransmitted }) => relay.lost > 0 && nacks > 0 && retransmitted > 0,
        )
        const seconds = (performance.now() - from) / 1000
        const starved = watched()
        const rate = (now.framesDecoded - begun.framesDecoded) / seconds
        const all = `${rate.toFixed(1)} of 30 pictures a second, ${now.lost} packets lost for good, ${now.freezeSeconds} s frozen, ${relay.overtaken} overtaken, starved ${Math.round(starved * 100)} %`
        t.diagnostic(all)
        // Without resends one picture in a group of 60 that is lost for good would stop all that follow: about 1 a second.
        if (rate > 25) break
        assert.ok(starved > starving && round < 4, all)
        begun = now
      }
      // A goodbye on the connection itself might be lost, and the session wait for it.
      await fetch(joined.location ?? '', { method: 'DELETE' })
      return relay
    } finally {
      await page.close()
      await relay.close()
    }
  }

  it('100 viewers join and leave, and the server and its process have their memory back', async (t) => {
    const crowd = 10
    const round = async (count: number) => {
      for (let i = 0; i < count; i += crowd) {
        for (let more = 0; ; more++) {
          const watched = watchStarving()
          const seen = await whepCrowd(page, endpoint(), crowd, { audio: true, bare: true })
          const starved = watched()
          if (seen.answered === crowd && seen.connected === crowd - 1) break
          const all = `${seen.answered} of ${crowd} answered, ${seen.connected} connected, starved ${Math.round(starved * 100)} %`
          t.diagnostic(all)
          // A busy machine may take longer than an offer has.
          assert.ok(starved > starving && more < 2, all)
        }
      }
      await waitFor('all to be gone', async () => (await sessions()) === 0, 40_000, 100)
    }
    const memory = () => [webrtcPid(), server.pid].map((pid) => readUsage(pid).rss / MB)
    await round(20)
    const before = memory()
    await round(100)
    const [ofProcess = 0, ofServer = 0] = memory().map((now, i) => now - (before[i] ?? 0))
    const grown = `grown by ${ofProcess.toFixed(1)} MB, the server by ${ofServer.toFixed(1)} MB`
    t.diagnostic(grown)
    // A connection has a quarter of a megabyte: a hundred that stay would be 25.
    assert.ok(ofProcess < 15, grown)
    // It keeps more of the running broadcasts meanwhile, and has its heap collected when it likes.
    assert.ok(ofServer < 40, grown)
  })

  const sessions = async () => {
    const text = await (await fetch(`${server.http}/metrics`)).text()
    return Number(/^bandstand_webrtc_sessions (\d+)/m.exec(text)?.[1])
  }

  it('the process is killed: its viewers are gone, everyone else goes on, and new viewers come in', async () => {
    const joined = await whepJoin(page, endpoint())
    await waitShown(page, 'pictures', ({ shown }) => shown >= 10)
    const killed = webrtcPid()
    process.kill(killed, 'SIGKILL')
    await waitFor('the session to be gone', async () => {
      return (await fetch(joined.location ?? '', { method: 'PATCH' })).status === 404
    })
    await whepLeave(page)
    assert.equal((await fetch(`${server.http}/live/main/index.m3u8`)).status, 200)
    const again = await waitFor('a new viewer to be let in', async () => {
      const answer = await whepJoin(page, endpoint())
      if (answer.status === 201) return answer
      assert.equal(answer.code, 'unavailable')
      await whepLeave(page)
      return false
    })
    assert.notEqual(again.location, joined.location)
    await waitShown(page, 'pictures again', ({ shown }) => shown >= 20)
    assert.notEqual(webrtcPid(), killed)
    await whepLeave(page)
  })

  it('a channel that is offline is not found', async () => {
    const nowhere = await whepJoin(page, endpoint('nowhere'))
    assert.deepEqual([nowhere.status, nowhere.code], [404, 'offline'])
  })
})

describe('WHEP without ffmpeg', () => {
  it('shows pictures and says why there is no sound, and refuses B-frames with the reason', async () => {
    const server = await startBandstand({ ffmpeg: true, args: ['--ffmpeg', '/nonexistent/ffmpeg'] })
    const encoder = publishClip(server.publishUrl)
    let bEncoder: Running | undefined
    let browser: Browser | undefined
    const pages = await servePlayerPage()
    try {
      browser = await chromium()
      await waitLive(server, 'main')
      const page = await pages.open(browser)
      const joined = await whepJoin(page, `${server.http}/live/main/whep`, { audio: true })
      assert.equal(joined.status, 201)
      assert.match(joined.sound ?? '', /^none; ffmpeg was not found/)
      const { soundBytes } = await waitShown(page, 'pictures', ({ shown }) => shown >= 20)
      assert.equal(soundBytes, 0)
      const reordered = await (await channelMaker(server))('reordered')
      bEncoder = ffmpegPublish({ url: reordered.publishUrl, bFrames: 2, width: 320, height: 180 })
      await reordered.live()
      const refused = await whepJoin(page, `${server.http}/live/reordered/whep`)
      assert.deepEqual([refused.status, refused.code], [409, 'has-b-frames'])
    } finally {
      await browser?.close()
      await pages.close()
      await bEncoder?.stop('SIGINT')
      await encoder.stop()
      await server.stop()
    }
  })
})
