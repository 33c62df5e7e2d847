import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EncoderHealth } from '../ports.ts'
import { adviseEncoder as advise, type Circumstances } from './advice.ts'

const video = {
  codec: 'avc1.640028',
  width: 1280,
  height: 720,
  frameRate: 30,
  bitrate: 2_500_000,
  keyFrameInterval: 2000,
  bFrames: false,
}
const audio = { codec: 'mp4a.40.2', sampleRate: 48_000, channels: 2, bitrate: 160_000 }
const good: EncoderHealth = {
  ...{ protocol: 'rtmp', encoder: null, remote: '192.0.2.1', keyId: null, connectedAt: 0, video, audio },
  ...{
    timestampJumps: 0,
    reconnects: 0,
    damagedUnits: 0,
    malformedUnits: 0,
    unconfiguredUnits: 0,
    furtherSounds: [],
    soundsLeftOut: 0,
    ladder: null,
    brought: null,
    sound: null,
    line: null,
    hls: null,
  },
}
const adviseEncoder = (health: EncoderHealth, circumstances: Partial<Circumstances> = {}) =>
  advise(health, { hasWebRtc: false, ...circumstances })
const codes = (health: Partial<EncoderHealth>) => adviseEncoder({ ...good, ...health }).map(({ code }) => code)

test('an encoder that does everything right is told so', () => {
  assert.deepEqual(codes({}), ['fine'])
  assert.deepEqual(codes({ video: { ...video, frameRate: null, keyFrameInterval: null, bitrate: 0 } }), ['fine'])
})

test('each thing to change is named', () => {
  assert.deepEqual(codes({ video: { ...video, keyFrameInterval: 8333 } }), ['key-frames-far'])
  assert.deepEqual(codes({ video: { ...video, bFrames: true } }), ['b-frames'])
  assert.deepEqual(codes({ video: { ...video, frameRate: 12 } }), ['frame-rate-low'])
  assert.deepEqual(codes({ video: { ...video, bitrate: 500_000 } }), ['bitrate-low'])
  assert.deepEqual(codes({ video: { ...video, bitrate: 20_000_000 } }), ['bitrate-high'])
  assert.deepEqual(codes({ audio: { ...audio, sampleRate: 22_050 } }), ['audio-rate-odd'])
  assert.deepEqual(codes({ video: null }), ['no-video'])
  assert.deepEqual(codes({ audio: null }), ['no-audio'])
  assert.deepEqual(codes({ timestampJumps: 1 }), ['timestamps-jump'])
  assert.deepEqual(codes({ reconnects: 3 }), ['reconnects'])
  assert.deepEqual(codes({ malformedUnits: 16 }), ['units-malformed'])
  assert.deepEqual(codes({ unconfiguredUnits: 256 }), ['units-unconfigured'])
  assert.deepEqual(codes({ soundsLeftOut: 3 }), ['sounds-left-out'])
  const deutsch = { name: 'Deutsch', language: 'de', codec: 'ac-3', sampleRate: 48_000, channels: 6, bitrate: 448_000 }
  assert.deepEqual(codes({ furtherSounds: [{ ...deutsch, state: 'live' }] }), ['fine'])
  assert.deepEqual(codes({ furtherSounds: [{ ...deutsch, state: 'other-codec' }] }), ['sounds-other-codec'])
})

test('while nothing is recorded that should be, nothing is fine', () => {
  assert.deepEqual(
    adviseEncoder(good, { unrecorded: 'The disk is full.' }).map(({ code }) => code),
    ['not-recorded'],
  )
})

test('a few units that are left out are an accident', () => {
  assert.deepEqual(codes({ damagedUnits: 8, malformedUnits: 8, unconfiguredUnits: 128 }), ['fine'])
})

test('what is missing from a transport stream is not put down to the encoder', () => {
  const lossy = { ...video, keyFrameInterval: 8000, frameRate: 1.331, bitrate: 16_805 }
  assert.deepEqual(codes({ protocol: 'srt', damagedUnits: 327, video: lossy }), ['stream-damaged'])
  assert.deepEqual(codes({ damagedUnits: 327, video: null }), ['stream-damaged', 'no-video'])
  const [advice] = adviseEncoder({ ...good, damagedUnits: 327 })
  assert.match(advice?.text ?? '', /packets are missing.*feeds/)
  // Where the line loses them that is said in its own words.
  const line = {
    roundTrip: 30,
    latency: 200,
    buffered: 190,
    packets: 9_700,
    lost: 500,
    retransmitted: 200,
    dropped: 300,
  }
  assert.deepEqual(codes({ damagedUnits: 327, video: lossy, line }), ['line-too-late'])
})

test('one frame a second is said as one', () => {
  const textAt = (frameRate: number) => adviseEncoder({ ...good, video: { ...video, frameRate } })[0]?.text
  assert.match(textAt(1.331) ?? '', /^There is only 1 frame a second\. /)
  assert.match(textAt(12) ?? '', /^There are only 12 frames a second\. /)
})

test('a kind of H.264 that does not play everywhere is named, with what to set', () => {
  for (const codec of ['avc1.6e0028', 'avc1.7a0028', 'avc1.f4001f', 'avc3.F4001F', 'avc1.2c001f'])
    assert.deepEqual(codes({ video: { ...video, codec } }), ['profile-not-everywhere'], codec)
  for (const codec of ['avc1.42c00d', 'avc1.4d401f', 'avc1.64001f', 'hvc1.2.4.L93.B0', 'vp09.01.10.08'])
    assert.deepEqual(codes({ video: { ...video, codec } }), ['fine'], codec)
  const [advice] = adviseEncoder({ ...good, video: { ...video, codec: 'avc1.f4001f' } })
  assert.match(advice?.text ?? '', /High 4:4:4 Predictive.*yuv420p.*I420.*NV12/)
})

test('of video that cannot be read that is said first', () => {
  assert.deepEqual(codes({ video: null, malformedUnits: 64 }), ['units-malformed', 'no-video'])
})

test('a picture that needs little is not called poor for it', () => {
  // The built-in clip: a clock on a plain ground.
  const demo = { ...video, bitrate: 76_000, codec: 'avc1.64001f' }
  assert.deepEqual(codes({ video: demo, audio: { ...audio, sampleRate: 32_000, channels: 1, bitrate: 34_000 } }), [
    'fine',
  ])
  // A small picture, and a codec that needs half as much.
  assert.deepEqual(codes({ video: { ...video, width: 640, height: 360, bitrate: 120_000 } }), ['fine'])
  assert.deepEqual(codes({ video: { ...video, codec: 'hvc1.1.6.L93.B0', bitrate: 500_000 } }), ['fine'])
  // An upright picture is as large as one that lies.
  assert.deepEqual(codes({ video: { ...video, width: 720, height: 1280, bitrate: 500_000 } }), ['bitrate-low'])
})

test('what hurts most comes first', () => {
  assert.deepEqual(codes({ audio: null, video: { ...video, keyFrameInterval: 10_000 } }), [
    'key-frames-far',
    'no-audio',
  ])
})

test('a line that loses more than the latency mends is said in figures, with what to set', () => {
  const line = {
    roundTrip: 120,
    latency: 200,
    buffered: 190,
    packets: 9_700,
    lost: 1_000,
    retransmitted: 700,
    dropped: 300,
  }
  const told = (change: Partial<typeof line>) => adviseEncoder({ ...good, line: { ...line, ...change } })[0]
  assert.equal(
    told({})?.text,
    "3 % of packets arrive too late: raise the encoder's latency to at least 4 × the round trip, now 480 ms (it is 200 ms).",
  )
  assert.match(told({ latency: 600 })?.text ?? '', /lower the bitrate/)
  assert.equal(told({ dropped: 0 })?.code, 'line-lossy')
  assert.equal(told({ dropped: 0, lost: 20 })?.code, 'fine')
  // Some packets of a connection that has just begun say nothing.
  assert.equal(told({ packets: 90, dropped: 10 })?.code, 'fine')
})

test('what is wrong with HLS that an encoder makes is said in its words', () => {
  const hls: NonNullable<EncoderHealth['hls']> = {
    ...{ source: 'put', format: 'mpegts', segments: 2_000, parts: null, renditions: 1 },
    ...{ leftOut: 0, lost: 0, trouble: null },
  }
  assert.deepEqual(codes({ hls }), ['fine'])
  assert.deepEqual(codes({ hls: { ...hls, lost: 1 } }), ['hls-lost'])
  assert.deepEqual(codes({ hls: { ...hls, segments: 10_000 } }), ['hls-segments-long'])
  assert.deepEqual(codes({ hls: { ...hls, segments: 10_000, parts: 1_000 } }), ['fine'])
  assert.deepEqual(codes({ hls: { ...hls, leftOut: 2 } }), ['hls-left-out'])
  const [advice] = adviseEncoder({
    ...good,
    hls: { ...hls, trouble: 'the segments are encrypted: switch encryption off' },
  })
  assert.equal(advice?.code, 'hls-trouble')
  assert.match(advice?.text ?? '', /encrypted: switch encryption off\.$/)
})

test('of sound that not every browser plays it is said who hears nothing, where no AAC is made of it', () => {
  const opus = { ...audio, codec: 'Opus' }
  const textOf = (health: Partial<EncoderHealth>) => adviseEncoder({ ...good, ...health }).map(({ text }) => text)
  const sound = (state: NonNullable<EncoderHealth['sound']>['state'], message: string | null = null) => ({
    audio: opus,
    sound: { state, restarts: 0, message },
  })
  assert.deepEqual(textOf({ audio: opus }), [
    'The sound is Opus, and this server has no ffmpeg to make AAC of it: viewers whose browser does not play Opus hear nothing. Install ffmpeg, or set the encoder to AAC.',
  ])
  for (const codec of ['mp4a.40.34', 'fLaC', 'ac-3', 'ec-3']) {
    assert.deepEqual(codes({ audio: { ...audio, codec } }), ['audio-not-everywhere'])
  }
  for (const state of ['waiting', 'starting', 'running'] as const) assert.deepEqual(codes(sound(state)), ['fine'])
  // Somebody has just asked, and it has not begun.
  assert.deepEqual(codes(sound('failing')), ['fine'])
  assert.deepEqual(textOf(sound('failing', 'ffmpeg: it ended with status 1')), [
    'The sound is Opus, and no AAC comes of it (ffmpeg: it ended with status 1): viewers whose browser does not play Opus hear nothing. Set the encoder to AAC.',
  ])
})

test('who gets sound by WebRTC that the browser does not play otherwise is not said to hear nothing', () => {
  const opus = { ...good, audio: { ...audio, codec: 'Opus' } }
  const told = (change: Partial<EncoderHealth>, hasWebRtc = true) => {
    const [advice] = adviseEncoder({ ...opus, ...change }, { hasWebRtc })
    return [advice?.level, advice?.text.match(/Opus (hear nothing|are sent it by WebRTC)/)?.[1]]
  }
  assert.deepEqual(told({}), ['hint', 'are sent it by WebRTC'])
  assert.deepEqual(told({ sound: { state: 'failing', restarts: 9, message: 'ffmpeg: it ended' } }), [
    'hint',
    'are sent it by WebRTC',
  ])
  // What WebRTC does not carry as it comes takes ffmpeg there, too.
  const silent = ['warning', 'hear nothing']
  assert.deepEqual(told({}, false), silent)
  assert.deepEqual(told({ video: { ...video, codec: 'hvc1.1.6.L93.B0' } }), silent)
  assert.deepEqual(told({ audio: { ...audio, codec: 'Opus', channels: 6 } }), silent)
  const reordered = adviseEncoder({ ...opus, video: { ...video, bFrames: true } }, { hasWebRtc: true })
  assert.match(reordered[0]?.text ?? '', /Opus hear nothing/)
  assert.equal(adviseEncoder({ ...opus, audio: { ...audio, codec: 'fLaC' } }, { hasWebRtc: true })[0]?.level, 'warning')
})
