import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import type { Clip } from '@bandstand/engine/ingest/rtmp/clip.ts'
import { readEnhancedClip } from '@bandstand/engine/ingest/rtmp/enhanced-clip.ts'
import { publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { encodeOnce } from '../support/encode-once.ts'
import { startHls } from '../support/hls-page.ts'
import { longOnly } from '../support/long.ts'
import { look, until } from '../support/our-player.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { servePlayerPage } from '../support/player-page.ts'
import { ffprobe } from '../support/players.ts'
import { runToEnd } from '../support/process.ts'
import { findProgram } from '../support/programs.ts'
import { assertConforms, getChannel, waitLive } from '../support/published.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'

const ffmpeg = findProgram('ffmpeg')

/** Eight seconds of pictures with a beep each second, in Opus. */
async function beeping(): Promise<Clip> {
  const folder = await encodeOnce([
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30:duration=8'],
    ...['-f', 'lavfi', '-i', "aevalsrc='0.8*sin(2*PI*1000*t)*between(mod(t,1),0.5,0.6)':s=48000:d=8"],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '60', '-sc_threshold', '0'],
    ...['-pix_fmt', 'yuv420p', '-c:a', 'libopus', '-ac', '2', '-b:a', '96k'],
    ...['-movflags', 'frag_keyframe+delay_moov+default_base_moof', 'clip.mp4'],
  ])
  return readEnhancedClip(new Uint8Array(readFileSync(join(folder, 'clip.mp4'))))
}

/** Seconds at which a tone begins, on the clock of the media, in so many seconds from the live edge on. */
async function beeps(playlist: string, seconds: number): Promise<number[]> {
  const level = 'astats=metadata=1:reset=1,ametadata=print:key=lavfi.astats.Overall.RMS_level:file=-'
  const input = ['-v', 'error', '-nostdin', '-copyts', '-live_start_index', '-2', '-i', playlist]
  const { stdout } = await runToEnd(ffmpeg, [
    ...input,
    ...['-af', `asetnsamples=240,${level}`, '-frames:a', String(seconds * 200), '-f', 'null', '-'],
  ])
  const found: number[] = []
  let time = 0
  let wasOn = true
  for (const line of stdout().split('\n')) {
    time = Number(/pts_time:([\d.]+)/.exec(line)?.[1] ?? time)
    const value = /RMS_level=(\S+)/.exec(line)?.[1]
    if (value === undefined) continue
    const isOn = value !== '-inf' && Number(value) > -20
    if (isOn && !wasOn) found.push(time)
    wasOn = isOn
  }
  return found
}

/** As in browsers that have no Opus: what they are asked for, they deny. */
async function withoutOpus(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { isTypeSupported } = MediaSource
    MediaSource.isTypeSupported = (type) => !/opus/i.test(type) && isTypeSupported.call(MediaSource, type)
  })
}

/** The same where a page has loaded already. */
const denyOpus = `{
  const own = MediaSource.isTypeSupported
  MediaSource.isTypeSupported = (type) => !/opus/i.test(type) && own.call(MediaSource, type)
  const capable = navigator.mediaCapabilities.decodingInfo.bind(navigator.mediaCapabilities)
  navigator.mediaCapabilities.decodingInfo = async (wanted) => {
    const found = await capable(wanted)
    return /opus/i.test(wanted.audio?.contentType ?? '') ? { ...found, supported: false } : found
  }
}`

const dashPlayers: Readonly<Record<string, (url: string) => string>> = {
  'dash.js': (url) => `
    const player = (globalThis.player = dashjs.MediaPlayer().create())
    player.updateSettings({ debug: { logLevel: 0 } })
    player.initialize(video, ${JSON.stringify(url)}, false)
    await new Promise((done) => player.on('streamInitialized', done))`,
  Shaka: (url) => `
    const player = (globalThis.player = new shaka.Player())
    await player.attach(video)
    await player.load(${JSON.stringify(url)})`,
}

/** Which renditions' playlists a page asks for. */
function asked(page: Page): ReadonlySet<string> {
  const names = new Set<string>()
  page.on('request', (request) => {
    const name = /\/([av]\d+)\/index\.m3u8/.exec(request.url())?.[1]
    if (name !== undefined) names.add(name)
  })
  return names
}

// The first mostly waits for the encoder of sound to rest.
describe('sound that is not AAC', { concurrency: 2 }, () => {
  let server: Bandstand
  let owner: Owner
  let browser: Browser
  let clip: Clip
  before(async () => {
    server = await startBandstand({ ffmpeg: true })
    owner = await signIn(server)
    browser = await chromium()
    clip = await beeping()
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  async function publish(to: Bandstand, as: Owner, channel: string) {
    const key = await as.createChannel(channel)
    const { hostname, port } = new URL(to.rtmp.replace('rtmp:', 'http:'))
    const publisher = publishFlv({
      ...{ host: hostname, port: Number(port), app: 'live', key, clip },
      ...{ realtime: true, loop: true, enhanced: true },
    })
    await waitLive(to, channel)
    return publisher
  }

  const healthOf = (as: Owner, channel: string) => as.call<ChannelHealth>('GET', `/channels/${channel}/health`)
  const stateOf = async (channel: string) => (await healthOf(owner, channel)).encoder?.sound?.state

  it('is there in AAC for who asks, in time with what came, and rests when nobody does', async () => {
    const publisher = await publish(server, owner, 'asked')
    try {
      const { variants, renditions } = await waitLive(server, 'asked')
      assert.deepEqual(
        variants.map(({ codecs, audio }) => [codecs?.[1], audio]),
        [
          ['Opus', 'audio'],
          ['mp4a.40.2', 'aac'],
        ],
      )
      assert.deepEqual(
        renditions.map(({ groupId, name, default: isDefault }) => [groupId, name, isDefault]),
        [
          ['audio', 'Main', true],
          ['aac', 'Main', true],
        ],
      )
      assert.equal(await stateOf('asked'), 'waiting')
      const live = `${server.http}/live/asked/index.m3u8`
      const probed = await ffprobe(live)
      const index = probed.streams.findIndex(({ codec_name }) => codec_name === 'aac')
      assert.ok(index >= 0, JSON.stringify(probed.streams.map(({ codec_name }) => codec_name)))
      const volume = ['-map', `0:${index}`, '-t', '4', '-af', 'volumedetect', '-f', 'null', '-']
      const heard = await runToEnd(ffmpeg, ['-nostdin', '-v', 'info', '-i', live, ...volume])
      assert.ok(Number(/max_volume: (\S+) dB/.exec(heard.stderr())?.[1]) > -10, heard.stderr())
      assert.equal(await stateOf('asked'), 'running')
      await assertConforms(live, 6)
      const { assetId } = await getChannel(server, 'asked')
      const own = (name: string) => `${server.http}/live/asked/${assetId}/${name}/index.m3u8`
      // They begin some segments apart.
      const [source, made] = await Promise.all([beeps(own('a2'), 12), beeps(own('a51'), 12)])
      const pairs = source.flatMap((at) => {
        const other = made.find((found) => Math.abs(found - at) < 0.4)
        return other === undefined ? [] : [other - at]
      })
      assert.ok(pairs.length >= 5, JSON.stringify({ source, made }))
      for (const late of pairs) assert.ok(Math.abs(late) <= 0.045, JSON.stringify({ source, made }))
      await waitFor('it to rest', async () => (await stateOf('asked')) === 'waiting', 90_000, 1_000)
    } finally {
      await publisher.stop()
    }
  })

  it('is one of two sets of a DASH manifest, in AAC too for the first who asks', async () => {
    const publisher = await publish(server, owner, 'dashed')
    try {
      const watched = watchStarving()
      const manifest = await waitFor('a manifest', async () => {
        const answer = await fetch(`${server.http}/live/dashed/manifest.mpd`)
        const text = answer.ok ? await answer.text() : ''
        // It is held for four seconds, in which a busy machine may not get an ffmpeg going.
        return text !== '' && (text.includes('id="51"') || watched() <= starving) && text
      })
      assert.match(manifest, /codecs="Opus"/)
      assert.match(manifest, /<AdaptationSet id="51"[^>]*selectionPriority="0"/)
      assert.match(manifest, /codecs="mp4a\.40\.2"/)
    } finally {
      await publisher.stop()
    }
  })

  for (const [name, load] of Object.entries(dashPlayers)) {
    it(`is heard by ${name} in a browser without Opus`, name === 'Shaka' ? longOnly : {}, async () => {
      const channel = `dash-${name.toLowerCase().replaceAll('.', '-')}`
      const publisher = await publish(server, owner, channel)
      const pages = await servePlayerPage()
      try {
        const manifest = async () => (await fetch(`${server.http}/live/${channel}/manifest.mpd`)).text()
        await waitFor('a manifest with AAC', async () => (await manifest()).includes('id="51"'), 60_000)
        const page = await pages.play(browser, `${denyOpus}\n${load(`${server.http}/live/${channel}/manifest.mpd`)}`)
        const segments = new Set<string>()
        page.on('request', (request) => {
          const rendition = /\/(a\d+)\/[^/]*\.m4s/.exec(request.url())?.[1]
          if (rendition !== undefined) segments.add(rendition)
        })
        await page.evaluate(
          "(async () => { const v = document.querySelector('video'); v.muted = false; await listen(v, seen) })()",
        )
        await waitFor('sound', () => page.evaluate<boolean>('seen.loudest > 0.05'), 30_000)
        await waitFor('segments of it', () => segments.has('a51'), 30_000)
        assert.ok(!segments.has('a2'), [...segments].join())
      } finally {
        await pages.close()
        await publisher.stop()
      }
    })
  }

  it('is heard by hls.js in a browser without Opus, from the first viewer on', async () => {
    const publisher = await publish(server, owner, 'hls-js')
    const pages = await servePlayerPage()
    try {
      const page = await pages.open(browser)
      const names = asked(page)
      await page.evaluate(denyOpus)
      await startHls(page, { url: `${server.http}/live/hls-js/index.m3u8`, lowLatency: true, estimate: 5e6 })
      await page.evaluate(
        "(async () => { const v = document.querySelector('video'); v.muted = false; await listen(v, seen) })()",
      )
      await waitFor('sound', () => page.evaluate<boolean>('seen.loudest > 0.05'), 30_000)
      await waitFor('pictures', () => page.evaluate<boolean>('seen.shown.length > 60'), 30_000)
      assert.ok(names.has('a51') && !names.has('a2'), [...names].join())
    } finally {
      await pages.close()
      await publisher.stop()
    }
  })

  it('is played as it came by our page where that can be, and in AAC where not', async () => {
    const publisher = await publish(server, owner, 'ours')
    try {
      for (const { lacks, wanted } of [
        { lacks: false, wanted: 'a2' },
        { lacks: true, wanted: 'a51' },
      ]) {
        const page = await browser.newPage()
        const names = asked(page)
        if (lacks) await withoutOpus(page)
        await page.goto(`${server.http}/@ours/embed`)
        const first = await until(page, 'a moving picture', ({ phase, frames }) => phase === 'live' && frames > 20)
        await until(page, 'more of it', ({ time }) => time > first.time + 3)
        assert.deepEqual(
          [...names].filter((name) => name.startsWith('a')),
          [wanted],
        )
        await page.close()
      }
    } finally {
      await publisher.stop()
    }
  })

  it('is all there is without ffmpeg; the studio says who hears nothing, and the page what the browser lacks', async () => {
    const bare = await startBandstand()
    try {
      const own = await signIn(bare)
      const publisher = await publish(bare, own, 'bare')
      try {
        const { variants } = await waitLive(bare, 'bare')
        assert.deepEqual(
          variants.map(({ codecs }) => codecs?.[1]),
          ['Opus'],
        )
        const { advice, encoder } = await healthOf(own, 'bare')
        assert.equal(encoder?.sound, null)
        const told = advice.find(({ code }) => code === 'audio-not-everywhere')
        assert.match(told?.text ?? '', /viewers whose browser does not play Opus are sent it by WebRTC/)
        // WebRTC is a way out where the browser has it.
        const other = await browser.newPage()
        await withoutOpus(other)
        await other.goto(`${bare.http}/@bare/embed`)
        await until(other, 'pictures in real time', ({ playing, frames }) => playing === 'webrtc' && frames > 20)
        await other.close()
        const page = await browser.newPage()
        await withoutOpus(page)
        await page.addInitScript('delete globalThis.RTCPeerConnection')
        await page.goto(`${bare.http}/@bare/embed`)
        const note = page.locator('bandstand-player .note')
        await note.waitFor({ timeout: 30_000 })
        assert.match((await note.textContent()) ?? '', /cannot play Opus\./)
        assert.equal((await look(page)).phase, 'starting')
        await page.close()
      } finally {
        await publisher.stop()
      }
    } finally {
      await bare.stop()
    }
  })
})
