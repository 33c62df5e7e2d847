import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { audioConfigFromSyncFrame } from '@bandstand/media/codecs/ac3/config.ts'
import { parseSyncFrame } from '@bandstand/media/codecs/ac3/sync-frame.ts'
import { audioConfigFromMp3Frame } from '@bandstand/media/codecs/mp3/config.ts'
import { parseMp3FrameHeader } from '@bandstand/media/codecs/mp3/frame-header.ts'
import { opusDuration } from '@bandstand/media/codecs/opus/packet.ts'
import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import { toneFrames } from './fixtures/frames.ts'
import { createOpus } from './opus.ts'

/** A second of a tone on every channel. */
function tone(layout: string, channels: number) {
  const sound = `aevalsrc=${Array(channels).fill('0.2*sin(2760*t)').join('|')}:s=48000:c=${layout}`
  const inputs = ['-f', 'lavfi', '-i', sound, '-f', 'lavfi', '-i', 'color=s=64x64:r=5', '-t', '1']
  const codecs = ['-c:a', 'aac', '-c:v', 'libx264', '-pix_fmt', 'yuv420p']
  const made = spawnSync('ffmpeg', ['-v', 'error', ...inputs, ...codecs, '-f', 'flv', 'pipe:1'])
  assert.equal(made.stderr.toString(), '')
  return readClip(made.stdout)
}

for (const [layout, channels, stereo] of [
  ['mono', 1, false],
  ['stereo', 2, true],
  ['5.1', 6, true],
] as const) {
  test(`${layout}: Opus of ${stereo ? 'two channels' : 'one channel'}, 20 ms a packet, on the clock of what was given`, async (t) => {
    const { audio, frames } = tone(layout, channels)
    assert.equal(audio.channels, channels)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const got: { readonly packet: Uint8Array; readonly time: number }[] = []
    const begin = 5_000_000
    const opus = createOpus({
      ...{ ffmpeg: 'ffmpeg', config: audio },
      onPacket(packet, time) {
        got.push({ packet, time })
        if (got.length === 40) resolve()
      },
      onFailed: (reason) => reject(new TypeError(reason)),
      log: {
        debug: () => {},
        info: () => {},
        warn: (facts) => reject(new TypeError(JSON.stringify(facts))),
        error: () => {},
      },
    })
    t.after(() => opus.close())
    frames.forEach(({ data }, i) => {
      const dts = begin + i * 1024
      opus.write({ track: 2, dts, pts: dts, key: true, data, arrivedAt: 0 })
    })
    await promise
    // The bit `s` of the first byte (RFC 6716 §3.1).
    assert(got.slice(5).every(({ packet }) => (((packet[0] ?? 0) & 4) !== 0) === stereo))
    assert(got.every(({ packet }) => opusDuration(packet) === 960))
    assert(Math.abs((got[0]?.time ?? 0) - begin) < 960, `${got[0]?.time}`)
    assert(got.every(({ time }, i) => i === 0 || time - (got[i - 1]?.time ?? 0) === 960))
  })
}

for (const { codec, format, bytesOf, configOf } of [
  {
    codec: 'ac3',
    format: 'ac3',
    bytesOf: (at: Uint8Array) => parseSyncFrame(at).frameBytes,
    configOf: audioConfigFromSyncFrame,
  },
  {
    codec: 'eac3',
    format: 'eac3',
    bytesOf: (at: Uint8Array) => parseSyncFrame(at).frameBytes,
    configOf: audioConfigFromSyncFrame,
  },
  {
    codec: 'libmp3lame',
    format: 'mp3',
    bytesOf: (at: Uint8Array) => parseMp3FrameHeader(at).frameBytes,
    configOf: audioConfigFromMp3Frame,
  },
]) {
  test(`${format} becomes Opus too`, async (t) => {
    const given = toneFrames(codec, format, bytesOf, 1)
    const config = configOf(given[0] ?? assert.fail())
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const times: number[] = []
    const opus = createOpus({
      ...{ ffmpeg: 'ffmpeg', config },
      onPacket(_, time) {
        if (times.push(time) === 30) resolve()
      },
      onFailed: (reason) => reject(new TypeError(reason)),
      log: { debug() {}, info() {}, warn: (facts) => reject(new TypeError(JSON.stringify(facts))), error() {} },
    })
    t.after(() => opus.close())
    given.forEach((data, i) => {
      const dts = i * config.frameLength
      opus.write({ track: 2, dts, pts: dts, key: true, data, arrivedAt: 0 })
    })
    await promise
    assert.ok(
      times.every((time, i) => i === 0 || time - (times[i - 1] ?? 0) === 960),
      times.join(),
    )
    assert.ok(Math.abs(times[0] ?? 0) < 2_000, `${times[0]}`)
  })
}
