import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { publishClip } from '../support/channels.ts'
import type { Shown } from '../support/continuity.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { isLong } from '../support/long.ts'
import { signIn } from '../support/owner.ts'
import { type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import { slowLink } from '../support/slow-link.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'

const rungs = [
  { height: 360, bitrate: 400_000, frameRate: 30 },
  { height: 180, bitrate: 200_000, frameRate: 30 },
]

/** Code of a page in which `video` is in hand: dash.js as it is, which picks by itself. */
const automatic = (url: string) => `
    const player = dashjs.MediaPlayer().create()
    player.updateSettings({ debug: { logLevel: 0 } })
    player.on('error', (event) => lines.push('error ' + JSON.stringify(event.error?.message ?? event)))
    player.initialize(video, ${JSON.stringify(url)}, false)
    await new Promise((done) => player.on('canPlay', done))`

/** Code of a page in which `video` is in hand: opens a manifest, and `choose(height)` changes to the representation of that height behind what is buffered. */
const players: Readonly<Record<string, (url: string) => string>> = {
  'dash.js': (url) => `
    const player = dashjs.MediaPlayer().create()
    player.updateSettings({ debug: { logLevel: 0 }, streaming: { abr: { autoSwitchBitrate: { video: false } } } })
    player.on('error', (event) => lines.push('error ' + JSON.stringify(event.error?.message ?? event)))
    player.initialize(video, ${JSON.stringify(url)}, false)
    await new Promise((done) => player.on('canPlay', done))
    globalThis.heights = () => player.getRepresentationsByType('video').map(({ height }) => height)
    globalThis.choose = (height) => player.setRepresentationForTypeByIndex('video', heights().indexOf(height))`,
  Shaka: (url) => `
    const player = new shaka.Player()
    await player.attach(video)
    player.configure({ abr: { enabled: false } })
    player.addEventListener('error', (event) => lines.push('error ' + JSON.stringify(event.detail)))
    await player.load(${JSON.stringify(url)})
    globalThis.heights = () => player.getVariantTracks().map(({ height }) => height)
    globalThis.choose = (height) =>
      player.selectVariantTrack(player.getVariantTracks().find((track) => track.height === height))`,
}

describe('DASH of the ladder', () => {
  let server: Bandstand
  let pages: PlayerPage
  let encoder: ReturnType<typeof publishClip>
  const url = () => `${server.http}/live/main/manifest.mpd`
  const manifest = async () => {
    const answer = await fetch(url())
    return answer.ok ? answer.text() : ''
  }
  before(async () => {
    server = await startBandstand({ ffmpeg: true })
    await (await signIn(server)).call('PUT', '/channels/main/ladder', {
      ...{ mode: 'always', encoder: 'x264', preset: 'superfast', rungs },
    })
    // 1280 × 720, and next to nothing in it moves.
    encoder = publishClip(server.publishUrl)
    pages = await servePlayerPage()
    await waitFor(
      'the rungs',
      async () => {
        const text = await manifest()
        return ['180', '360'].every((lines) => text.includes(`height="${lines}"`))
      },
      60_000,
    )
    // Players stay ten seconds behind, and have nothing in hand where there is less.
    if (isLong) await sleep(12_000)
  })
  after(async () => {
    await pages?.close()
    await encoder?.stop()
    await server?.stop()
  })

  it('the manifest has all pictures in one adaptation set, the sound in another', async () => {
    const [, ...sets] = (await manifest()).split('<AdaptationSet ')
    const [pictures = '', ...others] = sets.filter((set) => set.includes('height='))
    assert.deepEqual(others, [])
    const representations = pictures.match(/<Representation [^>]*>/g) ?? []
    const figures = (name: string) =>
      representations.map((text) => Number(new RegExp(` ${name}="(\\d+)"`).exec(text)?.[1]))
    assert.deepEqual(
      figures('height').sort((a, b) => a - b),
      [180, 360, 720],
    )
    assert.deepEqual(
      figures('width').sort((a, b) => a - b),
      [320, 640, 1280],
    )
    assert.equal(new Set(representations.map((text) => / id="([^"]+)"/.exec(text)?.[1])).size, 3)
    assert.match(pictures, /segmentAlignment="true"/)
    assert.equal(sets.length, 2)
  })

  for (const [name, load] of Object.entries(players)) {
    it(`${name} plays every picture and changes between them unseen`, {
      skip: !isLong,
      timeout: 300_000,
    }, async (t) => {
      const browser = await chromium()
      t.after(() => browser.close())
      const page = await pages.play(browser, load(url()))
      assert.deepEqual(
        (await page.evaluate<number[]>('heights()')).sort((a, b) => a - b),
        [180, 360, 720],
      )
      for (let round = 1; ; round++) {
        const { faults, starved } = await changes(page, name)
        if (faults.length === 0) break
        // A machine on which the player itself waits for a processor says nothing about the streams.
        assert(starved > starving && round < 4, `${name}: ${faults.join(', ')}; starved ${Math.round(starved * 100)} %`)
      }
      assert.deepEqual(await page.evaluate('lines'), [], name)
    })
  }

  const height = (page: Page) => page.evaluate<number>("document.querySelector('video').videoHeight")

  /** What was seen of changes to each height, and the share of the time in which something waited for a processor. */
  async function changes(page: Page, name: string) {
    const from = await page.evaluate<number>('(seen.waiting.length = 0, seen.shown.length)')
    const watched = watchStarving()
    for (const wanted of [180, 720, 360]) {
      await page.evaluate(`void choose(${wanted})`)
      await waitFor(`${name}: ${wanted} lines`, async () => (await height(page)) === wanted, 40_000)
      const before = await page.evaluate<number>('seen.shown.length')
      const more = async () => (await page.evaluate<number>('seen.shown.length')) > before + 30
      await waitFor(`${name}: pictures of ${wanted} lines`, more)
    }
    const starved = watched()
    const [waits, shown] = await page.evaluate<[number, Shown[]]>(`[seen.waiting.length, seen.shown.slice(${from})]`)
    const leaps = shown.flatMap(({ media }, i) => {
      const step = media - (shown[i - 1]?.media ?? media)
      return step >= 0 && step < 0.5 ? [] : [`media time leapt by ${step.toFixed(3)} s`]
    })
    return { faults: [...leaps, ...(waits === 0 ? [] : [`it stood ${waits} times`])], starved }
  }

  it('dash.js on a link that becomes slow and quick again changes down and up by itself, and stands once at most', {
    skip: !isLong,
    timeout: 300_000,
  }, async (t) => {
    const owner = await signIn(server)
    const key = await owner.createChannel('busy')
    await owner.call('PUT', '/channels/busy/ladder', {
      ...{ mode: 'always', encoder: 'x264', preset: 'superfast' },
      rungs: [{ height: 180, bitrate: 200_000, frameRate: 30 }],
    })
    const busy = ffmpegPublish({ url: `${server.rtmp}/${key}`, bitrate: 1000, gop: 30, limit: 280_000 })
    t.after(() => busy.stop('SIGINT'))
    await sleep(14_000)
    const browser = await chromium()
    t.after(() => browser.close())
    const page = await pages.play(browser, automatic(`${server.http}/live/busy/manifest.mpd`))
    const carry = await slowLink(page, 4e6)
    await waitFor('the best', async () => (await height(page)) === 360, 60_000)
    // Until then it finds its place.
    await sleep(8_000)
    for (let round = 1; ; round++) {
      await page.evaluate('seen.waiting.length = 0')
      const begun = performance.now()
      const watched = watchStarving()
      await carry(7e5)
      await waitFor('down', async () => (await height(page)) === 180, 60_000)
      await sleep(10_000)
      await carry(4e6)
      await waitFor('up', async () => (await height(page)) === 360, 60_000)
      const starved = watched()
      const waits = await page.evaluate<number>('seen.waiting.length')
      t.diagnostic(`down and up in ${Math.round((performance.now() - begun) / 1000)} s, ${waits} stalls`)
      // It holds 3 to 4 s, and learns of the link's rate by the segment that is too late.
      if (waits <= 1) break
      assert(starved > starving && round < 3, `it stood ${waits} times; starved ${Math.round(starved * 100)} %`)
    }
    assert.deepEqual(await page.evaluate('lines'), [])
  })
})
