import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { encode, type Sent } from '../packager/fixtures/encoder.ts'
import { createStudio, type Studio, worstMisalignment } from '../packager/fixtures/studio.ts'

/** The encoder's clock jumps after 2 s; the key frame comes after 4 s. */
function* jumping(tracks: readonly number[], seconds: number): Generator<Sent> {
  for (const { unit, at } of encode({ seconds: 8, base: 5000, gop: (n) => n % 120 === 0 && n > 0 })) {
    const by = at >= 2 && tracks.includes(unit.track) ? seconds * 90_000 : 0
    yield { at, unit: { ...unit, dts: unit.dts + by, pts: unit.pts + by } }
  }
}

for (const seconds of [3600, -3600]) {
  for (const [what, tracks] of [
    ['pictures and sound', [VIDEO_TRACK, AUDIO_TRACK]],
    ['pictures', [VIDEO_TRACK]],
    ['sound', [AUDIO_TRACK]],
  ] as const) {
    test(`${what} whose clock jumps by ${seconds} s before the first key frame do not end the wait for it`, () => {
      const studio = createStudio()
      studio.connect()
      studio.send(jumping(tracks, seconds))
      studio.stop()
      assert.deepEqual(
        studio.recorded.opened.map((epoch) => epoch.tracks.map(({ track }) => track)),
        [[VIDEO_TRACK, AUDIO_TRACK]],
      )
      assert.ok(worstMisalignment(studio) < 0.3)
    })
  }
}

test('a key frame is waited for too where sound and pictures have different clocks', () => {
  for (const audioOffset of [5000, -5000]) {
    const studio = createStudio()
    studio.connect()
    studio.send(encode({ seconds: 8, base: 10_000, audioOffset, gop: (n) => n % 120 === 0 && n > 0 }))
    studio.stop()
    assert.deepEqual(
      studio.recorded.opened.map((epoch) => epoch.tracks.length),
      [2],
    )
  }
})

test('an encoder that goes while its first key frame is awaited leaves no epoch of sound alone', () => {
  for (const goes of [(studio: Studio) => studio.stop(), (studio: Studio) => studio.connect()]) {
    const studio = createStudio()
    studio.connect()
    const sent = [...encode({ seconds: 5, gop: () => false })]
    studio.send(sent)
    goes(studio)
    assert.equal(studio.recorded.opened.length, 0)
    assert.equal(studio.timeline.counters.droppedUnits, sent.length)
  }
})

test('sound between a jump and the next key frame is no epoch of its own', () => {
  const studio = createStudio()
  studio.connect()
  studio.send(encode({ seconds: 4, gop: 250 }))
  studio.send(encode({ seconds: 3, base: 3600, gop: () => false }))
  studio.stop()
  assert.equal(studio.recorded.opened.length, 1)
})
