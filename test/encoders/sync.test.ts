import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { encodeOnce } from '../support/encode-once.ts'
import { type FlashTimes, flashDelays, flashesAndBeeps, measureFlashes } from '../support/lip-sync.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { ffprobe } from '../support/players.ts'
import { type Running, start } from '../support/process.ts'
import { findProgram } from '../support/programs.ts'
import { getChannel, waitEnded, waitLive } from '../support/published.ts'

const ffmpeg = findProgram('ffmpeg')

/** Seconds of a clip: in the middle of each the picture turns white and a tone is heard. */
const length = 8
/**
 * Seconds that a flash and its beep may be further apart than they were sent: what people do not notice. A picture of it is
 * ffmpeg's: where a connection is cut between B-frames it takes later times from decoding order.
 */
const tolerance = 0.045

interface Scene {
  readonly name: string
  readonly bFrames: number
  /** Seconds by which the sound begins after the pictures. */
  readonly late?: number
  /** The connection is cut after so many seconds, and the encoder begins anew. */
  readonly cutAt?: number
}

const scenes: readonly Scene[] = [
  { name: 'plain', bFrames: 0 },
  { name: 'b-frames', bFrames: 3 },
  { name: 'late-sound', bFrames: 0, late: 3 },
  { name: 'reconnect', bFrames: 0, cutAt: 4.2 },
  { name: 'reconnect-b-frames', bFrames: 3, cutAt: 4.7 },
]

describe('picture and sound stay together: each flash has its beep', { concurrency: true }, () => {
  let server: Bandstand
  let owner: Owner
  before(async () => {
    server = await startBandstand()
    owner = await signIn(server)
  })
  after(() => server?.stop())

  async function makeClip({ bFrames, late = 0 }: Scene): Promise<string> {
    const folder = await encodeOnce([
      ...flashesAndBeeps({ period: 1, seconds: length, late }),
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', String(bFrames), '-b_strategy', '0', '-g', '60'],
      ...['-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ac', '2', 'clip.flv'],
    ])
    return join(folder, 'clip.flv')
  }

  /**
   * ffmpeg shows pictures of fragments with negative composition offsets later than they say, by the largest of them, so
   * that no presentation time is before its decoding time (`dts_shift` in libavformat/mov.c). Players do not.
   */
  async function shiftOfFfmpeg(assetId: string): Promise<number> {
    const first = ['-select_streams', 'v', '-show_packets', '-read_intervals', '%+#1']
    const { packets } = await ffprobe(`${server.http}/vod/${assetId}/index.m3u8`, first)
    // A key frame is shown when it is decoded.
    return Number(packets?.[0]?.pts_time) - Number(packets?.[0]?.dts_time)
  }

  for (const scene of scenes) {
    it(scene.name, async () => {
      const { name, late = 0, cutAt } = scene
      const [clip, key] = await Promise.all([makeClip(scene), owner.createChannel(name)])
      const publish = (): Running =>
        start(ffmpeg, [
          '-v',
          'error',
          '-nostdin',
          '-re',
          '-i',
          clip,
          '-c',
          'copy',
          '-f',
          'flv',
          `${server.rtmp}/${key}`,
        ])
      const [asSent = Number.NaN] = flashDelays(await measureFlashes(clip))
      let encoder = publish()
      await waitLive(server, name)
      const { assetId } = await getChannel(server, name)
      // Read to its end while it is being made.
      const live =
        late > 0 ? undefined : measureFlashes(`${server.http}/live/${name}/index.m3u8`, ['-live_start_index', '0'])
      let flashes = length
      if (cutAt !== undefined) {
        await sleep(cutAt * 1000)
        await encoder.stop('SIGKILL')
        // One less where it stood just before.
        flashes += Math.floor(cutAt) - 1
        encoder = publish()
      }
      await encoder.exited
      await waitEnded(server, assetId ?? '')
      const shift = await shiftOfFfmpeg(assetId ?? '')
      const seen: readonly [string, FlashTimes | undefined, number][] = [
        ['live', await live, shift],
        ['replay', await measureFlashes(`${server.http}/vod/${assetId}/index.m3u8`), shift],
        ['download', await measureFlashes(`${server.http}/vod/${assetId}/download.mp4`), 0],
      ]
      for (const [where, times, shown] of seen) {
        if (times === undefined) continue
        const found = flashDelays(times)
        const said = `${where}: ${JSON.stringify({ asSent, shift: shown, ...times })}`
        // What was underway when the connection was cut may be lost, with its neighbour.
        // And sound that comes a second after pictures joins at the next key frame.
        const least = flashes - late - (late > 0 ? 1 : 0) - (cutAt === undefined ? 0 : 2)
        assert.ok(found.length >= least, `${found.length} of ${least} pairs\n${said}`)
        for (const delay of found) assert.ok(Math.abs(delay + shown - asSent) <= tolerance, said)
      }
    })
  }
})
