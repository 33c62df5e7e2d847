import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import type { LadderSettings } from '@bandstand/contract/api/ladder.ts'
import type { MediaPlaylist, MediaSegment } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { ffmpegPublish, type PublishOptions } from '../support/encoders.ts'
import { type Owner, signIn } from '../support/owner.ts'
import type { Running } from '../support/process.ts'
import { assertConforms, decode, getChannel, waitLive } from '../support/published.ts'
import { waitFor } from '../support/wait.ts'

const rungs = [
  { height: 360, bitrate: 400_000, frameRate: 30 },
  { height: 180, bitrate: 200_000, frameRate: 30 },
]
const settings: LadderSettings = { mode: 'on-demand', encoder: 'x264', preset: 'superfast', rungs }

describe('the ladder', () => {
  let server: Bandstand
  let owner: Owner
  before(async () => {
    server = await startBandstand({ ffmpeg: true })
    owner = await signIn(server)
  })
  after(() => server?.stop())
  const encoders: Running[] = []
  afterEach(async () => {
    await Promise.all(encoders.splice(0).map((encoder) => encoder.stop('SIGINT')))
    await waitFor('every ladder to end', () => children().length === 0)
  })

  async function publish(slug: string, change: Partial<LadderSettings>, options: Partial<PublishOptions> = {}) {
    const key = await owner.createChannel(slug)
    await owner.call('PUT', `/channels/${slug}/ladder`, { ...settings, ...change })
    const size = { width: 854, height: 480, bitrate: 700 }
    const begin = (more: Partial<PublishOptions> = {}) => {
      const encoder = ffmpegPublish({ ...size, ...options, ...more, url: `${server.rtmp}/${key}` })
      encoders.push(encoder)
      return encoder
    }
    return { first: begin(), begin }
  }

  /** Addresses of the variants' playlists by height of their picture. */
  async function variants(slug: string): Promise<Map<number, string>> {
    const { variants: found } = await waitLive(server, slug)
    const base = `${server.http}/live/${slug}/index.m3u8`
    return new Map(found.map(({ resolution, uri }) => [resolution?.height ?? 0, new URL(uri, base).href]))
  }

  /** Waits until so many variants are listed. */
  const waitVariants = (slug: string, count: number) =>
    waitFor(`${count} variants`, async () => {
      const found = await variants(slug)
      return found.size === count && found
    })

  async function playlist(url: string): Promise<MediaPlaylist> {
    const answer = await fetch(url)
    const text = await answer.text()
    const parsed = answer.ok ? parsePlaylist(text) : undefined
    if (parsed?.kind !== 'media') throw new Error(`${url}: ${answer.status} ${text}`)
    return parsed.playlist
  }

  const health = async (slug: string) => (await owner.call<ChannelHealth>('GET', `/channels/${slug}/health`)).encoder

  const numbered = ({ mediaSequence, segments }: MediaPlaylist) =>
    new Map(segments.map((segment, i) => [mediaSequence + i, segment]))
  const facts = ({ duration, programDateTime, discontinuity }: MediaSegment) => ({
    duration,
    programDateTime,
    discontinuity,
  })

  /** Every segment that rung and source list both begins, ends and is numbered alike. @returns those with media */
  async function assertAligned(source: string, rung: string): Promise<number> {
    const theirs = numbered(await playlist(rung))
    const ours = numbered(await playlist(source))
    const shared = [...theirs].filter(([msn]) => ours.has(msn))
    for (const [msn, segment] of shared) {
      const other = ours.get(msn)
      if (!segment.gap && other?.gap === false) assert.deepEqual(facts(segment), facts(other), `segment ${msn}`)
    }
    return shared.filter(([, segment]) => !segment.gap).length
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

  /** Processes of ffmpeg that the server has started. */
  function children(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const status = readFileSync(`/proc/${pid}/status`, 'utf8')
          return status.includes(`PPid:\t${server.pid}\n`) && status.startsWith('Name:\tffmpeg')
        } catch {
          return false
        }
      })
      .map(Number)
  }

  for (const [name, options] of [
    ['B-frames', { bFrames: 2 }],
    ['59.94 frames a second', { extra: ['-r', '60000/1001'], gop: 120 }],
    ['23.976 frames a second and an odd size', { extra: ['-r', '24000/1001'], gop: 48, width: 870, height: 486 }],
    ['key frames 4 s apart', { gop: 120 }],
  ] as const) {
    it(`always on, ${name}: rungs are cut as the source, conform and play`, async () => {
      const slug = `always-${name
        .toLowerCase()
        .slice(0, 8)
        .replaceAll(/[^a-z0-9]+/g, '-')}1`
      await publish(slug, { mode: 'always' }, options)
      const found = await waitVariants(slug, 3)
      const [source = '', ...others] = found.values()
      assert.deepEqual([...found.keys()].slice(1), [360, 180])
      for (const rung of others) {
        await waitMedia(rung, 3)
        assert((await assertAligned(source, rung)) >= 3)
      }
      for (const [height, url] of found) {
        const { pictures, complaints } = await decode(url, 3)
        assert.equal(complaints, '', `${height}p`)
        assert(pictures > 60, `${height}p: ${pictures} pictures`)
      }
      await assertConforms(`${server.http}/live/${slug}/index.m3u8`, 8)
      const ladder = (await health(slug))?.ladder
      assert.deepEqual([ladder?.state, ladder?.encoder, ladder?.restarts], ['running', 'x264', 0])
    })
  }

  it('on demand: nothing is encoded before somebody asks, and then at once', async () => {
    await publish('asked', {}, {})
    const [source = '', rung = ''] = (await waitVariants('asked', 3)).values()
    await waitMedia(source, 3)
    assert.equal((await health('asked'))?.ladder?.state, 'waiting')
    const { segments, trailingParts } = await playlist(rung)
    const isThere = segments.at(-1)?.gap === false || trailingParts.some(({ gap }) => !gap)
    assert(isThere, 'the first answer has media at its end')
    assert(
      segments.some(({ gap }) => gap),
      'and gaps before it',
    )
    await waitMedia(rung, 3)
    assert((await assertAligned(source, rung)) >= 3)
  })

  it('ffmpeg that is killed or stopped is back soon, and the source plays on meanwhile', async () => {
    await publish('struck', { mode: 'always' })
    const [source = '', rung = ''] = (await waitVariants('struck', 3)).values()
    await waitMedia(rung, 2)
    for (const [i, signal] of (['SIGKILL', 'SIGSTOP'] as const).entries()) {
      const before = numbered(await playlist(source))
      const [pid] = children()
      assert.ok(pid !== undefined)
      process.kill(pid, signal)
      await waitFor('another ffmpeg', () => !children().includes(pid) && children().length === 1, 10_000)
      await waitFor('the restart to be told', async () => (await health('struck'))?.ladder?.restarts === i + 1)
      await waitMedia(rung, 2)
      await assertAligned(source, rung)
      const { mediaSequence, segments } = await playlist(source)
      const missing = segments.filter((segment, at) => segment.gap && !before.has(mediaSequence + at))
      assert.deepEqual(missing, [], `the source after ${signal}`)
    }
    await assertConforms(`${server.http}/live/struck/index.m3u8`, 8)
  })

  it('an encoder that comes back with another size gets the rungs that are below it', async () => {
    const { first, begin } = await publish('changed', { mode: 'always' })
    const before = await waitVariants('changed', 3)
    await waitMedia([...before.values()][1] ?? '', 2)
    const { generation } = await getChannel(server, 'changed')
    await first.stop('SIGKILL')
    begin({ width: 480, height: 270 })
    const now = await waitVariants('changed', 2)
    assert.deepEqual([...now.keys()], [270, 180])
    assert((await getChannel(server, 'changed')).generation > generation)
    const [source = '', rung = ''] = now.values()
    assert.equal(rung, before.get(180))
    await waitMedia(rung, 2)
    await assertAligned(source, rung)
    await assertConforms(`${server.http}/live/changed/index.m3u8`, 8)
  })

  it('sound alone, a small picture and a ladder that is switched off have no rungs', async () => {
    for (const [slug, change, options] of [
      ['sound', { mode: 'always' }, { video: false }],
      ['small', { mode: 'always' }, { width: 320, height: 180 }],
      ['off', { mode: 'off' }, {}],
    ] as const) {
      await publish(slug, change, options)
      await waitLive(server, slug)
      await sleep(1_000)
      assert.equal((await variants(slug)).size, 1, slug)
    }
  })

  it('no ffmpeg on the machine: everything but the ladder works', async () => {
    const bare = await startBandstand({ ffmpeg: true, args: ['--ffmpeg', '/nowhere/ffmpeg'] })
    const encoder = ffmpegPublish({ url: bare.publishUrl, width: 854, height: 480 })
    const { variants: found } = await waitLive(bare, 'main')
    assert.equal(found.length, 1)
    const ladder = await (await signIn(bare)).call<{ encoders: { works: boolean }[] }>('GET', '/ladder/encoders')
    assert(ladder.encoders.every(({ works }) => !works))
    await encoder.stop('SIGINT')
    await bare.stop()
  })
})
