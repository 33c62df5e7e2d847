import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type NginxRtmp, startNginxRtmp } from '../../bench/peers/nginx-rtmp.ts'
import { ffmpegPublish, gstPublish } from '../support/encoders.ts'
import { longOnly } from '../support/long.ts'
import { obsPublish } from '../support/obs.ts'
import { ffprobe, mpvDecode, vlcPlay } from '../support/players.ts'
import { start } from '../support/process.ts'
import { readUsage, sampleUsage } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'

/** The harness itself is tried out in the long run only: every other test uses it anyway. */

describe('encoders and players of the harness, against a server that is not ours', longOnly, () => {
  let peer: NginxRtmp

  before(async () => {
    peer = await startNginxRtmp()
  })
  after(() => peer?.stop())

  const listed = async (key: string) => {
    const answer = await fetch(peer.hls(key))
    return answer.ok && (await answer.text()).includes('.ts')
  }

  it('ffmpeg publishes what ffprobe, mpv and VLC play', async () => {
    const encoder = ffmpegPublish({ url: `${peer.rtmp}/ffmpeg`, clock: true })
    await waitFor('a segment', () => listed('ffmpeg'))
    const probed = await ffprobe(peer.hls('ffmpeg'))
    assert.deepEqual(probed.streams.map((stream) => stream.codec_name).sort(), ['aac', 'h264'])
    const [mpv, vlc] = await Promise.all([mpvDecode(peer.hls('ffmpeg'), 3), vlcPlay(peer.hls('ffmpeg'), 60)])
    assert.ok(mpv.times.length > 60 && mpv.changes > 60 && mpv.sound > 2, mpv.log)
    assert.ok(vlc.shown >= 60, vlc.log)
    assert.equal((await encoder.stop('SIGINT')).code, 255)
  })

  it('GStreamer publishes', async () => {
    const encoder = gstPublish({ url: `${peer.rtmp}/gst` })
    await waitFor('a segment', () => listed('gst'))
    await encoder.stop('SIGINT')
  })

  it('OBS publishes', async () => {
    const obs = await obsPublish({ server: peer.rtmp, key: 'obs', width: 640, height: 360 })
    await waitFor('a segment', () => listed('obs'), 40_000).catch((error: unknown) =>
      assert.fail(`${String(error)}\n${obs.log()}`),
    )
    await obs.stop()
    assert.equal(obs.running(), false)
  })
})

describe('processes of the harness', () => {
  it('are measured and ended with their children', async () => {
    const shell = start('sh', ['-c', 'sleep 1000 & while :; do :; done'])
    const sampler = sampleUsage([shell.pid], 100)
    await waitFor('it to run', () => readUsage(shell.pid).cpu >= 100)
    assert.ok(sampler.stop().cores > 0)
    const { signal } = await shell.stop('SIGTERM')
    assert.equal(signal, 'SIGTERM')
    assert.equal(shell.running(), false)
  })

  it('do not outlive their time limit', async () => {
    const { signal } = await start('sleep', ['1000'], { limit: 200 }).exited
    assert.equal(signal, 'SIGKILL')
  })
})
