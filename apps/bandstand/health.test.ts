import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toEncoderHealth } from './health.ts'

test('figures are rounded to what was measured', () => {
  const { video, audio, damagedUnits, malformedUnits, unconfiguredUnits } = toEncoderHealth({
    protocol: 'rtmp',
    encoder: undefined,
    remote: '127.0.0.1',
    connectedAt: 1,
    ...{ reconnects: 0, damagedUnits: 3, malformedUnits: 2, unconfiguredUnits: 1, soundsLeftOut: 0 },
    timestampJumps: 0,
    video: {
      ...{ codec: 'avc1.64001f', width: 640, height: 360, frameRate: 29.970029970029973, bitrate: 462793.6 },
      ...{ keyDistances: [2.0000111], bFrames: false },
    },
    audio: { codec: 'mp4a.40.2', sampleRate: 48_000, channels: 2, bitrate: 128_000.4 },
  })
  assert.deepEqual([video?.bitrate, video?.frameRate, video?.keyFrameInterval], [462_794, 29.97, 2000])
  assert.equal(audio?.bitrate, 128_000)
  assert.deepEqual([damagedUnits, malformedUnits, unconfiguredUnits], [3, 2, 1])
})
