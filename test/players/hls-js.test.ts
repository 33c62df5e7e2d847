import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { findInterruptions } from '../support/continuity.ts'
import { ffmpegPublish, type PublishOptions } from '../support/encoders.ts'
import { isLong, longOnly } from '../support/long.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { assertPlaysOn, type PlayerPage, recordPlayback, servePlayerPage } from '../support/player-page.ts'
import type { Running } from '../support/process.ts'
import { assertNear, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { stopwatch, waitFor } from '../support/wait.ts'

interface Facts {
  readonly loudest: number
  readonly time: number
  /** Seconds behind live as hls.js counts. */
  readonly latency: number
  /** Addresses of what was loaded. */
  readonly parts: number
  readonly segments: number
  readonly blocking: number
  /** Warnings and errors of its debug log: there are to be none. */
  readonly warnings: readonly string[]
}

/** Channel, frames between key frames, B-frames. */
const streams = [
  ['often', 60, 2],
  ['auto', 250, 0],
  ['rarely', 300, 0],
] as const

/** What is joined here each time; the last one begins as the one before it does. */
const isJoined = (slug: (typeof streams)[number][0]) => isLong || slug !== 'rarely'

/**
 * A race of its own: it takes sound for blocked, and sets the duration, or appends more of it, while sound is being appended.
 * The next playlist sets it again, and what could not be appended is at once.
 */
const itsOwn: readonly RegExp[] = [
  /SourceBuffer blocked callback InvalidStateError: Failed to set the 'duration'/,
  /^warn .*Failed 1\/4 times to append segment in "audio" .*This SourceBuffer is still processing/,
  /^warn \[audio-stream-controller\]: Reduce max buffer length to 300s$/,
]

/** What the same race says where it appended: of sound alone, and once in a page. */
const appendRace = /^error bufferAppendError audio Failed .*This SourceBuffer is still processing/

/**
 * What it says just before, where less than half a second of sound is ahead: while it joins, where "currentTime" is the
 * place it loads next, and soon after. Nothing is full, which would be a `bufferFullError`, and nothing is flushed.
 */
const calledFull = /^warn \[audio-stream-controller\]: Buffer full error while .* is not buffered, flush audio buffer$/

/** It loads that sound again, and drops what else of it was on the way. */
const afterRace: readonly RegExp[] = [
  /^error aborted Aborted$/,
  /^warn \[audio-stream-controller\]: audio sn: \d+ .* was dropped during download\.$/,
  /^warn \[audio-stream-controller\]: .* finished buffering, but was aborted/,
]

/** What hls.js says when there was nothing left to play. Whether that was anybody's fault `assertPlaysOn` judges. */
const nothingLeft: readonly RegExp[] = [...itsOwn, /stall/i, /skipping hole/, /bufferSeekOverHole/, /nudg/i]

/** A seek ends the requests that it makes needless. */
const onSeek: readonly RegExp[] = [...nothingLeft, /aborted Aborted/, /finished buffering, but was aborted/]

/** An encoder that is cut off sends one track further than the other, whose last segment is then listed as a gap, over which it seeks. */
const encoderCutOff: readonly RegExp[] = [/fragGap/, ...onSeek]

/**
 * What hls.js 1.7 says when it joins between key frames. It loads a segment without one, of which the browser takes
 * nothing, loads it again after the first part of the next, and so breaks that one's chain too; then it seeks. Our own
 * page tells it to begin at a key frame.
 */
const betweenKeyFrames: readonly RegExp[] = [
  /appended \d times? without buffered range growth/,
  /bufferAppendNoProgress/,
  /Marking fragment \d+ of level \d+ as a gap after 3 appends/,
  ...onSeek,
]

/**
 * It marks what it has found no picture in as a gap: after three appends, and without a word where the browser took nothing of a whole
 * segment, or where one without a key frame is the first that is listed. Of what it has marked it loads no part, and says so; it stands
 * there until it is too far from the end. `play` says whether the playlist has such a gap itself.
 */
const ownGap = [/Marking fragment \d+ of level \d+ as a gap/, /^error fragGap GAP tag found, its own: /] as const
const atOwnGap: readonly RegExp[] = [
  ownGap[1],
  // With each of these there is an error, which says whose gap it is.
  /^warn .* errored with fragGap/,
  /located too far from the end of live sliding playlist/,
]

/** What is in none of the patterns. The race of appending sound may be lost once, with what comes of it. */
function unexpected(lines: readonly string[], patterns: readonly RegExp[]): readonly string[] {
  const race = lines.findIndex((line) => appendRace.test(line))
  const excused = race === -1 ? patterns : [...patterns, ...afterRace]
  const ofRace = (line: string, i: number) => i === race || (i === race - 1 && calledFull.test(line))
  return lines.filter((line, i) => !ofRace(line, i) && !excused.some((pattern) => pattern.test(line)))
}

describe('hls.js as its makers publish it', () => {
  let server: Bandstand
  let owner: Owner
  let browser: Browser
  let pages: PlayerPage
  const encoders = new Map<string, Running>()
  /** What went wrong for viewers without low latency in the first seconds. */
  let early: Promise<readonly unknown[]> | undefined
  /** Seconds since the streams were live. */
  let live: () => number
  before(async () => {
    server = await startBandstand()
    owner = await signIn(server)
    browser = await chromium()
    pages = await servePlayerPage()
    // All at once: those that are joined late have begun long ago then, and who comes early has been there.
    for (const [slug, gop, bFrames] of streams.filter(([slug]) => isJoined(slug))) {
      await publish(slug, { gop, bFrames })
      early ??= Promise.all([4, 8].map((seconds) => joinEarly(slug, seconds)))
    }
    live = stopwatch()
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
    await server?.stop()
  })

  async function publish(slug: string, options: Partial<PublishOptions>): Promise<void> {
    const key = await owner.createChannel(slug)
    encoders.set(
      slug,
      ffmpegPublish({ width: 480, height: 270, bitrate: 500, ...options, url: `${server.rtmp}/${key}` }),
    )
    await waitLive(server, slug)
  }

  /** Opens a stream; resolves when the first picture is shown, with the ms that took. */
  async function play(url: string, lowLatencyMode = true): Promise<{ page: Page; joined: number }> {
    const page = await pages.open(browser)
    const joined = await page.evaluate(`(async () => {
      const video = document.querySelector('video')
      const logger = {}
      for (const level of ['trace', 'debug', 'log', 'info', 'warn', 'error']) logger[level] = log(level)
      globalThis.requests = []
      // Which one it is, and whether the playlist says so of the segment or of the part.
      const gapOf = ({ frag, part }) => {
        const { details } = (frag.type === 'audio' ? hls.audioTracks : hls.levels)[frag.level]
        const isPart = (line) => line.startsWith('#EXT-X-PART:') && line.includes('GAP=YES') && line.includes(part.relurl)
        const isListed = frag.tagList.some(([tag]) => tag === 'GAP') || (part && details.m3u8.split('\\n').some(isPart))
        const which = frag.type + ' level ' + frag.level + ' segment ' + frag.sn + (part ? ' part ' + part.index : '')
        return (isListed ? ', listed: ' : ', its own: ') + which + ', the first listed is ' + details.startSN
      }
      const hls = (globalThis.hls = new Hls({ debug: logger, lowLatencyMode: ${lowLatencyMode} }))
      hls.on(Hls.Events.ERROR, (_, data) => {
        const track = data.sourceBufferName ? ' ' + data.sourceBufferName : ''
        const gap = data.details === 'fragGap' ? gapOf(data) : ''
        lines.push('error ' + data.details + (data.fatal ? ' fatal' : '') + track + ' ' + (data.error && data.error.message) + gap)
      })
      hls.on(Hls.Events.FRAG_LOADED, (_, { frag, part }) => requests.push((part ? 'part ' : 'segment ') + (part || frag).relurl))
      hls.on(Hls.Events.LEVEL_LOADING, (_, { url }) => requests.push('playlist ' + url))
      globalThis.seen = watch(video)
      const begun = performance.now()
      hls.loadSource(${JSON.stringify(url)})
      hls.attachMedia(video)
      video.play().catch(() => {})
      for (const end = performance.now() + 60_000; seen.shown.length < 2; ) {
        if (performance.now() > end) throw new Error('no picture: ' + seen.state())
        await new Promise((done) => setTimeout(done, 20))
      }
      const took = performance.now() - begun
      await listen(video, seen)
      return took
    })()`)
    return { page, joined: joined as number }
  }

  /** Opens a stream so many seconds after it began. Resolves with nothing where it plays, or with what stands in the way. */
  async function joinEarly(slug: string, seconds: number): Promise<unknown> {
    await sleep(seconds * 1000)
    const playing = play(`${server.http}/live/${slug}/index.m3u8`, false).then(async ({ page }) => {
      const { time } = await facts(page)
      await waitFor(`pictures ${seconds} s after the begin`, async () => (await facts(page)).time > time + 0.5)
      await page.close()
    })
    const watched = watchStarving()
    const late = sleep(15_000, undefined, { ref: false }).then(async () => {
      if (watched() > starving) await sleep(30_000, undefined, { ref: false })
      return `no picture ${seconds} s after the begin`
    })
    return Promise.race([playing, late]).catch((error: unknown) => error)
  }

  async function facts(page: Page): Promise<Facts> {
    return page.evaluate<Facts>(`({
      loudest: seen.loudest,
      time: document.querySelector('video').currentTime, latency: hls.latency,
      parts: requests.filter((r) => r.startsWith('part')).length,
      segments: requests.filter((r) => r.startsWith('segment')).length,
      blocking: requests.filter((r) => r.startsWith('playlist') && r.includes('_HLS_msn')).length,
      warnings: lines.filter((line) => /^(warn|error)/.test(line)),
    })`)
  }

  // While the other streams grow old enough.
  describe('in the first seconds', { concurrency: true }, () => {
    it('joins without low latency in the first seconds of a broadcast', async () => {
      assert.deepEqual(await early, [undefined, undefined])
    })

    it('goes on where an encoder returns with another picture size and sample rate', async () => {
      const key = await owner.createChannel('changing')
      const url = `${server.rtmp}/${key}`
      const first = ffmpegPublish({ url, width: 320, height: 180, bitrate: 300, bFrames: 2 })
      await waitLive(server, 'changing')
      await sleep(3_000)
      const { page } = await play(`${server.http}/live/changing/index.m3u8`)
      await sleep(2_000)
      await first.stop('SIGKILL')
      await sleep(1_000)
      const extra = ['-ar', '44100']
      const second = ffmpegPublish({ url, width: 480, height: 270, bitrate: 500, sampleRate: 44_100, extra })
      const isThere = () => page.evaluate("document.querySelector('video').videoWidth === 480")
      await waitFor('the new picture size', isThere, 60_000)
      // Who comes now is told of both encoders' formats: before the first one's segments leave the playlist, which they do on a busy machine.
      const assertBothFormats = async (path: string) => {
        const multivariant = await (await fetch(`${server.http}/${path}/index.m3u8`)).text()
        assert.equal(/CODECS="(.*?)"/.exec(multivariant)?.[1]?.match(/avc1/g)?.length, 2, multivariant)
      }
      await assertBothFormats('live/changing')
      await assertPlaysOn(page, 3_000, { frameRate: 30, fromPartToPart: true }, 30_000)
      const to = await facts(page)
      assert.deepEqual(unexpected(to.warnings, encoderCutOff), [])
      await page.close()
      // Live and in the replay it plays for who comes then.
      const { assetId } = await getChannel(server, 'changing')
      await assertBothFormats(`vod/${assetId}`)
      const follow = async (path: string) => {
        const later = await play(`${server.http}/${path}/index.m3u8`)
        const { time } = await facts(later.page)
        await waitFor('it to play', async () => (await facts(later.page)).time > time + 2)
        assert.deepEqual(unexpected((await facts(later.page)).warnings, encoderCutOff), [])
        await later.page.close()
      }
      await Promise.all([follow('live/changing'), follow(`vod/${assetId}`)])
      await second.stop('SIGINT')
    })
  })

  it('joins at once and plays at low latency with key frames every 2 s and B-frames', async (t) => {
    // Until the opening gaps are further from the end than HOLD-BACK: before, EXT-X-START leads everybody to a whole segment.
    await sleep(Math.max(0, 14 - live()) * 1_000)
    const watched = watchStarving()
    const isStarved = () => watched() > starving
    let { page, joined } = await play(`${server.http}/live/often/index.m3u8`)
    await sleep(1_000)
    let from = await facts(page)
    const isClose = () => joined < 4_000 && from.latency > 0 && from.latency < 3
    // Who stands for a moment while it joins stays that much further behind: hls.js does not catch up by itself.
    for (let more = 0; (more < 3 || (more < 8 && isStarved())) && !isClose(); more++) {
      await page.close()
      ;({ page, joined } = await play(`${server.http}/live/often/index.m3u8`))
      await sleep(1_000)
      from = await facts(page)
    }
    assert.ok(isClose(), `first picture after ${Math.round(joined)} ms, ${from.latency} s behind`)
    // Soon after it joined on a busy machine it has been seen to stand for seconds, with a second of media in hand.
    const stood = await assertPlaysOn(page, 5_000, { frameRate: 30 }, 30_000)
    const to = await facts(page)
    const summary = JSON.stringify(to, undefined, 1)
    if (stood.length > 0) {
      const asked = await page.evaluate<string[]>('requests')
      t.diagnostic(`it settled late: ${stood.join(' | ')}\n${asked.join('\n')}\n${summary}`)
    }
    assert.ok(to.loudest > 0.02, `no sound: ${summary}`)
    assert.ok(to.parts > from.parts + 12, summary)
    assert.ok(to.blocking > 10, summary)
    assert.deepEqual(unexpected(to.warnings, nothingLeft), [])
    // What judges is judged: a player that stands is not one that plays.
    await page.evaluate("document.querySelector('video').pause()")
    assert.notDeepEqual(findInterruptions(await recordPlayback(page, 1_000), { frameRate: 30 }), [])
    await page.close()
  })

  // They mostly wait, each for a stream of its own.
  describe('later', { concurrency: true }, () => {
    for (const [slug, gop] of streams.slice(1)) {
      it(
        `joins and then plays at low latency, a key frame every ${(gop / 30).toFixed(1)} s`,
        isJoined(slug) ? {} : longOnly,
        async () => {
          const join = async () => {
            const { page } = await play(`${server.http}/live/${slug}/index.m3u8`)
            // At worst the picture stands until the next key frame, and once more: see `betweenKeyFrames`.
            await assertPlaysOn(page, 3_000, { frameRate: 30 }, 60_000)
            const from = await facts(page)
            const watched = watchStarving()
            const to = await waitFor('further parts', async () => {
              const now = await facts(page)
              return now.parts > from.parts && now.blocking > from.blocking && now
            }).catch((error: unknown) => {
              if (watched() <= starving) throw error
            })
            return { page, to }
          }
          let { page, to } = await join()
          // Who stood on a busy machine stays as far behind, where whole segments are loaded, and comes again.
          for (let round = 2; to === undefined; round++) {
            assert.ok(round <= 2, `no further parts: ${JSON.stringify(await facts(page), undefined, 1)}`)
            await page.close()
            ;({ page, to } = await join())
          }
          assert.ok(to.loudest > 0.02, `no sound: ${JSON.stringify(to, undefined, 1)}`)
          const more = to.warnings.some((line) => ownGap.some((pattern) => pattern.test(line))) ? atOwnGap : []
          assert.deepEqual(unexpected(to.warnings, [...betweenKeyFrames, ...more]), [])
          await page.close()
          await encoders.get(slug)?.stop('SIGINT')
        },
      )
    }

    it('rewinds in the EVENT playlist, and plays the replay to its end', async () => {
      const { assetId } = await getChannel(server, 'often')
      const url = `${server.http}/vod/${assetId}/index.m3u8`
      const event = await play(url)
      // Not 0: after alignment the sound's playlist may begin a microsecond later, and hls.js then waits for ever.
      await event.page.evaluate("document.querySelector('video').currentTime = 0.1")
      await waitFor('the start', async () => {
        const { time } = await facts(event.page)
        return time > 1.5 && time < 8
      })
      assert.deepEqual(unexpected((await facts(event.page)).warnings, onSeek), [])
      await event.page.close()
      await encoders.get('often')?.stop('SIGINT')
      const { duration } = await waitEnded(server, assetId ?? '')
      const { page } = await play(url)
      const seconds = (duration ?? 0) / 1000
      assertNear(await page.evaluate<number>("document.querySelector('video').duration"), seconds, 0.1, 'duration')
      await page.evaluate(`document.querySelector('video').currentTime = ${seconds - 2}`)
      await waitFor('the end', () => page.evaluate("document.querySelector('video').ended")).catch(async (cause) => {
        const { time, warnings } = await facts(page)
        assert.fail(`${String(cause)}: at ${time} of ${seconds} s\n${warnings.join('\n')}`)
      })
      assert.deepEqual(unexpected((await facts(page)).warnings, onSeek), [])
      await page.close()
    })
  })
})
