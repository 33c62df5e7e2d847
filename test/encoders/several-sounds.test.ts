import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import { readEnhancedClip } from '@bandstand/engine/ingest/rtmp/enhanced-clip.ts'
import { publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'
import type { MultivariantPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import type { Browser } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { encodeOnce } from '../support/encode-once.ts'
import { startHls } from '../support/hls-page.ts'
import { until } from '../support/our-player.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { assertPlaysOn, type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import { ffprobe } from '../support/players.ts'
import { runToEnd, start } from '../support/process.ts'
import { findProgram } from '../support/programs.ts'
import { assertConforms, assertNear, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { waitFor } from '../support/wait.ts'

const ffmpeg = findProgram('ffmpeg')

/** Hertz of the tone in each sound, first to last. */
const tones = [400, 1000, 2500] as const
const seconds = 14
/** Seconds that a flash and its beep may be further apart than they were sent: what people do not notice. */
const tolerance = 0.045

/** In the middle of each second the picture turns white and each of three sounds beeps, each at its own pitch. */
async function scene(container: readonly string[]): Promise<string> {
  const white = "drawbox=x=0:y=0:w=iw:h=ih:color=white:t=fill:enable='between(mod(t,1),0.499,0.599)'"
  const beep = (hertz: number) => `aevalsrc='0.8*sin(2*PI*${hertz}*t)*between(mod(t,1),0.5,0.6)':s=48000:d=${seconds}`
  return encodeOnce([
    ...['-f', 'lavfi', '-i', `testsrc2=s=320x180:r=30:d=${seconds},lutyuv=y=val/3,${white}`],
    ...tones.flatMap((hertz) => ['-f', 'lavfi', '-i', beep(hertz)]),
    ...['-map', '0:v', ...tones.flatMap((_, i) => ['-map', `${i + 1}:a`])],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-g', '60', '-sc_threshold', '0'],
    ...['-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ac', '2', '-b:a', '96k'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ger'],
    ...container,
  ])
}

/** What a filter prints of each piece of the first seconds, by when it is on the stream's own clock. */
async function printed(
  url: string,
  filters: readonly string[],
): Promise<ReadonlyMap<number, ReadonlyMap<string, number>>> {
  const { stdout } = await runToEnd(ffmpeg, [
    ...['-v', 'error', '-nostdin', '-copyts', '-i', url, ...filters, '-t', String(seconds), '-f', 'null', '-'],
  ])
  const found = new Map<number, Map<string, number>>()
  let values = new Map<string, number>()
  for (const line of stdout().split('\n')) {
    const time = /pts_time:([\d.]+)/.exec(line)?.[1]
    if (time !== undefined) found.set(Number(time), (values = new Map()))
    const [key = '', value] = line.split('=')
    if (value !== undefined) values.set(key, value === '-inf' ? -200 : Number(value))
  }
  return found
}

/** Seconds at which the picture turns white. */
async function flashesOf(url: string): Promise<readonly number[]> {
  const look = 'scale=16:10,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-'
  let wasWhite = true
  return [...(await printed(url, ['-an', '-vf', look]))].flatMap(([time, values]) => {
    const isWhite = (values.get('lavfi.signalstats.YAVG') ?? 0) > 128
    const begins = isWhite && !wasWhite
    wasWhite = isWhite
    return begins ? [time] : []
  })
}

/** Seconds at which a tone begins, and the pitch of all of them in hertz: a tone passes zero twice in each period. */
async function beepsOf(url: string): Promise<{ readonly beeps: readonly number[]; readonly pitch: number }> {
  const listen =
    'asetnsamples=480,astats=metadata=1:reset=1:measure_perchannel=Zero_crossings_rate:measure_overall=RMS_level,ametadata=print:file=-'
  const beeps: number[] = []
  const pitches: number[] = []
  let wasLoud = true
  for (const [time, values] of await printed(url, ['-vn', '-af', listen])) {
    const isLoud = (values.get('lavfi.astats.Overall.RMS_level') ?? -200) > -20
    if (isLoud && !wasLoud) beeps.push(time)
    if (isLoud && wasLoud) pitches.push((values.get('lavfi.astats.1.Zero_crossings_rate') ?? 0) * 24_000)
    wasLoud = isLoud
  }
  return { beeps, pitch: pitches.toSorted((x, y) => x - y)[Math.floor(pitches.length / 2)] ?? 0 }
}

function soundsOf({ renditions }: MultivariantPlaylist) {
  return renditions.map(({ uri = '', name, language, default: isDefault }) => {
    return { rendition: uri.split('/').at(-2) ?? '', name, language, isDefault }
  })
}

describe('an encoder with three sounds', { concurrency: true }, () => {
  let server: Bandstand
  let owner: Owner
  let pages: PlayerPage
  before(async () => {
    server = await startBandstand()
    owner = await signIn(server)
    pages = await servePlayerPage()
  })
  after(async () => {
    await pages?.close()
    await server?.stop()
  })

  /** The replay has three sounds, each with its own tone, and with the flashes of the picture. */
  async function assertSounds(assetId: string): Promise<void> {
    const vod = `${server.http}/vod/${assetId}`
    const parsed = parsePlaylist(await (await fetch(`${vod}/index.m3u8`)).text())
    assert.ok(parsed.kind === 'multivariant')
    const found = soundsOf(parsed.playlist)
    assert.deepEqual(
      found.map(({ rendition }) => rendition),
      ['a2', 'a121', 'a122'],
    )
    const flashes = await flashesOf(`${vod}/v1/index.m3u8`)
    assert.ok(flashes.length > seconds / 2, `${flashes.length} flashes`)
    for (const [i, { rendition }] of found.entries()) {
      const { beeps, pitch } = await beepsOf(`${vod}/${rendition}/index.m3u8`)
      assertNear(pitch, tones[i] ?? 0, 0.1 * (tones[i] ?? 0), `pitch of ${rendition}`)
      // Sound that comes a second after its pictures joins at the next key frame.
      const heard = flashes.filter((flash) => flash > (beeps[0] ?? Number.POSITIVE_INFINITY) - tolerance)
      const matched = heard.filter((flash) => beeps.some((beep) => Math.abs(beep - flash) <= tolerance))
      const said = `${rendition}: ${beeps.join()} beside ${flashes.join()}`
      assert.ok(heard.length > seconds / 2 && matched.length >= heard.length - 1, said)
    }
    const { streams } = await ffprobe(`${vod}/download.mp4`)
    assert.equal(streams?.filter(({ codec_type }) => codec_type === 'audio').length, 3)
    const mpd = await (await fetch(`${vod}/manifest.mpd`)).text()
    const last = mpd.slice(mpd.lastIndexOf('<Period '))
    assert.equal(last.match(/contentType="audio"/g)?.length, 3)
  }

  /** In the menu of the channel's page another sound is chosen, and heard. */
  async function assertMenu(browser: Browser, url: string): Promise<void> {
    const page = await browser.newPage({ viewport: { width: 1000, height: 700 } })
    const asked = new Set<string>()
    page.on('request', (request) => asked.add(request.url().split('/').at(-2) ?? ''))
    await page.goto(url)
    const { time } = await until(page, 'the page to play', (seen) => seen.time > 0)
    assert.ok(!asked.has('a122'))
    await page.getByRole('button', { name: 'Quality and delay' }).click()
    const sounds = page.getByRole('group', { name: 'Sound' })
    assert.equal((await sounds.getByRole('menuitemradio', { checked: true }).innerText()).trim(), 'Main')
    await sounds.getByRole('menuitemradio', { name: 'Track 3', exact: true }).click()
    await waitFor('media of the sound', () => asked.has('a122'))
    await until(page, 'the page to play on', (seen) => seen.time > time + 3)
    await page.close()
  }

  it('by SRT: each is listed in its language, in sync, recorded, and the studio tells of it', async () => {
    const [folder, key] = await Promise.all([scene(['-f', 'mpegts', 'three.ts']), owner.createChannel('srt')])
    const encoder = start(ffmpeg, [
      ...['-hide_banner', '-loglevel', 'warning', '-re', '-i', join(folder, 'three.ts'), '-map', '0', '-c', 'copy'],
      ...['-f', 'mpegts', `srt://${server.srt}?streamid=publish:${key}&pkt_size=1316&connect_timeout=20000`],
    ])
    const playlist = await waitLive(server, 'srt', 60_000, ({ renditions }) => renditions.length === 3).catch(
      (error: unknown) => assert.fail(`${String(error)}\n${encoder.output()}`),
    )
    assert.deepEqual(soundsOf(playlist), [
      { rendition: 'a2', name: 'English', language: 'en', isDefault: true },
      { rendition: 'a121', name: 'Deutsch', language: 'de', isDefault: false },
      { rendition: 'a122', name: 'Track 3', language: undefined, isDefault: false },
    ])
    const url = `${server.http}/live/srt/index.m3u8`
    const [{ assetId }, { encoder: facts }, { streams }] = await Promise.all([
      getChannel(server, 'srt'),
      waitFor('the sounds in the studio', async () => {
        const found = await owner.call<ChannelHealth>('GET', '/channels/srt/health')
        return (found.encoder?.furtherSounds.length ?? 0) === 2 && found
      }),
      ffprobe(url),
      assertConforms(url, 5, ['part-too-short']),
    ])
    assert.deepEqual(
      facts?.furtherSounds.map(({ name, codec, state }) => [name, codec, state]),
      [
        ['Deutsch', 'mp4a.40.2', 'live'],
        ['Track 3', 'mp4a.40.2', 'live'],
      ],
    )
    assert.equal(facts?.soundsLeftOut, 0)
    assert.equal(streams?.filter(({ codec_type }) => codec_type === 'audio').length, 3)
    await encoder.exited
    const asset = await waitEnded(server, assetId ?? '', 60_000)
    await assertSounds(asset.id)
  })

  it('by Enhanced RTMP: hls.js in Chromium changes the sound and plays on', { timeout: 280_000 }, async (t) => {
    const [folder, key] = await Promise.all([
      scene(['-movflags', 'frag_keyframe+delay_moov+default_base_moof', '-f', 'mp4', 'three.mp4']),
      owner.createChannel('rtmp'),
    ])
    const { hostname, port } = new URL(server.rtmp.replace('rtmp:', 'http:'))
    const clip = readEnhancedClip(new Uint8Array(readFileSync(join(folder, 'three.mp4'))))
    const publisher = publishFlv({
      ...{ host: hostname, port: Number(port), app: 'live', key, clip, realtime: true, loop: true, enhanced: true },
    })
    t.after(() => publisher.stop())
    assert.deepEqual(
      soundsOf(await waitLive(server, 'rtmp', 60_000)).map(({ rendition, name }) => [rendition, name]),
      [
        ['a2', 'Main'],
        ['a121', 'Track 2'],
        ['a122', 'Track 3'],
      ],
    )
    const { assetId } = await getChannel(server, 'rtmp')
    const browser = await chromium()
    t.after(() => browser.close())
    const page = await pages.open(browser)
    await startHls(page, { url: `${server.http}/live/rtmp/index.m3u8`, lowLatency: true, estimate: 1e9 })
    assert.deepEqual(await page.evaluate<string[]>('hls.audioTracks.map((track) => track.name)'), [
      ...['Main', 'Track 2', 'Track 3'],
    ])
    await page.evaluate(`hls.on(Hls.Events.AUDIO_TRACK_SWITCHED, (_, { id }) => (globalThis.heard = id));
      hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag, part }) => {
        if (frag.type === 'audio') globalThis.loaded = (part ?? frag).url
      })`)
    for (const [place, rendition] of [
      [2, 'a122'],
      [0, 'a2'],
      [1, 'a121'],
    ] as const) {
      await page.evaluate(`lines.length = 0; hls.audioTrack = ${place}`)
      await waitFor(`sound ${place}`, () => page.evaluate<boolean>(`globalThis.heard === ${place}`))
      await waitFor(`media of ${rendition}`, () =>
        page.evaluate<boolean>(`(globalThis.loaded ?? '').includes('/${rendition}/')`),
      )
      await sleep(1_000)
      const faults = await page.evaluate<string[]>("lines.filter((line) => line.includes('fatal'))")
      assert.deepEqual(faults, [])
    }
    await assertPlaysOn(page, 3_000, { frameRate: 30 })
    await page.close()
    await assertMenu(browser, `${server.http}/@rtmp`)
    await publisher.stop()
    await waitEnded(server, assetId ?? '', 60_000)
    await assertSounds(assetId ?? '')
  })
})
