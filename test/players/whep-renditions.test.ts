import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import type { Running } from '../support/process.ts'
import { waitLive } from '../support/published.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'
import { type WhepFigures, whepFigures, whepJoin, whepLeave } from '../support/whep-page.ts'

interface Layers {
  readonly chosen: string | null
  readonly playing: string | null
  readonly reason: string | null
  readonly renditions: readonly { readonly encodingId: string; readonly height: number }[]
}

interface Health {
  readonly encoder: { readonly ladder: { readonly state: string } }
}

describe('renditions by WHEP', () => {
  let server: Bandstand
  let owner: Owner
  let browser: Browser
  let pages: PlayerPage
  let page: Page
  const encoders: Running[] = []
  before(async () => {
    server = await startBandstand({ ffmpeg: true })
    owner = await signIn(server)
    browser = await chromium()
    pages = await servePlayerPage()
    page = await pages.open(browser)
    await Promise.all([publish('rungs', 0), publish('reordered', 2)])
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
    for (const encoder of encoders) await encoder.stop('SIGINT')
    await server?.stop()
  })

  const endpoint = (slug: string) => `${server.http}/live/${slug}/whep`
  const layers = async (location: string | null): Promise<Layers> =>
    (await fetch(`${location}/layer`)).json() as Promise<Layers>
  const choose = (location: string | null, body: object) =>
    fetch(`${location}/layer`, { method: 'POST', body: JSON.stringify(body) })

  /** Gives what sends to the channel too, and takes over. */
  async function publish(slug: string, bFrames: number): Promise<(bFrames: number) => void> {
    const key = await owner.createChannel(slug)
    const rungs = [{ height: 180, bitrate: 200_000, frameRate: 30 }]
    const settings = { mode: 'on-demand', encoder: 'x264', preset: 'superfast', rungs }
    await owner.call('PUT', `/channels/${slug}/ladder`, settings)
    const send = (bFrames: number) =>
      void encoders.push(ffmpegPublish({ url: `${server.rtmp}/${key}`, width: 640, height: 360, gop: 30, bFrames }))
    send(bFrames)
    await waitLive(server, slug)
    return send
  }

  function waitShown(what: string, enough: (figures: WhepFigures) => boolean): Promise<WhepFigures> {
    let figures: WhepFigures | undefined
    return waitFor(
      what,
      async () => {
        figures = await whepFigures(page)
        return enough(figures) && figures
      },
      30_000,
    ).catch((error: unknown) => {
      throw new Error(`${what}: ${JSON.stringify({ ...figures, ages: undefined })}`, { cause: error })
    })
  }

  /** So many pictures in a row of which nothing is missing. What a page without a processor has lost before is not the server's. */
  async function waitWhole(
    what: string,
    pictures: number,
    also: (figures: WhepFigures) => boolean = () => true,
  ): Promise<WhepFigures> {
    let from = await whepFigures(page)
    return waitShown(`${what}, nothing missing`, (now) => {
      if (now.lost > from.lost) from = now
      return now.shown > from.shown + pictures && also(now)
    })
  }

  it('a viewer goes to a rung that is made for it and back, on one connection, with the sound', async (t) => {
    const watched = watchStarving()
    const joined = await whepJoin(page, endpoint('rungs'), { audio: true })
    assert.deepEqual([joined.status, joined.rendition], [201, 'source'])
    await waitShown('the source with sound', ({ height, loudest }) => height === 360 && loudest > 0.01)
    const ids = async () => (await layers(joined.location)).renditions.map(({ encodingId }) => encodingId)
    await waitFor('the rung to be offered', async () => (await ids()).length === 2)
    assert.deepEqual(await ids(), ['source', '180p'])
    assert.equal((await choose(joined.location, { encodingId: '180p' })).status, 200)
    const small = await waitShown('the rung', ({ height }) => height === 180)
    const ladder = async () => (await owner.call<Health>('GET', '/channels/rungs/health')).encoder.ladder.state
    assert.equal(await ladder(), 'running')
    assert.equal((await layers(joined.location)).playing, '180p')
    await waitWhole('it to go on with sound', 15, ({ soundBytes }) => soundBytes > small.soundBytes)
    await choose(joined.location, { encodingId: 'source' })
    await waitShown('the source again', ({ height }) => height === 360)
    const { state, freezeSeconds } = await waitWhole('it to go on', 15)
    assert.equal(state, 'connected')
    const starved = watched()
    const said = `stood still for ${freezeSeconds} s, starved ${Math.round(starved * 100)} %`
    t.diagnostic(said)
    assert.ok(starved > starving || freezeSeconds < 1.5, said)
    await whepLeave(page)
  })

  it('an offer names a rendition; one that there is not is not found', async () => {
    const joined = await whepJoin(page, `${endpoint('rungs')}?rendition=180p`)
    assert.deepEqual([joined.status, joined.rendition], [201, '180p'])
    await waitShown('the rung', ({ height, shown }) => height === 180 && shown > 10)
    await whepLeave(page)
    const missing = await whepJoin(page, `${endpoint('rungs')}?rendition=1080p`)
    assert.deepEqual([missing.status, missing.code], [404, 'no-rendition'])
    await whepLeave(page)
  })

  it('a source with B-frames plays in real time on the page, which says why it is encoded again, and lets a rung be chosen', async () => {
    await owner.call('PATCH', '/channels/reordered', { latency: 'real-time' })
    const watching = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await watching.goto(`${server.http}/@reordered`)
    const state = () =>
      watching.evaluate(() => {
        const { playing, video } = document.querySelector('bandstand-player') as HTMLElement & {
          readonly playing: string | undefined
          readonly video: HTMLVideoElement
        }
        return `${playing} ${video.videoHeight}`
      })
    await waitFor('the source', async () => (await state()) === 'webrtc 360', 90_000)
    const button = watching.getByRole('button', { name: 'Quality and delay' })
    await button.click()
    await watching.getByText('The encoder sends B-frames').waitFor()
    await watching.getByRole('menuitemradio', { name: '180p' }).click()
    await waitFor('the rung', async () => (await state()) === 'webrtc 180', 90_000)
    await button.click()
    await watching.getByRole('menuitemradio', { name: /^Automatic \(180p\)|^180p/, checked: true }).waitFor()
    await watching.close()
  })

  it('a source with B-frames is watched without them in its own size, with the sound, and that is said', async (t) => {
    const begun = performance.now()
    const joined = await whepJoin(page, endpoint('reordered'), { audio: true })
    t.diagnostic(`answered after ${Math.round(performance.now() - begun)} ms`)
    assert.equal(joined.status, 201)
    assert.match(joined.rendition ?? '', /^source; the encoder sends B-frames/)
    await waitWhole('pictures and sound', 30, ({ height, looks, loudest }) => {
      return height === 360 && looks > 3 && loudest > 0.01
    })
    assert.match((await layers(joined.location)).reason ?? '', /B-frames/)
    await whepLeave(page)
  })

  it('when an encoder with B-frames takes over, a viewer of the source goes on without them, on its connection', async (t) => {
    const send = await publish('taken', 0)
    const joined = await whepJoin(page, endpoint('taken'), { audio: true })
    assert.deepEqual([joined.status, joined.rendition], [201, 'source'])
    await waitShown('the source', ({ height, shown }) => height === 360 && shown > 30)
    send(2)
    await waitFor('the other encoder', async () => /B-frames/.test((await layers(joined.location)).reason ?? ''))
    const taken = await whepFigures(page)
    await waitShown('it to go on with sound', ({ shown, soundBytes }) => {
      return shown > taken.shown + 15 && soundBytes > taken.soundBytes
    })
    const { state, freezeSeconds } = await whepFigures(page)
    t.diagnostic(`stood still for ${freezeSeconds.toFixed(1)} s in all`)
    assert.equal(state, 'connected')
    assert.notEqual((await layers(joined.location)).playing, null)
    await whepLeave(page)
  })
})
