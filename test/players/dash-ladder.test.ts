import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { publishClip } from '../support/channels.ts'
import { signIn } from '../support/owner.ts'
import { type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import { waitFor } from '../support/wait.ts'

const isLong = process.env['BANDSTAND_LONG'] !== undefined

const rungs = [
  { height: 360, bitrate: 400_000, frameRate: 30 },
  { height: 180, bitrate: 200_000, frameRate: 30 },
]

/** Code of a page in which `video` is in hand: opens a manifest, and `choose(height)` changes to the representation of that height. */
const players: Readonly<Record<string, (url: string) => string>> = {
  'dash.js': (url) => `
    const player = dashjs.MediaPlayer().create()
    player.updateSettings({ debug: { logLevel: 0 }, streaming: { abr: { autoSwitchBitrate: { video: false } }, buffer: { fastSwitchEnabled: true } } })
    player.on('error', (event) => lines.push('error ' + JSON.stringify(event.error?.message ?? event)))
    player.initialize(video, ${JSON.stringify(url)}, false)
    await new Promise((done) => player.on('canPlay', done))
    globalThis.heights = () => player.getRepresentationsByType('video').map(({ height }) => height)
    globalThis.choose = (height) => player.setRepresentationForTypeByIndex('video', heights().indexOf(height), true)`,
  Shaka: (url) => `
    const player = new shaka.Player()
    await player.attach(video)
    player.configure({ abr: { enabled: false } })
    player.addEventListener('error', (event) => lines.push('error ' + JSON.stringify(event.detail)))
    await player.load(${JSON.stringify(url)})
    globalThis.heights = () => player.getVariantTracks().map(({ height }) => height)
    globalThis.choose = (height) =>
      player.selectVariantTrack(player.getVariantTracks().find((track) => track.height === height), true, 1)`,
}

describe('DASH of the ladder', { concurrency: true }, () => {
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
    await waitFor('the rungs', async () => (await manifest()).includes('height="180"'))
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
    it(`${name} plays every picture and changes between them`, { skip: !isLong, timeout: 120_000 }, async (t) => {
      const browser = await chromium()
      t.after(() => browser.close())
      const page = await pages.play(browser, load(url()))
      const shown = () => page.evaluate<number>('seen.shown.length')
      const height = () => page.evaluate<number>("document.querySelector('video').videoHeight")
      assert.deepEqual(
        (await page.evaluate<number[]>('heights()')).sort((a, b) => a - b),
        [180, 360, 720],
      )
      for (const wanted of [180, 720, 360]) {
        await page.evaluate(`void choose(${wanted})`)
        await waitFor(`${name}: ${wanted} lines`, async () => (await height()) === wanted, 30_000)
        const before = await shown()
        await waitFor(`${name}: pictures of ${wanted} lines`, async () => (await shown()) > before + 30)
      }
      assert.deepEqual(await page.evaluate('lines'), [], name)
    })
  }
})
