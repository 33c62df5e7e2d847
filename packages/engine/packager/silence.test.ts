import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFragment } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { audioConfig } from './fixtures/encoder.ts'
import type { Epoch, EpochTrack } from './model.ts'
import { parseSilenceName, silenceName, silentSegment, writeSilence } from './silence.ts'

const sound: EpochTrack = { track: 2, config: audioConfig(), init: new Uint8Array(), initNumber: 7 }
const epoch: Epoch = { id: 0, start: 90_001, wallClock: 0, tracks: [] }

test('silence says in its name all that it is made of', () => {
  const segment = silentSegment({ start: 90_001, duration: 180_000, timescale: 90_000 }, epoch, sound)
  assert.ok(segment !== undefined)
  const file = silenceName(segment)
  const name = parseSilenceName(file)
  assert.ok(name !== undefined)
  const bytes = writeSilence(sound, name)
  assert.ok(bytes !== undefined)
  const fragment = parseFragment(bytes)
  assert.equal(fragment.track, 2)
  assert.equal(fragment.baseDecodeTime, segment.start)
  assert.equal(fragment.samples.length, 94)
  assert.ok(fragment.samples.every(({ duration }) => duration === 1024))
  assert.deepEqual(writeSilence(sound, name), bytes)
  for (const other of [`${file}x`, file.replace('q0', 'q00'), file.replace('q', 's')]) {
    assert.equal(parseSilenceName(other), undefined, other)
  }
})

test('segments of an epoch without sound follow on one another, whatever their lengths', () => {
  let end: number | undefined
  for (let start = 90_001; start < 900_000; start += 187_333) {
    const segment = silentSegment({ start, duration: 187_333, timescale: 90_000 }, epoch, sound)
    assert.ok(segment !== undefined)
    assert.equal(segment.start, end ?? segment.start)
    assert.ok(Math.abs(segment.start / 48_000 - start / 90_000) <= 1024 / 48_000)
    end = segment.start + segment.duration
  }
})

test('where the epoch has sound, silence is as long as what is missing; the last frame is cut', () => {
  const own = { ...epoch, tracks: [sound] }
  const segment = silentSegment({ start: 48_100, duration: 1_600, timescale: 48_000 }, own, sound)
  assert.deepEqual(segment, { initNumber: 7, start: 48_100, duration: 1_600, timescale: 48_000, frame: 1024 })
  const bytes = writeSilence(sound, { initNumber: 7, start: 48_100, duration: 1_600 })
  assert.deepEqual(
    parseFragment(bytes ?? new Uint8Array()).samples.map(({ duration }) => duration),
    [1024, 576],
  )
})

test('no silence without end, none of no length, none for what has no silent frame', () => {
  const name = { initNumber: 7, start: 0 }
  assert.equal(writeSilence(sound, { ...name, duration: 0 }), undefined)
  assert.equal(writeSilence(sound, { ...name, duration: 10 ** 12 }), undefined)
  assert.equal(silentSegment({ start: 0, duration: 10 ** 9, timescale: 90_000 }, epoch, sound), undefined)
  // HE-AAC: object type 5.
  const config = { ...audioConfig(), decoderConfig: new Uint8Array([0x2b, 0x11, 0x88, 0x00]) }
  const other: EpochTrack = { ...sound, config }
  assert.equal(silentSegment({ start: 0, duration: 90_000, timescale: 90_000 }, epoch, other), undefined)
  assert.equal(writeSilence(other, { ...name, duration: 1024 }), undefined)
})
