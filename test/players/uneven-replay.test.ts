import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { startServer } from '@bandstand/engine/http/testing.ts'
import { createVodHandler } from '@bandstand/engine/http/vod.ts'
import type { Sent } from '@bandstand/engine/packager/fixtures/encoder.ts'
import type { Studio } from '@bandstand/engine/packager/fixtures/studio.ts'
import { createTestBroadcast, loop, smallClip } from '@bandstand/engine/replay/fixtures/broadcast.ts'
import { limits } from '@bandstand/engine/replay/limits.ts'
import { createDiskStore } from '@bandstand/engine/store/disk.ts'
import { quietLog, retention, temporaryFolder } from '@bandstand/engine/store/fixtures/material.ts'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import type { Browser } from 'playwright-core'
import { chromium } from '../support/browser.ts'
import { longOnly } from '../support/long.ts'
import { type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import { waitFor } from '../support/wait.ts'

/** Replays whose sound and pictures do not begin or end together. */
describe('a replay plays from its beginning to its end', () => {
  const clip = smallClip()
  let browser: Browser
  let pages: PlayerPage
  before(async () => {
    browser = await chromium()
    pages = await servePlayerPage()
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
  })

  const isSound = ({ unit }: Sent) => unit.track === AUDIO_TRACK
  const media = (from: number, to: number, wanted: (sent: Sent) => boolean = () => true) =>
    [...loop(clip, Math.ceil(to / 3) + 1)].filter((sent) => sent.at >= from && sent.at < to && wanted(sent))

  /** An encoder comes, and says that it has both. */
  function connect(studio: Studio, withSound = true): void {
    studio.do((t, now) => t.startEpoch(now))
    studio.do((t, now) => t.announce({ video: true, audio: withSound }, now))
    studio.do((t, now) => t.configure(VIDEO_TRACK, clip.video, now))
    if (withSound) studio.do((t, now) => t.configure(AUDIO_TRACK, clip.audio, now))
  }

  /** Units at the times they have, whatever was sent before. */
  function send(studio: Studio, begun: number, sent: readonly Sent[]): void {
    studio.now = begun
    studio.send(sent)
  }

  interface Broadcast {
    readonly what: string
    readonly seconds: number
    /** From when to when something has to be seen, seconds. */
    readonly pictures?: readonly [number, number]
    /** Only with `npm run test:long`. */
    readonly repeats?: boolean
    run(studio: Studio, begun: number): void
  }

  const broadcasts: readonly Broadcast[] = [
    {
      what: 'that had no sound for its first 5 s',
      // It joins at the next key frame, at 6 s here; no picture waits for it.
      seconds: 11,
      run(studio, begun) {
        connect(studio, false)
        send(
          studio,
          begun,
          media(0, 5, (sent) => !isSound(sent)),
        )
        studio.do((t, now) => t.configure(AUDIO_TRACK, clip.audio, now))
        send(studio, begun, media(5, 11))
      },
    },
    {
      what: 'whose last segment is one picture without sound',
      repeats: true,
      seconds: 6,
      run(studio, begun) {
        connect(studio)
        send(
          studio,
          begun,
          media(0, 6.02, (sent) => !isSound(sent) || sent.at < 5.9),
        )
      },
    },
    {
      what: 'whose pictures end 6 s before its sound',
      seconds: 12,
      run(studio, begun) {
        connect(studio)
        send(
          studio,
          begun,
          media(0, 12, (sent) => isSound(sent) || sent.at < 6),
        )
      },
    },
    {
      // Of the segment in which they came back two seconds are missing, and two are there.
      what: 'whose pictures paused while its sound went on',
      repeats: true,
      seconds: 11,
      pictures: [8, 10],
      run(studio, begun) {
        connect(studio)
        send(
          studio,
          begun,
          media(0, 11, (sent) => isSound(sent) || sent.at < 3.5 || sent.at > 7.99),
        )
      },
    },
    {
      what: 'whose second of three encoders had no sound',
      seconds: 15,
      run(studio, begun) {
        for (const [i, withSound] of [true, false, true].entries()) {
          studio.now = begun + i * 7000
          connect(studio, withSound)
          send(
            studio,
            studio.now,
            media(0, 5, (sent) => withSound || !isSound(sent)),
          )
          studio.stop()
        }
      },
    },
  ]

  /** Those who played it while it ran have been told that it has ended. */
  const later = () => Date.now() + limits.endedOnClock

  async function replay(t: TestContext, run: (studio: Studio, begun: number) => void): Promise<string> {
    const store = createDiskStore({ root: await temporaryFolder(t), log: quietLog, retention })
    t.after(() => store.close())
    const { port } = await startServer(t, [createVodHandler({ store, now: later })])
    const { studio, writer } = createTestBroadcast(store, 'as_one')
    run(studio, studio.now)
    studio.stop()
    await writer().end()
    return `http://127.0.0.1:${port}/vod/as_one`
  }

  interface Played {
    readonly time: number
    readonly ended: boolean
    readonly errors: readonly string[]
    /** Times of pictures that were shown, seconds. */
    readonly shown: readonly number[]
  }

  /** Code of a page in which `video` is in hand; whatever a player calls an error goes to `errors`. */
  const players: Readonly<Record<string, (folder: string) => string>> = {
    'hls.js': (folder) => `
      const hls = new Hls()
      hls.on(Hls.Events.ERROR, (_, { details, fatal }) => {
        // A busy machine's player stands for a moment, and after three seconds of that it is nudged. A listed gap is an
        // error to it, and it may append the segment before one twice.
        const isKnown = /^(buffer(StalledError|NudgeOnStall|AppendNoProgress)|fragGap)$/.test(details)
        if (fatal || !isKnown) errors.push(details + (fatal ? ' (fatal)' : ''))
      })
      hls.loadSource('${folder}/index.m3u8')
      hls.attachMedia(video)`,
    'dash.js': (folder) => `
      const player = dashjs.MediaPlayer().create()
      player.updateSettings({ debug: { logLevel: 0 } })
      player.on('error', (event) => errors.push(JSON.stringify(event.error?.message ?? event)))
      player.initialize(video, '${folder}/manifest.mpd', true)`,
    Shaka: (folder) => `
      const player = (globalThis.player = new shaka.Player())
      player.addEventListener('error', ({ detail }) => errors.push('error ' + detail.code))
      await player.attach(video)
      await player.load('${folder}/manifest.mpd')`,
  }

  async function play(player: string, load: string, { seconds, pictures }: Broadcast): Promise<void> {
    const page = await pages.open(browser)
    await page.evaluate(`(async () => {
      const video = document.querySelector('video')
      globalThis.errors = []
      globalThis.shown = []
      const note = (_, { mediaTime }) => {
        shown.push(mediaTime)
        video.requestVideoFrameCallback(note)
      }
      video.requestVideoFrameCallback(note)
      video.muted = true
      // A player that has loaded something begins at the ordinary rate.
      video.addEventListener('canplay', () => (video.playbackRate = 2))
      ${load}
      video.playbackRate = 2
      video.play().catch(() => {})
    })()`)
    const look = () =>
      page.evaluate<Played>(`(() => {
        const video = document.querySelector('video')
        return { time: video.currentTime, ended: video.ended, errors, shown }
      })()`)
    let played = await look()
    // On a busy machine dash.js 5.2 may go back by half a second when it has shown the last picture, and stand there.
    const isThrough = ({ ended, shown }: Played) =>
      ended || (player === 'dash.js' && shown.some((at) => at > seconds - 0.1))
    await waitFor('the end', async () => isThrough((played = await look())), 40_000).catch((cause: unknown) => {
      throw new Error(`stopped: ${JSON.stringify(played)}`, { cause })
    })
    assert.ok(!played.ended || Math.abs(played.time - seconds) < 0.3, JSON.stringify(played))
    assert.deepEqual(played.errors, [])
    if (pictures !== undefined) {
      const [from, to] = pictures
      const seen = played.shown.filter((time) => time >= from && time < to)
      assert.ok(seen.length > 0, `no picture from ${from} to ${to} s: ${played.shown.join(' ')}`)
    }
    await page.close()
  }

  for (const broadcast of broadcasts) {
    it(
      `${broadcast.what}: ${Object.keys(players).join(', ')}`,
      broadcast.repeats === true ? longOnly : {},
      async (t) => {
        const folder = await replay(t, broadcast.run)
        await Promise.all(
          Object.entries(players).map(([name, load]) =>
            play(name, load(folder), broadcast).catch((cause: unknown) => {
              throw new Error(name, { cause })
            }),
          ),
        )
      },
    )
  }
})
