import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startBandstand } from '../support/bandstand.ts'
import { runToEnd, start } from '../support/process.ts'
import { findProgram } from '../support/programs.ts'
import { assertNear, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { temporaryFolder } from '../support/temporary.ts'

const ffmpeg = findProgram('ffmpeg')

/** Seconds at which the picture turns white and at which a tone begins. */
async function measure(path: string): Promise<{ flashes: number[]; beeps: number[] }> {
  const read = async (filters: readonly string[], key: string, isOn: (value: number) => boolean) => {
    const { stdout } = await runToEnd(ffmpeg, ['-v', 'error', '-nostdin', '-i', path, ...filters, '-f', 'null', '-'])
    const found: number[] = []
    let time = 0
    let wasOn = true
    for (const line of stdout().split('\n')) {
      time = Number(/pts_time:([\d.]+)/.exec(line)?.[1] ?? time)
      const value = new RegExp(`${key}=(\\S+)`).exec(line)?.[1]
      if (value === undefined) continue
      const on = isOn(value === '-inf' ? -200 : Number(value))
      if (on && !wasOn) found.push(time)
      wasOn = on
    }
    return found
  }
  const [flashes, beeps] = await Promise.all([
    read(['-an', '-vf', 'signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-'], 'YAVG', (v) => v > 128),
    read(
      [
        '-vn',
        '-af',
        'asetnsamples=48,astats=metadata=1:reset=1,ametadata=print:key=lavfi.astats.Overall.RMS_level:file=-',
      ],
      'RMS_level',
      (v) => v > -20,
    ),
  ])
  return { flashes, beeps }
}

test('picture and sound stay together with B-frames: each flash has its beep', async () => {
  const folder = temporaryFolder('sync')
  const clip = join(folder, 'clip.flv')
  const white = "drawbox=x=0:y=0:w=iw:h=ih:color=white:t=fill:enable='between(mod(t,1),0.499,0.599)'"
  await runToEnd(ffmpeg, [
    ...['-v', 'error', '-f', 'lavfi', '-i', `color=c=black:s=320x180:r=30,${white}`],
    ...['-f', 'lavfi', '-i', "aevalsrc='0.8*sin(2*PI*1000*t)*between(mod(t,1),0.5,0.6)':s=48000", '-t', '8'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '3', '-b_strategy', '0', '-g', '60', '-pix_fmt', 'yuv420p'],
    ...['-c:a', 'aac', '-ac', '2', clip],
  ])
  const server = await startBandstand()
  try {
    const args = ['-v', 'error', '-nostdin', '-re', '-i', clip, '-c', 'copy', '-f', 'flv', server.publishUrl]
    const encoder = start(ffmpeg, args)
    await waitLive(server, 'main')
    const { assetId } = await getChannel(server, 'main')
    await encoder.exited
    await waitEnded(server, assetId ?? '')
    const source = await measure(clip)
    const stored = await measure(`${server.http}/vod/${assetId}/download.mp4`)
    assert.equal(stored.flashes.length, 8)
    assert.equal(stored.beeps.length, 8)
    for (const [i, flash] of stored.flashes.entries()) {
      const asSent = (source.beeps[i] ?? 0) - (source.flashes[i] ?? 0)
      assertNear((stored.beeps[i] ?? 0) - flash, asSent, 0.012, `beep after flash ${i}`)
    }
  } finally {
    await server.stop()
  }
})
