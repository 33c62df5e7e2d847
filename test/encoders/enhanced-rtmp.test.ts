import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import type { Clip } from '@bandstand/engine/ingest/rtmp/clip.ts'
import { readEnhancedClip } from '@bandstand/engine/ingest/rtmp/enhanced-clip.ts'
import { publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'
import { printVideoTag } from '@bandstand/media/containers/flv/print-video-tag.ts'
import { parseVideoTag } from '@bandstand/media/containers/flv/video-tag.ts'
import { type Bandstand, ownAddresses, startBandstand, streamKey } from '../support/bandstand.ts'
import { encodeOnce } from '../support/encode-once.ts'
import { longOnly } from '../support/long.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { ffprobe } from '../support/players.ts'
import { assertConforms, decode, getChannel, waitLive } from '../support/published.ts'
import { waitFor } from '../support/wait.ts'

interface Case {
  readonly name: string
  /** ffmpeg's options for the pictures; none for sound alone. */
  readonly video?: readonly string[]
  readonly audio?: readonly string[]
  readonly pixels?: string
  /** As in CODECS. */
  readonly codecs: readonly RegExp[]
  /** As ffprobe calls them. */
  readonly names: readonly string[]
  /** Only with `npm run test:long`: others here have pictures and sound of the same kind. */
  readonly repeats?: boolean
}

const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-sc_threshold', '0']
const aac = ['-c:a', 'aac']
const opus = ['-c:a', 'libopus']
const hevc = ['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-x265-params', 'scenecut=0:log-level=error']
const av1 = ['-c:v', 'libsvtav1', '-preset', '12', '-svtav1-params', 'scd=0']
const vp9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k']

/**
 * There is no encoder here that speaks Enhanced RTMP: ffmpeg 5.1, OBS 29 and GStreamer 1.22 came before it. So ffmpeg encodes, and our own
 * publisher sends it with the tags of the specification.
 */
const cases: readonly Case[] = [
  { name: 'hevc-aac', video: hevc, audio: aac, codecs: [/^hvc1\.1\./, /^mp4a\.40\.2$/], names: ['hevc', 'aac'] },
  {
    name: 'hevc-ten-bits',
    video: [...hevc, '-profile:v', 'main10'],
    pixels: 'yuv420p10le',
    repeats: true,
    ...{ codecs: [/^hvc1\.2\./], names: ['hevc'] },
  },
  { name: 'av1-opus', video: av1, audio: opus, codecs: [/^av01\.0\./, /^opus$/i], names: ['av1', 'opus'] },
  { name: 'vp9-opus', video: vp9, audio: opus, codecs: [/^vp09\.00\./, /^opus$/i], names: ['vp9', 'opus'] },
  { name: 'opus-alone', audio: opus, codecs: [/^opus$/i], names: ['opus'] },
  { name: 'avc-aac', video: h264, audio: aac, codecs: [/^avc1\./, /^mp4a\.40\.2$/], names: ['h264', 'aac'] },
  {
    name: 'avc-opus',
    video: h264,
    audio: ['-c:a', 'libopus'],
    codecs: [/^avc1\./, /^opus$/i],
    names: ['h264', 'opus'],
    repeats: true,
  },
  {
    name: 'avc-opus-short',
    video: h264,
    audio: ['-c:a', 'libopus', '-frame_duration', '10'],
    ...{ codecs: [/^avc1\./, /^opus$/i], names: ['h264', 'opus'] },
  },
  {
    name: 'avc-opus-surround',
    video: h264,
    audio: ['-ac', '6', '-c:a', 'libopus', '-mapping_family', '1'],
    repeats: true,
    ...{ codecs: [/^avc1\./, /^opus$/i], names: ['h264', 'opus'] },
  },
  { name: 'avc-ac3', video: h264, audio: ['-c:a', 'ac3'], codecs: [/^avc1\./, /^ac-3$/], names: ['h264', 'ac3'] },
  { name: 'avc-eac3', video: h264, audio: ['-c:a', 'eac3'], codecs: [/^avc1\./, /^ec-3$/], names: ['h264', 'eac3'] },
  { name: 'avc-flac', video: h264, audio: ['-c:a', 'flac'], codecs: [/^avc1\./, /^fLaC$/i], names: ['h264', 'flac'] },
  {
    name: 'avc-mp3',
    video: h264,
    audio: ['-c:a', 'libmp3lame'],
    ...{ codecs: [/^avc1\./, /^mp4a\.(40\.34|69|6b)$/i], names: ['h264', 'mp3'] },
  },
]

/** Six seconds as fragmented MP4. */
async function encode(
  { video, audio, pixels = 'yuv420p' }: Pick<Case, 'video' | 'audio' | 'pixels'>,
  size = '320x180',
): Promise<Uint8Array> {
  const picture = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=30`]
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:beep_factor=4:sample_rate=48000']
  const folder = await encodeOnce([
    ...(video ? picture : []),
    ...(audio ? sound : []),
    ...['-t', '6', ...(video ? [...video, '-g', '60', '-keyint_min', '60', '-pix_fmt', pixels] : [])],
    ...(audio ? ['-ac', '2', ...audio] : []),
    ...['-strict', '-2', '-movflags', 'frag_keyframe+delay_moov+default_base_moof', 'clip.mp4'],
  ])
  return new Uint8Array(readFileSync(join(folder, 'clip.mp4')))
}

// They mostly wait for what is sent.
describe('Enhanced RTMP', { concurrency: 3 }, () => {
  let server: Bandstand
  let owner: Owner
  before(async () => {
    server = await startBandstand()
    owner = await signIn(server)
  })
  after(() => server?.stop())

  const publish = (key: string, clip: Clip) => {
    const { hostname, port } = new URL(server.rtmp.replace('rtmp:', 'http:'))
    return publishFlv({
      ...{ host: hostname, port: Number(port), app: 'live', key, clip },
      ...{ realtime: true, loop: true, enhanced: true },
    })
  }

  for (const setup of cases) {
    it(
      `${setup.name}: passes through, is signalled as what it is, and is read back by ffprobe`,
      setup.repeats === true ? longOnly : {},
      async () => {
        const key = await owner.createChannel(setup.name)
        const publisher = publish(key, readEnhancedClip(await encode(setup)))
        try {
          const { variants } = await waitLive(server, setup.name)
          const codecs = variants[0]?.codecs ?? []
          assert.equal(codecs.length, setup.codecs.length, codecs.join())
          for (const [i, codec] of codecs.entries()) assert.match(codec, setup.codecs[i] as RegExp)
          const live = `${server.http}/live/${setup.name}/index.m3u8`
          // Each reads for some seconds of its own.
          const [probed, decoded] = await Promise.all([
            ffprobe(live, ['-count_packets', '-read_intervals', '%+3']),
            setup.video && decode(live, 3),
            assertConforms(live, 4),
          ])
          assert.deepEqual(probed.streams.map(({ codec_name }) => codec_name).sort(), setup.names.toSorted())
          for (const { codec_name, nb_read_packets } of probed.streams) {
            assert.ok(Number(nb_read_packets) > 20, `${nb_read_packets} packets of ${codec_name}`)
          }
          if (decoded) {
            assert.ok(decoded.pictures >= 80, JSON.stringify(decoded))
            assert.equal(decoded.complaints, '')
          }
          const health = await owner.call<ChannelHealth>('GET', `/channels/${setup.name}/health`)
          assert.equal(health.encoder?.protocol, 'rtmp')
        } finally {
          await publisher.stop()
        }
      },
    )
  }

  it('HEVC with the number 12, as encoders sent it before there was Enhanced RTMP', async () => {
    const key = await owner.createChannel('hevc-12')
    const clip = readEnhancedClip(await encode({ video: hevc }))
    const classic = (body: Uint8Array) => {
      const [tag] = parseVideoTag(body)
      assert.ok((tag?.kind === 'config' || tag?.kind === 'frame') && tag.codec === 'hevc')
      return printVideoTag({ ...tag, codec: 'hevc' })
    }
    const tracks = clip.tracks.map((track) => ({
      ...track,
      header: classic(track.header),
      frames: track.frames.map((frame) => ({ ...frame, body: classic(frame.body) })),
    }))
    const publisher = publish(key, { metadata: undefined, tracks })
    const { variants } = await waitLive(server, 'hevc-12')
    assert.match(variants[0]?.codecs?.[0] ?? '', /^hvc1\./)
    const decoded = await decode(`${server.http}/live/hevc-12/index.m3u8`, 2)
    assert.ok(decoded.pictures >= 50, JSON.stringify(decoded))
    await publisher.stop()
  })

  it('a server that stops asks encoders that can to connect again, and they come back to the same broadcast', async (t) => {
    let stopped = await startBandstand(ownAddresses)
    t.after(() => stopped.stop())
    const addresses = { http: new URL(stopped.http).host, rtmp: new URL(stopped.rtmp).host }
    const clip = readEnhancedClip(await encode({ video: h264, audio: aac }))
    const { hostname, port } = new URL(stopped.rtmp.replace('rtmp:', 'http:'))
    const target = { host: hostname, port: Number(port), app: 'live', key: streamKey, clip, realtime: true, loop: true }
    const publisher = publishFlv({ ...target, enhanced: true })
    await waitLive(stopped, 'main')
    const { assetId } = await getChannel(stopped, 'main')
    assert.deepEqual(await stopped.kill('SIGTERM'), { code: 0, signal: null })
    const end = await publisher.ended
    assert.equal(end.how, 'reconnect')
    assert.match(end.text, /server is stopping/)
    stopped = await startBandstand({ data: stopped.data, ...addresses })
    try {
      const again = publishFlv({ ...target, enhanced: true })
      assert.equal(await again.publishing, true)
      await waitFor('the broadcast to go on', async () => (await getChannel(stopped, 'main')).live)
      assert.equal((await getChannel(stopped, 'main')).assetId, assetId)
      await again.stop()
    } finally {
      await stopped.stop()
    }
  })

  it('a codec that nobody carries is refused in words that say what to set', async () => {
    const key = await owner.createChannel('refused')
    const clip = readEnhancedClip(await encode({ video: h264 }))
    const [track] = clip.tracks
    assert.ok(track)
    // The FourCC of H.266 in place of that of H.264.
    const header = track.header.slice()
    header.set(Buffer.from('vvc1'), 1)
    const end = await publish(key, { metadata: undefined, tracks: [{ ...track, header }] }).ended
    assert.equal(end.how, 'refused')
    assert.match(end.text, /H\.266.*not supported.*H\.264/)
    await waitFor('the line of the log', () => server.log().some(({ text }) => String(text).includes('H.266')))
  })
})
