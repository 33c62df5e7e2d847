import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { channelMaker, type TestChannel } from '../support/channels.ts'
import { longOnly } from '../support/long.ts'
import { ffprobe } from '../support/players.ts'
import { judgeLive, judgeReplay, type Replay } from '../support/replay.ts'
import { clip, ffmpeg, watch } from '../support/scene.ts'
import { stopwatch, waitFor } from '../support/wait.ts'

/** What encoders send, the odd and the broken too: the live playlist stays right and the replay decodes without a complaint. */

let server: Bandstand
let make: (slug: string) => Promise<TestChannel>

before(async () => {
  server = await startBandstand()
  make = await channelMaker(server)
})
after(() => server.stop())

/** Publishes with our own publisher, disturbs it, and gives the replay. */
async function disturbed(
  t: TestContext,
  slug: string,
  disturb: (publisher: ReturnType<typeof clip>) => Promise<void>,
  /** Seconds that the replay has at least. */
  least: number,
): Promise<Replay> {
  const channel = await make(slug)
  const watcher = watch(t, server, channel)
  const sending = stopwatch()
  const publisher = clip(t, channel.publishUrl)
  const assetId = await channel.live()
  await sleep(2_500)
  await disturb(publisher)
  await sleep(2_500)
  await publisher.stop()
  const most = sending() + 0.7
  await channel.offline()
  const replay = await judgeReplay(server.http, assetId, { seconds: [least, most] })
  await watcher.again()
  await watcher.stop()
  assert.deepEqual(watcher.problems, [])
  return replay
}

describe('encoders that send the odd and the broken', { concurrency: true }, () => {
  describe('timestamps', { concurrency: true }, () => {
    for (const ms of [500, -500]) {
      test(`a jump by ${ms} ms is smoothed`, ms > 0 ? {} : longOnly, async (t) => {
        const replay = await disturbed(t, `jump${ms}`, async (p) => p.jump(ms), 3.5)
        assert.equal(replay.discontinuities, 0)
      })
    }
    for (const ms of [3_000, -3_000, 3_600_000, -3_600_000]) {
      test(
        `a jump by ${ms} ms begins an epoch, and time does not jump`,
        ms === 3_000 || ms === -3_600_000 ? {} : longOnly,
        async (t) => {
          const jump = async (p: ReturnType<typeof clip>) => {
            // Timestamps are not below zero: what is to go back has to be ahead first.
            if (ms < 0) {
              p.jump(-ms)
              await sleep(3_000)
            }
            p.jump(ms)
          }
          const replay = await disturbed(t, `jump${ms}`, jump, ms < 0 ? 5 : 3)
          assert.equal(replay.discontinuities, ms < 0 ? 2 : 1)
        },
      )
    }
    test('a stalled link that delivers everything late loses nothing', async (t) => {
      const replay = await disturbed(
        t,
        'stall',
        async (p) => {
          p.stall(1_500)
          await sleep(1_500)
        },
        6,
      )
      assert.equal(replay.discontinuities, 0)
    })
  })

  /** Publishes with ffmpeg for some seconds while our own check looks on, and gives the asset's replay. */
  async function encoded(
    t: TestContext,
    slug: string,
    options: Parameters<typeof ffmpeg>[2],
    { seconds, watched = 4 }: { readonly seconds: number; readonly watched?: number },
  ): Promise<{ readonly assetId: string; readonly replay: Replay; readonly multivariants: readonly string[] }> {
    const channel = await make(slug)
    const watcher = watch(t, server, channel)
    const encoder = ffmpeg(t, channel.publishUrl, { seconds, ...options })
    const assetId = await channel.live()
    await sleep(1_000)
    await judgeLive(server.http, slug, watched)
    const { code } = await encoder.exited
    assert.equal(code, 0, encoder.output())
    await channel.offline()
    const replay = await judgeReplay(server.http, assetId, { seconds: [seconds - 1, seconds + 0.5] })
    await watcher.stop()
    assert.deepEqual(watcher.problems, [])
    return { assetId, replay, multivariants: watcher.multivariants }
  }

  describe('material', { concurrency: true }, () => {
    test('sound alone', async (t) => {
      const { replay } = await encoded(t, 'sound', { video: false }, { seconds: 8 })
      assert.deepEqual([...replay.segments.keys()], ['a2'])
    })

    test('pictures alone', async (t) => {
      const { replay } = await encoded(t, 'pictures', { audio: false }, { seconds: 8 })
      assert.deepEqual([...replay.segments.keys()], ['v1'])
    })

    test('B-frames', async (t) => {
      const { assetId } = await encoded(t, 'bframes', { bFrames: 2 }, { seconds: 8 })
      const probed = await ffprobe(`${server.http}/vod/${assetId}/download.mp4`, ['-show_packets'])
      const times = (probed.packets ?? []).filter((p) => p.stream_index === 0)
      assert.ok(times.some((p) => p.pts_time !== p.dts_time))
    })

    test('a frame rate that varies, and pictures that stand for longer than a part: each is shown for as long as it was sent', async (t) => {
      // A second of all 25 pictures, one of every second, and one that begins with two thirds of a second of none.
      const drop = "select='lt(mod(n,75),25)+lt(mod(n,75),50)*not(mod(mod(n,75),2))+gte(mod(n,75),65)'"
      const isSent = (n: number) => n % 75 < 25 || (n % 75 < 50 && (n % 75) % 2 === 0) || n % 75 >= 65
      const extra = ['-vf', drop, '-vsync', 'vfr']
      const { assetId } = await encoded(t, 'varying', { bFrames: 2, extra }, { seconds: 9 })
      const probed = await ffprobe(`${server.http}/vod/${assetId}/download.mp4`, ['-show_packets'])
      const packets = (probed.packets ?? []).filter((p) => p.stream_index === 0)
      const times = packets.map((p) => Number(p.pts_time)).sort((a, b) => a - b)
      const sent = Array.from({ length: 9 * 25 }, (_, n) => n).filter(isSent)
      const distances = (of: readonly number[]) => of.slice(1).map((time, i) => time - (of[i] ?? 0))
      assert.deepEqual(
        distances(times).map((seconds) => Math.round(seconds * 25)),
        distances(sent),
      )
    })

    for (const distance of [8.3, 10]) {
      test(`key frames ${distance} s apart`, distance < 10 ? {} : longOnly, async (t) => {
        const gop = Math.round(distance * 25)
        await encoded(t, `gop${gop}`, { gop }, { seconds: 21, watched: 12 })
      })
    }
  })

  describe('changes while live', { concurrency: true }, () => {
    test('sound that starts 5 s late joins: a new generation of the multivariant playlist', async (t) => {
      const channel = await make('late')
      const watcher = watch(t, server, channel)
      const inputs = [
        ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25'],
        ...['-itsoffset', '5', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'],
      ]
      const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '50', '-c:a', 'aac']
      const encoder = ffmpeg(t, channel.publishUrl, {
        video: false,
        audio: false,
        extra: [...inputs, ...codecs, '-pix_fmt', 'yuv420p', '-t', '12'],
      })
      const assetId = await channel.live()
      const multivariant = async () => (await fetch(`${server.http}/live/${channel.slug}/index.m3u8`)).text()
      await waitFor('the sound', async () => (await multivariant()).includes('a2/index.m3u8'))
      await encoder.exited
      await channel.offline()
      await judgeReplay(server.http, assetId, { seconds: [10, 13] })
      await watcher.stop()
      assert.deepEqual(watcher.problems, [])
      assert.match(watcher.multivariants.at(-1) ?? '', /a2\/index\.m3u8/)
    })

    test('an encoder with another size takes over: an epoch, another configuration, one replay', async (t) => {
      const channel = await make('sizes')
      const watcher = watch(t, server, channel)
      const sending = stopwatch()
      const first = ffmpeg(t, channel.publishUrl)
      const assetId = await channel.live()
      await sleep(3_000)
      const second = ffmpeg(t, channel.publishUrl, { width: 480, height: 270, sampleRate: 44_100 })
      await waitFor('the first encoder to end', () => !first.running())
      await sleep(4_000)
      // CODECS names what is sent now: players choose decoders by it, and start there. Segments from before are still listed.
      await judgeLive(server.http, channel.slug, 3, ['codecs-wrong'])
      await second.stop('SIGINT')
      const most = sending() + 0.7
      await channel.offline()
      const replay = await judgeReplay(server.http, assetId, { seconds: [6, most] })
      assert.equal(replay.discontinuities, 1)
      await watcher.stop()
      assert.deepEqual(watcher.problems, [])
      assert.match(watcher.multivariants.at(-1) ?? '', /RESOLUTION=480x270/)
    })
  })
})
