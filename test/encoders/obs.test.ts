import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import { type Bandstand, startBandstand, streamKey } from '../support/bandstand.ts'
import { gstPublish } from '../support/encoders.ts'
import { longOnly } from '../support/long.ts'
import { type Obs, obsPublish } from '../support/obs.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { ffprobe } from '../support/players.ts'
import { assertConforms, assertNear, decode, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'

/** Encoders that people have on their desks: nothing is typed into them but server and key. */
// They mostly wait, each for what it sends.
describe('OBS and GStreamer', { concurrency: true }, () => {
  let server: Bandstand
  let owner: Owner
  before(async () => {
    server = await startBandstand()
    owner = await signIn(server)
  })
  after(() => server?.stop())

  const size = { width: 640, height: 360, frameRate: 30 }

  async function live(channel: string, obs: Obs): Promise<string> {
    await waitLive(server, channel, 60_000).catch((error: unknown) => assert.fail(`${String(error)}\n${obs.log()}`))
    return (await getChannel(server, channel)).assetId ?? ''
  }

  const health = (channel: string) => owner.call<ChannelHealth>('GET', `/channels/${channel}/health`)

  it('OBS as it comes: key frames 250 apart play, and the studio says what to change', async () => {
    const obs = await obsPublish({ server: server.rtmp, key: streamKey, ...size, gop: 250, bitrate: 600 })
    try {
      const assetId = await live('main', obs)
      const url = `${server.http}/live/main/index.m3u8`
      // On a busy machine OBS leaves pictures out, on one that has no processor for it most of them.
      const watched = watchStarving()
      const most = () => (watched() > starving ? 0.2 : 2 / 3)
      const [decoded] = await Promise.all([decode(url, 9), assertConforms(url, 10, ['part-too-short'])])
      assert.equal(decoded.complaints, '')
      assert.ok(decoded.pictures > 270 * most() && decoded.pictures <= 282, `${decoded.pictures} pictures in 9 s`)
      // Before the second key frame the distance is known from what x264 writes about itself, or not yet.
      const { encoder, advice } = await waitFor(
        'the second key frame',
        async () => {
          const found = await health('main')
          return (found.encoder?.video?.keyFrameInterval ?? 0) > 8000 && found
        },
        60_000,
        300,
      )
      const distance = encoder?.video?.keyFrameInterval ?? 0
      const rate = encoder?.video?.frameRate ?? 0
      assert.ok(rate > 30 * most() && rate < 34, `${rate} pictures a second`)
      assert.deepEqual([encoder?.video?.width, encoder?.video?.height], [640, 360])
      assert.deepEqual([encoder?.audio?.sampleRate, encoder?.audio?.channels], [48_000, 2])
      assert.match(encoder?.encoder ?? '', /FMLE|obs/i)
      const far = advice.find(({ code }) => code === 'key-frames-far')
      const said = `only every ${(distance / 1000).toFixed(1)} s`
      assert.ok(far?.text.includes(said) && far.text.includes('Keyframe Interval to 2 s'), far?.text)
      await obs.stop()
      const asset = await waitEnded(server, assetId, 60_000)
      const file = await ffprobe(`${server.http}/vod/${assetId}/download.mp4`, ['-show_packets'])
      assertNear(Number(file.format.duration), (asset.duration ?? 0) / 1000, 0.15, 'duration of the download')
      assert.ok((asset.duration ?? 0) > 12_000)
      // 250 pictures later, and as much later than 8.3 s as pictures were left out.
      const video = file.streams.findIndex((stream) => stream.codec_type === 'video')
      const pictures = (file.packets ?? []).filter((packet) => packet.stream_index === video)
      const keys = pictures.flatMap(({ flags }, i) => (flags.startsWith('K') ? [i] : []))
      assert.deepEqual(keys.slice(0, 2), [0, 250])
      const times = keys.map((i) => Number(pictures[i]?.dts_time) * 1000)
      const distances = times.slice(1).map((time, i) => time - (times[i] ?? 0))
      assert.ok(
        distances.some((ms) => Math.abs(ms - distance) <= 20),
        `key-frame distance ${distance}, sent ${distances.join(', ')}`,
      )
      assert.equal((await decode(`${server.http}/vod/${assetId}/download.mp4`, 100)).complaints, '')
    } finally {
      await obs.stop()
    }
  })

  // The same encoder library with B-frames is tested with ffmpeg each time.
  it('OBS with key frames every 2 s and B-frames', longOnly, async () => {
    const key = await owner.createChannel('obs')
    const obs = await obsPublish({ server: server.rtmp, key, ...size, gop: 60, bitrate: 600, x264: 'bframes=2' })
    try {
      const assetId = await live('obs', obs)
      const url = `${server.http}/live/obs/index.m3u8`
      const [decoded] = await Promise.all([decode(url, 4), assertConforms(url, 6)])
      assert.equal(decoded.complaints, '')
      const { encoder, advice } = await health('obs')
      assertNear(encoder?.video?.keyFrameInterval, 2000, 60, 'key-frame distance')
      assert.equal(encoder?.video?.bFrames, true)
      assert.ok(advice.some(({ code }) => code === 'b-frames'))
      assert.ok(!advice.some(({ code }) => code === 'key-frames-far'))
      await obs.stop()
      await waitEnded(server, assetId)
      assert.equal((await decode(`${server.http}/vod/${assetId}/index.m3u8`, 100)).complaints, '')
    } finally {
      await obs.stop()
    }
  })

  it("GStreamer's rtmp2sink", async () => {
    const key = await owner.createChannel('gst')
    const encoder = gstPublish({ url: `${server.rtmp}/${key}`, ...size, seconds: 12 })
    const { variants } = await waitLive(server, 'gst')
    assert.deepEqual(variants[0]?.resolution, { width: 640, height: 360 })
    const { assetId } = await getChannel(server, 'gst')
    const url = `${server.http}/live/gst/index.m3u8`
    // While it certainly sends; a busy machine has it leave pictures out.
    const watched = watchStarving()
    const rate = waitFor('30 pictures a second', async () => {
      const found = (await health('gst')).encoder?.video?.frameRate ?? 0
      return found > (watched() > starving ? 6 : 27) && found <= 33 && found
    })
    // On a busy machine GStreamer leaves pictures out, and a part that would be too long with the next one stays too short.
    const [decoded] = await Promise.all([decode(url, 4), assertConforms(url, 6, ['part-too-short']), rate])
    assert.equal(decoded.complaints, '')
    await encoder.exited
    const asset = await waitEnded(server, assetId ?? '', 60_000)
    assertNear(asset.duration, 12_000, 300, 'duration')
    const file = await ffprobe(`${server.http}/vod/${assetId}/download.mp4`)
    assertNear(Number(file.format.duration), 12, 0.3, 'duration of the download')
  })
})
