import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import { type Bandstand, startBandstand, streamKey } from '../support/bandstand.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { type Obs, obsPublish } from '../support/obs.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { ffprobe } from '../support/players.ts'
import type { Running } from '../support/process.ts'
import { assertConforms, assertNear, decode, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { gstSrtPublish, liveTransmit, patientLatency, patientOptions } from '../support/srt.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'

/** Encoders that call by SRT, with nothing but an address and a key. */
describe('SRT', { concurrency: true }, () => {
  let server: Bandstand
  let owner: Owner
  before(async () => {
    server = await startBandstand()
    owner = await signIn(server)
  })
  after(() => server?.stop())

  const address = (key: string, more = '') => `srt://${server.srt}?streamid=publish:${key}${more}`
  const health = (channel: string) => owner.call<ChannelHealth>('GET', `/channels/${channel}/health`)

  /** The channel plays, the studio knows how it comes, and the replay is whole when the encoder has ended by itself. */
  async function follow(channel: string, encoder: Running, seconds: number, tolerance: number): Promise<void> {
    const { variants } = await waitLive(server, channel, 60_000, ({ variants: [first] }) => {
      return first?.resolution !== undefined && first.codecs?.length === 2
    }).catch((error: unknown) => assert.fail(`${String(error)}\n${encoder.output()}`))
    assert.deepEqual(variants[0]?.resolution, { width: 640, height: 360 })
    assert.match(variants[0]?.codecs?.join() ?? '', /^avc1\..*,mp4a\.40\.2$/)
    const { assetId } = await getChannel(server, channel)
    const url = `${server.http}/live/${channel}/index.m3u8`
    const watched = watchStarving()
    // On one machine: what is longer is how long somebody waited for a processor.
    const isShort = (roundTrip: number) => roundTrip < 100 || watched() > starving
    const told = waitFor('the line in the studio', async () => {
      const found = await health(channel)
      const { packets = 0, roundTrip = 0 } = found.encoder?.line ?? {}
      return packets > 50 && isShort(roundTrip) && found
    })
    const [decoded, , { encoder: facts }] = await Promise.all([
      decode(url, 4),
      assertConforms(url, 5, ['part-too-short']),
      told,
    ])
    assert.equal(decoded.complaints, '')
    assert.equal(facts?.protocol, 'srt')
    assert.match(facts?.encoder ?? '', /^SRT 1\.\d\.\d/)
    assert.equal(facts?.malformedUnits, 0)
    assert.equal(facts?.line?.latency, patientLatency)
    assert.equal(facts?.line?.dropped, 0)
    await encoder.exited
    const asset = await waitEnded(server, assetId ?? '', 60_000)
    // An encoder that has no processor when it connects leaves out what it could not send: up to a key frame.
    const late = watched() > starving ? 2_000 : 0
    assertNear(asset.duration, seconds * 1000 - late / 2, tolerance + late / 2, 'duration')
    const file = await ffprobe(`${server.http}/vod/${asset.id}/download.mp4`)
    assertNear(Number(file.format.duration), (asset.duration ?? 0) / 1000, tolerance / 1000, 'duration of the download')
    assert.equal((await decode(`${server.http}/vod/${asset.id}/index.m3u8`, 100)).complaints, '')
  }

  it('ffmpeg', async () => {
    const key = await owner.createChannel('ffmpeg')
    const encoder = ffmpegPublish({ url: address(key, `&${patientOptions}&pkt_size=1316`), seconds: 14 })
    await follow('ffmpeg', encoder, 14, 300)
    assert.ok(server.log().some(({ msg, channel }) => msg === 'srt: encoder unpublished' && channel === 'ffmpeg'))
  })

  it('srt-live-transmit, with the stream id in the form of access control', async () => {
    const key = await owner.createChannel('transmit')
    const url = `srt://${server.srt}?streamid=#!::m=publish,s=${key}&latency=${patientLatency}`
    await follow('transmit', liveTransmit({ url, seconds: 14 }), 14, 500)
  })

  it("GStreamer's srtsink", async () => {
    const key = await owner.createChannel('gst')
    await follow('gst', gstSrtPublish({ url: address(key, `&latency=${patientLatency}`), seconds: 14 }), 14, 500)
  })

  it('OBS', async () => {
    const obs: Obs = await obsPublish({
      server: address(streamKey, `&latency=${patientLatency * 1000}`),
      key: '',
      width: 640,
      height: 360,
      bitrate: 600,
    })
    try {
      await waitLive(server, 'main', 60_000).catch((error: unknown) => assert.fail(`${String(error)}\n${obs.log()}`))
      const url = `${server.http}/live/main/index.m3u8`
      const [decoded] = await Promise.all([decode(url, 4), assertConforms(url, 6, ['part-too-short'])])
      assert.equal(decoded.complaints, '')
      const { encoder } = await health('main')
      assert.equal(encoder?.protocol, 'srt')
      assert.deepEqual([encoder?.audio?.sampleRate, encoder?.audio?.channels], [48_000, 2])
      assert.equal(encoder?.malformedUnits, 0)
      const { assetId } = await getChannel(server, 'main')
      await obs.stop()
      await waitEnded(server, assetId ?? '', 60_000)
    } finally {
      await obs.stop()
    }
  })

  it('an encoder that is killed is lost, and its broadcast goes on when it comes again', async () => {
    const key = await owner.createChannel('lost')
    const url = address(key, `&${patientOptions}`)
    const first = ffmpegPublish({ url })
    await waitLive(server, 'lost', 60_000)
    const { assetId } = await getChannel(server, 'lost')
    await first.stop('SIGKILL')
    const second = ffmpegPublish({ url, seconds: 6 })
    await second.exited
    const asset = await waitEnded(server, assetId ?? '', 60_000)
    assert.equal(asset.id, assetId)
    assert.equal((await decode(`${server.http}/vod/${asset.id}/index.m3u8`, 100)).complaints, '')
  })
})
