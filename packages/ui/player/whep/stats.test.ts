import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latencyOf, sampleOf } from './stats.ts'

const report = (...entries: object[]) =>
  new Map(entries.map((entry, i) => [String(i), entry])) as unknown as RTCStatsReport

const chromium = (frames: number, processing: number) =>
  report(
    { type: 'transport', id: 'T', selectedCandidatePairId: 'P' },
    { type: 'candidate-pair', id: 'Q', state: 'failed', currentRoundTripTime: 9 },
    { type: 'candidate-pair', id: 'P', state: 'succeeded', currentRoundTripTime: 0.02 },
    { type: 'inbound-rtp', id: 'A', kind: 'audio', packetsReceived: 50 },
    {
      ...{ type: 'inbound-rtp', id: 'V', kind: 'video', packetsReceived: 100, framesDecoded: frames },
      ...{ totalProcessingDelay: processing, jitterBufferDelay: 99, jitterBufferEmittedCount: 1, frameHeight: 720 },
    },
  )

const firefox = (frames: number, waited: number, decoded: number) =>
  report(
    { type: 'candidate-pair', id: 'Q', state: 'waiting', nominated: false },
    { type: 'candidate-pair', id: 'P', state: 'succeeded', nominated: true, currentRoundTripTime: 0.04 },
    {
      ...{ type: 'inbound-rtp', id: 'V', kind: 'video', packetsReceived: 100, framesDecoded: frames },
      ...{ totalDecodeTime: decoded, jitterBufferDelay: waited, jitterBufferEmittedCount: frames },
    },
  )

const near = (value: number | undefined, expected: number) =>
  assert.ok(value !== undefined && Math.abs(value - expected) < 1e-6, `${value} is not ${expected}`)

test('Chromium: processing per frame of the time between, and half of the chosen pair’s round trip', () => {
  const [before, after] = [sampleOf(chromium(30, 3), 0), sampleOf(chromium(60, 4.5), 1000)]
  assert.equal(after.packets, 150)
  assert.equal(after.height, 720)
  near(latencyOf(before, after), 0.05 + 0.01)
})

test('Firefox: the wait in the jitter buffer and decoding stand for the processing it does not sum up', () => {
  const [before, after] = [sampleOf(firefox(30, 3, 0.3), 0), sampleOf(firefox(60, 6, 0.6), 1000)]
  near(latencyOf(before, after), 0.1 + 0.01 + 0.02)
})

test('sound alone: its wait in the jitter buffer, per sample', () => {
  const sound = (samples: number, waited: number) =>
    report(
      { type: 'transport', id: 'T', selectedCandidatePairId: 'P', bytesReceived: samples },
      { type: 'candidate-pair', id: 'P', state: 'succeeded', currentRoundTripTime: 0.02 },
      { type: 'inbound-rtp', id: 'A', kind: 'audio', jitterBufferEmittedCount: samples, jitterBufferDelay: waited },
    )
  const [before, after] = [sampleOf(sound(48_000, 2400), 0, false), sampleOf(sound(96_000, 7200), 1000, false)]
  assert.equal(after.received, 96_000)
  near(latencyOf(before, after), 0.1 + 0.01)
})

test('without a new frame the latency is not known', () => {
  const one = sampleOf(chromium(30, 3), 0)
  assert.equal(latencyOf(one, sampleOf(chromium(30, 3), 1000)), undefined)
  assert.equal(latencyOf(sampleOf(report(), 0), sampleOf(report(), 1000)), undefined)
})
