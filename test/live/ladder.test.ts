import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import type { LadderSettings } from '@bandstand/contract/api/ladder.ts'
import type { MediaPlaylist, MediaSegment } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { ffmpegsOf } from '../support/children.ts'
import { ffmpegPublish, type PublishOptions } from '../support/encoders.ts'
import { isLong, longOnly } from '../support/long.ts'
import { until } from '../support/our-player.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { watchVideo } from '../support/player-page.ts'
import { assertConforms, decode, getChannel, waitLive } from '../support/published.ts'
import { watchRung } from '../support/rung-viewer.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'

const rungs = [
  { height: 270, bitrate: 300_000, frameRate: 30 },
  { height: 180, bitrate: 150_000, frameRate: 30 },
]
const settings: LadderSettings = { mode: 'on-demand', encoder: 'x264', preset: 'superfast', rungs }

/** An ffmpeg that writes nonsense after a while, the next time it is started where there is a file of this name. */
const garbled = join(temporaryFolder('ffmpeg'), 'garbled')
const program = join(temporaryFolder('ffmpeg'), 'ffmpeg')
const script = `#!/bin/sh
rm ${garbled} 2>/dev/null || exec ffmpeg "$@"
ffmpeg "$@" 4>&1 | { head -c 20000; head -c 1000 /dev/urandom; cat; } >&4
`

/** A server, and its owner. */
interface Site {
  readonly server: Bandstand
  readonly owner: Owner
}

async function startSite(args: readonly string[] = []): Promise<Site> {
  const server = await startBandstand({ ffmpeg: true, args })
  return { server, owner: await signIn(server) }
}

// They mostly wait.
describe('the ladder', { concurrency: true }, () => {
  let shared: Site
  before(async () => {
    shared = await startSite()
  })
  after(() => shared?.server.stop())

  async function publish(
    t: TestContext,
    slug: string,
    change: Partial<LadderSettings>,
    options: Partial<PublishOptions> = {},
    { server, owner } = shared,
  ) {
    const key = await owner.createChannel(slug)
    await owner.call('PUT', `/channels/${slug}/ladder`, { ...settings, ...change })
    const begin = (more: Partial<PublishOptions> = {}) => {
      const encoder = ffmpegPublish({ bitrate: 400, gop: 30, ...options, ...more, url: `${server.rtmp}/${key}` })
      t.after(() => encoder.stop('SIGINT'))
      return encoder
    }
    return { first: begin(), begin }
  }

  /** Addresses of the variants' playlists by height of their picture. */
  async function variants(slug: string, { server } = shared): Promise<Map<number, string>> {
    const { variants: found } = await waitLive(server, slug)
    const base = `${server.http}/live/${slug}/index.m3u8`
    return new Map(found.map(({ resolution, uri }) => [resolution?.height ?? 0, new URL(uri, base).href]))
  }

  /** Waits until so many variants are listed. */
  const waitVariants = (slug: string, count: number, on = shared) =>
    waitFor(`${count} variants`, async () => {
      const found = await variants(slug, on)
      return found.size === count && found
    })

  async function playlist(url: string): Promise<MediaPlaylist> {
    const answer = await fetch(url)
    const text = await answer.text()
    const parsed = answer.ok ? parsePlaylist(text) : undefined
    if (parsed?.kind !== 'media') throw new Error(`${url}: ${answer.status} ${text}`)
    return parsed.playlist
  }

  const health = async (slug: string, { owner } = shared) =>
    (await owner.call<ChannelHealth>('GET', `/channels/${slug}/health`)).encoder

  const numbered = ({ mediaSequence, segments }: MediaPlaylist) =>
    new Map(segments.map((segment, i) => [mediaSequence + i, segment]))
  const facts = ({ duration, programDateTime, discontinuity }: MediaSegment) => ({
    duration,
    programDateTime,
    discontinuity,
  })

  /**
   * Every segment that rung and source list both begins, ends and is numbered alike.
   *
   * @param least of those with media
   * @param short seconds that the rung's may be shorter
   */
  async function assertAligned(source: string, rung: string, least = 0, short = 0): Promise<void> {
    const theirs = numbered(await playlist(rung))
    const newest = Math.max(...theirs.keys())
    // Each is compressed by itself, so that one may be a moment behind.
    const ours = await waitFor('the source as far as its rung', async () => {
      const list = numbered(await playlist(source))
      return list.has(newest) && list
    })
    const shared = [...theirs].filter(([msn]) => ours.has(msn))
    for (const [msn, segment] of shared) {
      const other = ours.get(msn)
      if (segment.gap || other?.gap !== false) continue
      const missing = other.duration - segment.duration
      const duration = missing > 0 && missing <= short ? other.duration : segment.duration
      assert.deepEqual({ ...facts(segment), duration }, facts(other), `segment ${msn}`)
    }
    const told = (list: ReadonlyMap<number, MediaSegment>) =>
      [...list].map(([msn, { gap, duration }]) => `${msn}${gap ? ' gap' : ''} ${duration}`).join(', ')
    const media = shared.filter(([, segment]) => !segment.gap).length
    assert(media >= least, `${rung}: ${told(theirs)}; ${source}: ${told(ours)}`)
  }

  /** Waits until a rung's newest segments have media. */
  const waitMedia = (url: string, count: number) =>
    waitFor(
      `${count} segments with media`,
      async () => {
        const { segments } = await playlist(url)
        return segments.length >= count && segments.slice(-count).every(({ gap }) => !gap)
      },
      30_000,
      200,
    )

  /** Some seconds of each variant decode without a complaint. */
  async function assertDecodes(found: ReadonlyMap<number, string>): Promise<void> {
    for (const [height, url] of found) {
      const { pictures, complaints } = await decode(url, 3)
      assert.equal(complaints, '', `${height}p`)
      assert(pictures > 60, `${height}p: ${pictures} pictures`)
    }
  }

  /** Number of a playlist's newest part that has media. */
  async function newestPart(url: string): Promise<number> {
    const { segments, trailingParts } = await playlist(url)
    const parts = [...segments.flatMap((segment) => segment.parts), ...trailingParts]
    return Math.max(-1, ...parts.filter(({ gap }) => !gap).map(({ uri }) => Number(/^p(\d+)/.exec(uri)?.[1] ?? -1)))
  }

  // They wait for what an encoder sends, each for its own.
  describe('broadcasts side by side', { concurrency: 3 }, () => {
    for (const [name, options, skip] of [
      ['B-frames', { bFrames: 2 }, false],
      [
        '23.976 frames a second and an odd size',
        { extra: ['-r', '24000/1001'], gop: 24, width: 654, height: 366 },
        false,
      ],
      ['59.94 frames a second', { extra: ['-r', '60000/1001'], gop: 60 }, !isLong],
      ['key frames 4 s apart', { gop: 120 }, !isLong],
    ] as const) {
      it(`always on, ${name}: rungs are cut as the source, conform and play`, { skip }, async (t) => {
        const slug = `always-${name
          .toLowerCase()
          .slice(0, 8)
          .replaceAll(/[^a-z0-9]+/g, '-')}1`
        const watched = watchStarving()
        await publish(t, slug, { mode: 'always' }, options)
        const found = await waitVariants(slug, 3)
        const [source = '', ...others] = found.values()
        assert.deepEqual([...found.keys()].slice(1), [270, 180])
        async function assertPlays(): Promise<void> {
          await Promise.all(others.map((rung) => waitMedia(rung, 3)))
          for (const rung of others) await assertAligned(source, rung, 3)
          const judged = await Promise.allSettled([
            assertDecodes(found),
            assertConforms(`${shared.server.http}/live/${slug}/index.m3u8`, 6),
          ])
          for (const one of judged) if (one.status === 'rejected') throw one.reason
        }
        let restarts = 0
        for (let round = 1; ; round++) {
          const [judged] = await Promise.allSettled([assertPlays()])
          const ladder = (await health(slug))?.ladder
          const starved = watched()
          // An ffmpeg that has no processor for some seconds is replaced, and what it did not make meanwhile is missing.
          const isReplaced = ladder?.restarts !== restarts
          // And one that is too slow there leaves a rung out for a while.
          const isShed = ladder?.rungs.some(({ shed }) => shed) === true
          if ((isReplaced || isShed) && starved > starving && round < 4) {
            restarts = ladder?.restarts ?? 0
            continue
          }
          if (judged.status === 'rejected') throw judged.reason
          assert.deepEqual([ladder?.state, ladder?.encoder, ladder?.restarts], ['running', 'x264', restarts])
          break
        }
      })
    }

    it(
      'a page that joins where key frames are 8.3 s apart goes up to the source, and its picture does not stand',
      longOnly,
      async (t) => {
        await publish(t, 'rare', { mode: 'always', rungs: rungs.slice(0, 1) }, { gop: 250, bitrate: 1500 })
        const [source = ''] = (await waitVariants('rare', 2)).values()
        await waitMedia(source, 4)
        const browser = await chromium()
        t.after(() => browser.close())
        for (let round = 1; ; round++) {
          const page = await browser.newPage({ viewport: { width: 1000, height: 700 } })
          // It begins with what it takes the link for, and finds that it carries more.
          await page.addInitScript("Object.defineProperty(navigator.connection, 'downlink', { value: 1 })")
          const watched = watchStarving()
          const rise = async () => {
            await page.goto(`${shared.server.http}/@rare`)
            const first = await until(page, 'pictures', ({ frames }) => frames > 5)
            await watchVideo(page, "document.querySelector('bandstand-player').video")
            const { frames } = await until(page, 'the source', ({ height }) => height === 360)
            // Past the next segment.
            await until(page, 'more pictures', (seen) => seen.frames > frames + 150)
            const at = await page.evaluate<number[]>('seen.shown.map(({ at }) => at)')
            return { first: first.height, stood: Math.max(...at.slice(1).map((now, i) => now - (at[i] ?? now))) }
          }
          const [risen] = await Promise.allSettled([rise()])
          const starved = watched()
          await page.close()
          t.diagnostic(
            `${risen.status === 'rejected' ? String(risen.reason) : JSON.stringify(risen.value)}, starved ${Math.round(starved * 100)} %`,
          )
          const isTried = risen.status === 'fulfilled' && risen.value.first === 270
          if (isTried && risen.value.stood < 1_500) break
          // Whoever looks late sees no rise.
          assert(
            (starved > starving || (risen.status === 'fulfilled' && !isTried)) && round < 4,
            'the picture stood, or nothing better came',
          )
        }
      },
    )

    it('on demand: nothing is encoded before somebody asks, and then at once', async (t) => {
      await publish(t, 'asked', {})
      const [source = '', rung = ''] = (await waitVariants('asked', 3)).values()
      await waitMedia(source, 3)
      assert.equal((await health('asked'))?.ladder?.state, 'waiting')
      const [watched, asked] = [watchStarving(), performance.now()]
      const { segments, trailingParts } = await playlist(rung).catch((error: unknown) => {
        const held = performance.now() - asked
        const starved = watched()
        // It is held for eight seconds, in which a busy machine may not get an ffmpeg started.
        if (held < 7_500 || starved <= starving) throw error
        t.diagnostic(`asked again after ${Math.round(held)} ms, starved ${Math.round(starved * 100)} %`)
        return playlist(rung)
      })
      const isThere = segments.at(-1)?.gap === false || trailingParts.some(({ gap }) => !gap)
      assert(isThere, 'the first answer has media at its end')
      assert(
        segments.some(({ gap }) => gap),
        'and gaps before it',
      )
      await waitMedia(rung, 2)
      await assertAligned(source, rung, 2)
    })

    it('an encoder that comes back with another size gets the rungs that are below it', async (t) => {
      const { first, begin } = await publish(t, 'changed', { mode: 'always' })
      const before = await waitVariants('changed', 3)
      await waitMedia([...before.values()][1] ?? '', 2)
      const { generation } = await getChannel(shared.server, 'changed')
      await first.stop('SIGKILL')
      begin({ width: 426, height: 240 })
      const now = await waitVariants('changed', 2)
      assert.deepEqual([...now.keys()], [240, 180])
      assert((await getChannel(shared.server, 'changed')).generation > generation)
      const [source = '', rung = ''] = now.values()
      assert.equal(rung, before.get(180))
      await waitMedia(rung, 2)
      await assertAligned(source, rung)
      await assertConforms(`${shared.server.http}/live/changed/index.m3u8`, 4)
    })

    for (const [slug, change, options] of [
      ['sound', { mode: 'always' }, { video: false }],
      ['small', { mode: 'always' }, { width: 320, height: 180 }],
      ['off', { mode: 'off' }, {}],
    ] as const) {
      it(`${slug}: no rungs`, async (t) => {
        await publish(t, slug, change, options)
        await waitLive(shared.server, slug)
        await sleep(1_000)
        assert.equal((await variants(slug)).size, 1)
      })
    }
  })

  it('ffmpeg that is killed, writes nonsense or is stopped is back soon; meanwhile the source plays on, and who has chosen a rung goes on', async (t) => {
    // Of its own, for children are told by their parent alone, and the next ffmpeg is to be this one's.
    writeFileSync(program, script)
    chmodSync(program, 0o755)
    const site = await startSite(['--ffmpeg', program])
    const { server } = site
    t.after(() => server.stop())
    const children = () => ffmpegsOf(server.pid)
    await publish(t, 'struck', { mode: 'always' }, {}, site)
    const [source = '', rung = ''] = (await waitVariants('struck', 3, site)).values()
    await waitMedia(rung, 1)
    const viewer = await watchRung(t, `${server.http}/@struck`, 270)
    const reasons = () =>
      server.log().flatMap(({ msg, reason }) => (msg.startsWith('ladder: ffmpeg ended') ? [String(reason)] : []))
    let expected = 0
    for (const [strike, signal, ends, limit] of [
      ['killed', 'SIGKILL', 1, 5_000],
      ['killed, and the next one writes nonsense', 'SIGKILL', 2, 15_000],
      // That is noticed after a second.
      ['stopped', 'SIGSTOP', 1, 5_000],
    ] as const) {
      const before = numbered(await playlist(source))
      // One may just have been replaced, or a picture be in the making beside it.
      const pid = await waitFor('the only ffmpeg', () => children().length === 1 && children()[0])
      if (ends === 2) writeFileSync(garbled, '')
      // Back after the first one; the second may find the viewer elsewhere.
      else await viewer.hasRung()
      const seen = await viewer.pictures()
      const begun = performance.now()
      const watched = watchStarving()
      process.kill(pid, signal)
      expected += ends
      // One that has no processor for some seconds is replaced as well.
      expected = await waitFor('the restarts to be told', async () => {
        const told = (await health('struck', site))?.ladder?.restarts ?? 0
        return told >= expected && told
      })
      await waitFor('another ffmpeg', () => !children().includes(pid) && children().length === 1)
      const last = await newestPart(rung)
      await waitFor('a new part', async () => (await newestPart(rung)) > last)
      const took = performance.now() - begun
      const starved = watched()
      await viewer.goesOn()
      t.diagnostic(
        `${strike}: a new part after ${Math.round(took)} ms (${reasons().at(-1)}); the viewer's picture stood for ${await viewer.stood(seen)} ms`,
      )
      // Where the machine has no time for an ffmpeg that starts, it takes as long as that takes.
      assert(took < limit || starved > starving, `${strike}: a new part after ${Math.round(took)} ms`)
      await waitMedia(rung, 1)
      // The last picture of a segment may go with the ffmpeg that held it.
      await assertAligned(source, rung, 0, 0.034)
      const { mediaSequence, segments } = await playlist(source)
      const missing = segments.filter((segment, at) => segment.gap && !before.has(mediaSequence + at))
      assert.deepEqual(missing, [], `the source after ${signal}`)
    }
    assert.ok(
      reasons().some((reason) => reason.startsWith('it wrote something')),
      reasons().join('\n'),
    )
    const metrics = await (await fetch(`${server.http}/metrics`)).text()
    const told = Number(/^bandstand_ladder_restarts\{channel="struck"\} (\d+)$/m.exec(metrics)?.[1])
    assert.ok(told >= expected, `${told} restarts, not ${expected}`)
    await Promise.all([viewer.hasRung(), assertConforms(`${server.http}/live/struck/index.m3u8`, 4)])
  })

  it('no ffmpeg on the machine: everything but the ladder works', async (t) => {
    const bare = await startBandstand({ ffmpeg: true, args: ['--ffmpeg', '/nowhere/ffmpeg'] })
    t.after(() => bare.stop())
    const encoder = ffmpegPublish({ url: bare.publishUrl })
    const { variants: found } = await waitLive(bare, 'main')
    assert.equal(found.length, 1)
    const ladder = await (await signIn(bare)).call<{ encoders: { works: boolean }[] }>('GET', '/ladder/encoders')
    assert(ladder.encoders.every(({ works }) => !works))
    await encoder.stop('SIGINT')
    await bare.stop()
  })
})
