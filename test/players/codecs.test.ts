import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readEnhancedClip } from '@bandstand/engine/ingest/rtmp/enhanced-clip.ts'
import { publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'
import type { Browser } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { encodeOnce } from '../support/encode-once.ts'
import { longOnly } from '../support/long.ts'
import { look, until } from '../support/our-player.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { ffmpegDecode, ffprobe } from '../support/players.ts'
import { assertNear, getChannel, waitEnded, waitLive } from '../support/published.ts'

interface Case {
  readonly name: string
  readonly video: readonly string[]
  readonly audio: readonly string[]
  /** What Chromium says of it. */
  readonly plays: boolean
  /** In the player's words, where not. */
  readonly told?: RegExp
  /** Only with `npm run test:long`: another here is told, or plays, for the same reason. */
  readonly repeats?: boolean
}

const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-sc_threshold', '0']
const hevc = ['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-x265-params', 'scenecut=0:log-level=error']
const opus = ['-c:a', 'libopus', '-b:a', '64k']

const cases: readonly Case[] = [
  { name: 'av1-opus', video: ['-c:v', 'libsvtav1', '-preset', '12'], audio: opus, plays: true },
  {
    name: 'vp9-flac',
    video: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k'],
    audio: ['-c:a', 'flac'],
    plays: true,
    repeats: true,
  },
  { name: 'hevc-opus', video: hevc, audio: opus, plays: false, told: /cannot play H\.265\./ },
  { name: 'avc-ac3', video: h264, audio: ['-c:a', 'ac3'], plays: false, told: /cannot play AC-3\./, repeats: true },
  { name: 'avc-mp3', video: h264, audio: ['-c:a', 'libmp3lame'], plays: false, told: /cannot play MP3\./ },
]

/** Six seconds as fragmented MP4. */
async function encode({ video, audio }: Case): Promise<Uint8Array> {
  const folder = await encodeOnce([
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=20'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:beep_factor=4:sample_rate=48000'],
    ...['-t', '6', ...video, '-g', '40', '-keyint_min', '40', '-pix_fmt', 'yuv420p', '-ac', '2', ...audio],
    ...['-strict', '-2', '-movflags', 'frag_keyframe+delay_moov+default_base_moof', 'clip.mp4'],
  ])
  return new Uint8Array(readFileSync(join(folder, 'clip.mp4')))
}

describe('viewers of other codecs', () => {
  let server: Bandstand
  let owner: Owner
  let browser: Browser
  before(async () => {
    server = await startBandstand()
    owner = await signIn(server)
    browser = await chromium()
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  for (const setup of cases) {
    it(
      `${setup.name}: ${setup.plays ? 'is seen in Chromium' : 'Chromium is told that it cannot'}, and is kept as it came`,
      setup.repeats === true ? longOnly : {},
      async () => {
        const key = await owner.createChannel(setup.name)
        const clip = readEnhancedClip(await encode(setup))
        const { hostname, port } = new URL(server.rtmp.replace('rtmp:', 'http:'))
        const publisher = publishFlv({
          ...{ host: hostname, port: Number(port), app: 'live', key, clip },
          ...{ realtime: true, loop: true, enhanced: true },
        })
        const page = await browser.newPage()
        let assetId: string
        try {
          const { variants } = await waitLive(server, setup.name)
          const codecs = variants[0]?.codecs?.join() ?? ''
          assetId = (await getChannel(server, setup.name)).assetId ?? assert.fail('no recording')
          await page.goto(`${server.http}/@${setup.name}/embed`)
          const answer = await page.evaluate(
            (type) => MediaSource.isTypeSupported(type),
            `video/mp4; codecs="${codecs}"`,
          )
          assert.equal(answer, setup.plays, codecs)
          if (setup.plays) {
            const first = await until(page, 'a moving picture', ({ phase, frames }) => phase === 'live' && frames > 20)
            assert.equal(first.height, 180)
            // A page that was late leaps to live once.
            await until(page, 'more of it', ({ time, frames }) => time > first.time + 3 && frames >= first.frames + 40)
          } else {
            const note = page.locator('bandstand-player .note')
            await note.waitFor({ timeout: 30_000 })
            assert.match((await note.textContent()) ?? '', setup.told ?? /./)
            assert.equal((await look(page)).phase, 'starting')
          }
        } finally {
          await page.close()
          await publisher.stop()
        }
        const asset = await waitEnded(server, assetId)
        const duration = (asset.duration ?? 0) / 1000
        const replay = `${server.http}/vod/${assetId}`
        const file = await ffprobe(`${replay}/download.mp4`)
        assert.equal(file.streams.length, 2)
        for (const stream of file.streams) assertNear(Number(stream.duration), duration, 0.6, stream.codec_name)
        const decoded = await ffmpegDecode(`${replay}/download.mp4`)
        assert.equal(decoded.complaints, '')
        assertNear(decoded.times.length, duration * 20, 12, 'pictures')
      },
    )
  }
})
