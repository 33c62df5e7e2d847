import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import { readEnhancedClip } from '@bandstand/engine/ingest/rtmp/enhanced-clip.ts'
import { type FlvPublisher, publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'
import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { type Bandstand, startBandstand, streamKey } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { ffmpegsOf } from '../support/children.ts'
import { encodeOnce } from '../support/encode-once.ts'
import { startHls } from '../support/hls-page.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { assertPlaysOn, type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import { assertConforms, decode, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { stopwatch, waitFor } from '../support/wait.ts'

const sizes = [
  { name: 'large.mp4', width: 640, height: 360, rate: '600k' },
  { name: 'middle.mp4', width: 480, height: 270, rate: '350k' },
  { name: 'small.mp4', width: 320, height: 180, rate: '180k' },
]

/** One scene in three sizes, as an encoder makes them: a key frame every two seconds in each, at the same time. */
async function clipOfThree() {
  const scene = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30', '-f', 'lavfi', '-i', 'sine=sample_rate=48000']
  const scaled = sizes.map(({ width, height }, i) => `[p${i}]scale=${width}:${height}[v${i}]`).join(';')
  const split = `[0:v]split=3${sizes.map((_, i) => `[p${i}]`).join('')};${scaled}`
  const h264 = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-bf',
    '0',
    '-g',
    '60',
    '-sc_threshold',
    '0',
    '-pix_fmt',
    'yuv420p',
  ]
  const outputs = sizes.flatMap(({ name, rate }, i) => [
    ...['-map', `[v${i}]`, ...(i === 0 ? ['-map', '1:a', '-c:a', 'aac', '-ac', '2'] : [])],
    ...[...h264, '-b:v', rate, '-maxrate', rate, '-bufsize', rate, '-t', '12'],
    ...['-movflags', 'frag_keyframe+delay_moov+default_base_moof', '-f', 'mp4', name],
  ])
  const folder = await encodeOnce([...scene, '-filter_complex', split, ...outputs])
  return readEnhancedClip(...sizes.map(({ name }) => new Uint8Array(readFileSync(join(folder, name)))))
}

async function playlistAt(url: string): Promise<MediaPlaylist> {
  const answer = await fetch(url)
  const parsed = parsePlaylist(await answer.text())
  assert.ok(answer.ok && parsed.kind === 'media', `${url}: ${answer.status}`)
  return parsed.playlist
}

/** Whole segments with media: number, begin in ms since the first date, length. */
function timesOf({ mediaSequence, segments }: MediaPlaylist) {
  const found = new Map<number, { readonly at: number; readonly duration: number }>()
  let at = 0
  for (const [i, { gap, duration, programDateTime }] of segments.entries()) {
    at = programDateTime ?? at
    if (!gap) found.set(mediaSequence + i, { at, duration })
    at += duration * 1000
  }
  return found
}

const names = ['v1', 'v101', 'v102'] as const

describe('a ladder that the encoder makes', () => {
  let server: Bandstand
  let owner: Owner
  let pages: PlayerPage
  let publisher: FlvPublisher
  let assetId: string
  let live: () => number
  before(async () => {
    server = await startBandstand({ ffmpeg: true })
    owner = await signIn(server)
    // Rungs of the same sizes, always made: unless the encoder makes them.
    const rungs = sizes.slice(1).map(({ height }) => ({ height, bitrate: 300_000, frameRate: 30 }))
    await owner.call('PUT', '/channels/main/ladder', { mode: 'always', encoder: 'x264', preset: 'superfast', rungs })
    const { hostname, port } = new URL(server.rtmp.replace('rtmp:', 'http:'))
    publisher = publishFlv({
      ...{ host: hostname, port: Number(port), app: 'live', key: streamKey, clip: await clipOfThree() },
      ...{ realtime: true, loop: true, enhanced: true },
    })
    pages = await servePlayerPage()
    await waitLive(server, 'main')
    live = stopwatch()
    assetId = (await getChannel(server, 'main')).assetId ?? ''
  })
  after(async () => {
    await pages?.close()
    await publisher?.stop()
    await server?.stop()
  })

  // They mostly wait for what is sent.
  describe('while it goes on', { concurrency: true }, () => {
    it('is listed whole from the begin, and nothing is encoded', async () => {
      const { variants } = await waitLive(server, 'main')
      assert.deepEqual(
        variants.map(({ uri, resolution, frameRate }) => [uri.split('/')[1], resolution?.height, frameRate]),
        names.map((name, i) => [name, sizes[i]?.height, 30]),
      )
      for (const { codecs, bandwidth } of variants) {
        assert.match(codecs?.join() ?? '', /^avc1\.[0-9a-f]{6},mp4a\.40\.2$/)
        assert.ok(bandwidth > 150_000 && bandwidth < 2_000_000, String(bandwidth))
      }
      await sleep(4_000)
      assert.deepEqual(ffmpegsOf(server.pid), [])
      const { encoder } = await owner.call<ChannelHealth>('GET', '/channels/main/health')
      assert.deepEqual(
        encoder?.brought?.renditions.map(({ height, state }) => [height, state]),
        [
          [270, 'live'],
          [180, 'live'],
        ],
      )
      assert.equal(encoder?.brought?.message, null)
      assert.equal(encoder?.ladder?.state, 'nothing-to-do')
    })

    it('has segments of the same numbers, begins and lengths in all renditions', async () => {
      const live = (name: string) => `${server.http}/live/main/${assetId}/${name}/index.m3u8`
      await waitFor('some segments', async () => timesOf(await playlistAt(live('v102'))).size >= 5)
      const [source, ...brought] = await Promise.all(names.map(async (name) => timesOf(await playlistAt(live(name)))))
      for (const [i, found] of brought.entries()) {
        const both = [...found.keys()].filter((msn) => source?.has(msn))
        assert.ok(both.length >= 4, `${both.length} segments of ${names[i + 1]}`)
        for (const msn of both) {
          const [a, b] = [source?.get(msn), found.get(msn)]
          assert.ok(Math.abs((a?.at ?? 0) - (b?.at ?? 0)) < 40, `${names[i + 1]} ${msn} begins ${b?.at}, not ${a?.at}`)
          assert.ok(
            Math.abs((a?.duration ?? 0) - (b?.duration ?? 0)) < 0.04,
            `${names[i + 1]} ${msn} lasts ${b?.duration}`,
          )
        }
      }
    })

    it('conforms, and each rendition decodes without a complaint', async () => {
      const decodes = async (name: string) => {
        const { pictures, complaints } = await decode(`${server.http}/live/main/${assetId}/${name}/index.m3u8`, 3)
        assert.ok(pictures >= 80, `${name}: ${pictures} pictures`)
        assert.equal(complaints, '', name)
      }
      await Promise.all([assertConforms(`${server.http}/live/main/index.m3u8`, 8), ...names.map(decodes)])
    })
  })

  it('hls.js in Chromium changes between them without a stall', { timeout: 300_000 }, async (t) => {
    const browser = await chromium()
    t.after(() => browser.close())
    const page = await pages.open(browser)
    // So far behind it plays, and it does not get over gaps that a broadcast's playlist may begin with.
    await sleep(Math.max(0, 14 - live()) * 1_000)
    // `players/ladder` has it at low latency, where a full machine stalls a player that has a second of media.
    await startHls(page, { url: `${server.http}/live/main/index.m3u8`, lowLatency: false, estimate: 1e9 })
    const levels = await page.evaluate<number[]>('hls.levels.map((level) => level.height)')
    assert.deepEqual(levels, [180, 270, 360])
    await sleep(3_000)
    for (let round = 1; ; round++) {
      const faults: string[] = []
      const watched = watchStarving()
      const begun = performance.now()
      for (const wanted of [180, 360]) {
        await page.evaluate('lines.length = 0; seen.waiting.length = 0')
        const level = levels.indexOf(wanted)
        await page.evaluate(`hls.nextLoadLevel = ${level}; hls.loadLevel = ${level}`)
        const height = () => page.evaluate<number>("document.querySelector('video').videoHeight")
        await waitFor(`${wanted}p`, async () => (await height()) === wanted)
        faults.push(
          ...(await page.evaluate<string[]>(
            `[...seen.waiting.map(() => 'waiting'),
              ...lines.filter((line) => line.startsWith('error') && !line.includes('aborted'))]`,
          )),
        )
      }
      const starved = watched()
      const seconds = (performance.now() - begun) / 1000
      t.diagnostic(
        `${seconds.toFixed(1)} s, waited for a processor ${starved.toFixed(2)}: ${faults.join() || 'nothing'}`,
      )
      if (faults.length === 0) break
      assert.ok(starved > starving && round < 4, `${faults.join(', ')}; waited for a processor ${starved}`)
    }
    await assertPlaysOn(page, 3_000, { frameRate: 30 })
  })

  it('is replayed with all of its renditions, by HLS and DASH, and downloaded as the first', async () => {
    await publisher.stop()
    await waitEnded(server, assetId)
    const vod = `${server.http}/vod/${assetId}`
    const parsed = parsePlaylist(await (await fetch(`${vod}/index.m3u8`)).text())
    assert.ok(parsed.kind === 'multivariant')
    assert.deepEqual(
      parsed.playlist.variants.map(({ uri, resolution }) => [uri.split('/')[0], resolution?.height]),
      names.map((name, i) => [name, sizes[i]?.height]),
    )
    const [source, ...brought] = await Promise.all(names.map((name) => playlistAt(`${vod}/${name}/index.m3u8`)))
    for (const { segments } of brought) {
      assert.equal(segments.length, source?.segments.length)
      assert.ok(segments.every(({ gap }) => !gap))
    }
    for (const name of names) {
      const { pictures, complaints } = await decode(`${vod}/${name}/index.m3u8`, 60)
      assert.ok(pictures > 300, `${name}: ${pictures} pictures`)
      assert.equal(complaints, '', name)
    }
    const mpd = await (await fetch(`${vod}/manifest.mpd`)).text()
    const [set = ''] = /<AdaptationSet[^>]*contentType="video"[\s\S]*?<\/AdaptationSet>/.exec(mpd) ?? []
    assert.deepEqual(
      [...set.matchAll(/<Representation[^>]* id="(\w+)"/g)].map(([, id]) => id),
      [...names],
    )
    const download = await decode(`${vod}/download.mp4`, 60)
    assert.equal(download.complaints, '')
  })
})
