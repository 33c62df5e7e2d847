import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Bandstand, startBandstand, streamKey } from '../support/bandstand.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { ffprobe, vlcPlay } from '../support/players.ts'
import { type Running, start } from '../support/process.ts'
import { findProgram } from '../support/programs.ts'
import { decode, getChannel, waitLive } from '../support/published.ts'
import { patientOptions } from '../support/srt.ts'
import { waitFor } from '../support/wait.ts'

/** Players and servers that read a channel by SRT while an encoder sends it by RTMP. */
describe('reading by SRT', { concurrency: true }, () => {
  let server: Bandstand
  let encoder: Running
  before(async () => {
    server = await startBandstand({ args: ['--log-level', 'debug'] })
    encoder = ffmpegPublish({ url: server.publishUrl })
    await waitLive(server, 'main', 60_000)
  })
  after(async () => {
    await encoder?.stop('SIGKILL')
    await server?.stop()
  })

  const address = (streamId: string, more = '') => `srt://${server.srt}?streamid=${streamId}${more}`
  /** libsrt gives up after 3 s, in which a busy machine may not have answered: ffmpeg can be told to wait. */
  const patient = (streamId: string, more = '') => address(streamId, `${more}&connect_timeout=20000`)

  it('ffprobe finds picture and sound', async () => {
    const { streams, format } = await ffprobe(patient('read:main'), ['-analyzeduration', '3000000'])
    assert.equal(format.format_name, 'mpegts')
    const video = streams.find(({ codec_type }) => codec_type === 'video')
    assert.deepEqual([video?.codec_name, video?.width, video?.height], ['h264', 640, 360])
    assert.equal(streams.find(({ codec_type }) => codec_type === 'audio')?.codec_name, 'aac')
  })

  it('ffmpeg decodes it without a complaint, and counts as a viewer', async () => {
    const [decoded] = await Promise.all([
      decode(patient('#!::m=request,r=main', `&${patientOptions}`), 8),
      waitFor('a viewer', async () => ((await getChannel(server, 'main')).viewers ?? 0) > 0),
    ])
    assert.equal(decoded.complaints, '')
    assert.ok(decoded.pictures >= 225 && decoded.pictures <= 245, `${decoded.pictures} pictures in 8 s`)
  })

  it('ffplay plays it', async () => {
    const args = ['-nodisp', '-autoexit', '-v', 'info', '-stats', '-t', '5', patient('read:main')]
    const player = start(findProgram('ffplay'), args, {
      env: { SDL_AUDIODRIVER: 'dummy', SDL_VIDEODRIVER: 'dummy' },
      limit: 60_000,
    })
    await waitFor(
      'ffplay to show the stream',
      () => /Video: h264/.test(player.output()) && /Audio: aac/.test(player.output()),
      40_000,
    )
    await player.stop('SIGTERM')
  })

  it('VLC shows its pictures', async () => {
    const { shown, log } = await vlcPlay(address('read:main'), 60, 40_000)
    assert.ok(shown >= 60, `${shown} pictures\n${log}`)
  })

  it('srt-live-transmit hands it on, and the log says who came and went where it is wanted', async () => {
    const args = ['-q', '-a:no', address('read:main'), 'file://con']
    const reader = start(findProgram('srt-live-transmit'), args, { limit: 60_000 })
    await waitFor('its line in the log', () =>
      server.log().some(({ msg, player }) => msg === 'srt: reader connected' && String(player).startsWith('SRT 1.')),
    )
    await waitFor('a transport stream', () => reader.stdout().length > 100_000, 40_000)
    await reader.stop('SIGTERM')
    await waitFor('its end in the log', () => server.log().some(({ msg }) => msg === 'srt: reader gone'))
  })

  it('another server takes it as its input', async () => {
    const relay = start(
      findProgram('ffmpeg'),
      ['-v', 'warning', '-i', patient('read:main'), '-c', 'copy', '-t', '4', '-f', 'null', '-'],
      { limit: 60_000 },
    )
    assert.equal((await relay.exited).code, 0, relay.output())
  })

  it('the key of the channel is not needed, does not read either, and is in no log', async () => {
    const reader = start(findProgram('ffprobe'), ['-v', 'warning', address(`read:${streamKey}`)], { limit: 30_000 })
    assert.notEqual((await reader.exited).code, 0)
    await waitFor('its line in the log', () => server.log().some(({ msg }) => msg.startsWith('srt: caller refused')))
    assert.equal(server.output().includes(streamKey), false)
  })
})
