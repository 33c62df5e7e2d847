import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import type { MultivariantPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { ffmpegPublish, type PublishOptions } from '../support/encoders.ts'
import { isLong } from '../support/long.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { ffprobe } from '../support/players.ts'
import { assertConforms, assertNear, decode, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { stopwatch, waitFor } from '../support/wait.ts'

interface Case extends Omit<PublishOptions, 'url' | 'seconds'> {
  readonly name: string
  /** What is expected where it does not follow from the options. */
  readonly channels?: number
  /** Seconds between key frames. */
  readonly keyFrames: number
  readonly advice?: readonly string[]
}

const small = { width: 320, height: 180, bitrate: 300 }
const seconds = isLong ? 60 : 14

const cases: readonly Case[] = [
  { ...small, name: 'plain', keyFrames: 2 },
  { ...small, name: 'b-frames', bFrames: 3, keyFrames: 2, advice: ['b-frames'] },
  { ...small, name: 'fps-60', frameRate: 60, gop: 120, keyFrames: 2 },
  {
    ...small,
    ...{ name: 'ntsc-film', frameRate: 24_000 / 1001, gop: 48, keyFrames: 2.002 },
    extra: ['-r', '24000/1001'],
  },
  { ...small, name: 'fps-12', frameRate: 12, gop: 24, keyFrames: 2, advice: ['frame-rate-low'] },
  {
    ...small,
    ...{ name: 'mono-44k', sampleRate: 44_100, channels: 1, keyFrames: 2 },
    extra: ['-ac', '1', '-ar', '44100'],
  },
  { ...small, name: 'surround', channels: 6, keyFrames: 2, extra: ['-ac', '6', '-b:a', '256k'] },
  { ...small, name: 'odd-rate', sampleRate: 22_050, keyFrames: 2, extra: ['-ar', '22050'], advice: ['audio-rate-odd'] },
  { ...small, name: 'silent-film', audio: false, keyFrames: 2, advice: ['no-audio'] },
]

describe('ffmpeg, with nothing but server and key', { concurrency: true }, () => {
  let server: Bandstand
  let owner: Owner
  before(async () => {
    server = await startBandstand()
    owner = await signIn(server)
  })
  after(() => server?.stop())

  // All at once: a server has more than one channel, and it takes no longer than one of them.
  for (const setup of cases) it(setup.name, () => publish(setup))

  it('radio: sound alone is a stream of its own', async () => {
    const key = await owner.createChannel('radio')
    const encoder = ffmpegPublish({ url: `${server.rtmp}/${key}`, video: false, seconds })
    const { variants, renditions } = await waitLive(server, 'radio')
    assert.deepEqual(variants[0]?.codecs, ['mp4a.40.2'])
    assert.equal(variants[0]?.resolution, undefined)
    assert.equal(renditions.length, 0)
    const { assetId } = await getChannel(server, 'radio')
    const url = `${server.http}/live/radio/index.m3u8`
    const [probed] = await Promise.all([ffprobe(url), assertConforms(url, 5)])
    assert.deepEqual(
      probed.streams.map((stream) => stream.codec_type),
      ['audio'],
    )
    await encoder.exited
    const asset = await waitEnded(server, assetId ?? '')
    assertNear(asset.duration, seconds * 1000, 200, 'duration')
    const file = await ffprobe(`${server.http}/vod/${asset.id}/download.mp4`)
    assertNear(Number(file.format.duration), seconds, 0.2, 'duration of the download')
  })

  async function publish(setup: Case): Promise<void> {
    const { name, channels = 2, keyFrames, audio = true, frameRate = 30, sampleRate = 48_000, bitrate = 0 } = setup
    const key = await owner.createChannel(name)
    const sending = stopwatch()
    const encoder = ffmpegPublish({ ...setup, url: `${server.rtmp}/${key}`, seconds })
    // Where ffmpeg or the server stands for a second between the first picture and the first sound, one of them joins later.
    const isWhole = ({ variants: [first] }: MultivariantPlaylist) =>
      first?.resolution !== undefined && first.codecs?.length === (audio ? 2 : 1)
    const { variants, renditions } = await waitLive(server, name, 60_000, isWhole)
    const { assetId } = await getChannel(server, name)
    const live = `${server.http}/live/${name}/index.m3u8`
    const replay = `${server.http}/vod/${assetId}/index.m3u8`

    const [variant] = variants
    assert.equal(variants.length, 1)
    assert.deepEqual(variant?.resolution, { width: 320, height: 180 })
    assertNear(variant?.frameRate, frameRate, 0.05, 'FRAME-RATE')
    assert.match(variant?.codecs?.[0] ?? '', /^avc1\.[0-9a-f]{6}$/)
    assert.deepEqual(variant?.codecs?.slice(1), audio ? ['mp4a.40.2'] : [])
    assert.deepEqual(
      renditions.map((rendition) => rendition.channels),
      audio ? [String(channels)] : [],
    )

    // A second of media must be closed before there is something to decode.
    await waitFor('a segment of the replay', async () => (await fetch(replay)).ok)
    const [probed, decoded, event, , health] = await Promise.all([
      ffprobe(live),
      decode(live, 4),
      decode(replay, 2),
      assertConforms(live, 6),
      // While it certainly sends: a busy machine decodes for longer than the encoder runs, and may get here late.
      sleep(Math.max(0, 10 - sending()) * 1_000).then(() =>
        owner.call<ChannelHealth>('GET', `/channels/${name}/health`),
      ),
    ])
    const video = probed.streams.find((stream) => stream.codec_type === 'video') as Record<string, unknown> | undefined
    const sound = probed.streams.find((stream) => stream.codec_type === 'audio') as Record<string, unknown> | undefined
    assert.equal(video?.['codec_name'], 'h264')
    assert.deepEqual([video?.['width'], video?.['height']], [320, 180])
    assert.equal(variant?.codecs?.[0]?.slice(-2), Number(video?.['level']).toString(16).padStart(2, '0'))
    if (audio) assert.deepEqual([Number(sound?.['sample_rate']), sound?.['channels']], [sampleRate, channels])
    else assert.equal(sound, undefined)
    assert.equal(decoded.complaints, '')
    assertNear(decoded.pictures, 4 * frameRate, frameRate / 4 + 2, 'pictures decoded live')
    assert.equal(event.complaints, '')

    const { encoder: facts } = health
    assert.equal(health.connected, true)
    assert.equal(facts?.protocol, 'rtmp')
    assert.match(facts?.encoder ?? '', /Lavf/)
    assert.equal(facts?.video?.codec, variant?.codecs?.[0])
    assert.deepEqual([facts?.video?.width, facts?.video?.height], [320, 180])
    assertNear(facts?.video?.frameRate, frameRate, 0.6, 'measured frame rate')
    assertNear(facts?.video?.keyFrameInterval, keyFrames * 1000, 60, 'key-frame distance')
    assert.equal(facts?.video?.bFrames, (setup.bFrames ?? 0) > 0)
    assert.ok((facts?.video?.bitrate ?? 0) > bitrate * 200 && (facts?.video?.bitrate ?? 0) < bitrate * 1600)
    if (audio) assert.deepEqual([facts?.audio?.sampleRate, facts?.audio?.channels], [sampleRate, channels])
    else assert.equal(facts?.audio, null)
    assert.equal(facts?.timestampJumps, 0)
    assert.deepEqual(
      health.advice
        .map(({ code }) => code)
        .filter((code) => !/bitrate/.test(code))
        .sort(),
      [
        ...(setup.advice ?? []),
        ...(setup.advice === undefined && health.advice.every(({ code }) => code === 'fine') ? ['fine'] : []),
      ],
    )

    assert.equal((await encoder.exited).code, 0)
    const asset = await waitEnded(server, assetId ?? '')
    assertNear(asset.duration, seconds * 1000, 150, 'duration')
    const whole = await decode(replay, seconds + 10)
    assert.deepEqual(whole, { pictures: Math.round(seconds * frameRate), complaints: '' })
    const file = await ffprobe(`${server.http}/vod/${assetId}/download.mp4`)
    assert.equal(file.warnings, '')
    assertNear(Number(file.format.duration), seconds, 0.15, 'duration of the download')
    const downloaded = await decode(`${server.http}/vod/${assetId}/download.mp4`, seconds + 10)
    assert.deepEqual(downloaded, { pictures: Math.round(seconds * frameRate), complaints: '' })
    await assertConforms(replay, 1)
  }
})
