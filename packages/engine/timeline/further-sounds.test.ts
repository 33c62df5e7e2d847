import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, FURTHER_SOUNDS, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfig, type EncoderOptions, type Sent } from '../packager/fixtures/encoder.ts'
import { encodeSounds, type SoundOptions, soundTrack } from '../packager/fixtures/sounds.ts'
import { assertInvariants, createStudio, type Studio } from '../packager/fixtures/studio.ts'

/** An encoder with these further sounds connects, announces and sends all of it. */
function stream(
  further: readonly SoundOptions[],
  encoder: EncoderOptions = { seconds: 12 },
  edit: (sent: Iterable<Sent>) => Iterable<Sent> = (sent) => sent,
): Studio {
  const studio = createStudio()
  const { fps = 30 } = encoder
  studio.connect({ ...(fps === 0 && { video: undefined }), announce: false })
  studio.do((t, now) => t.announce({ video: fps > 0, audio: true, furtherSounds: further.length }, now))
  for (const place of further.keys()) studio.do((t, now) => t.configure(soundTrack(place), audioConfig(), now))
  studio.send(edit(encodeSounds(encoder, further)))
  studio.stop()
  assertInvariants(studio)
  return studio
}

/** Seconds at which frames that came of a track stand, by when they were sent. */
function placesOf(studio: Studio, place: number | undefined): Map<number, number> {
  const track = place === undefined ? AUDIO_TRACK : soundTrack(place)
  const isOwn = (data: Uint8Array) => (place === undefined ? data[2] === 0x04 : data[3] === place)
  const own = studio.recorded.units.filter((unit) => unit.track === track && isOwn(unit.data))
  return new Map(own.map((unit) => [unit.arrivedAt, unit.dts / 48_000]))
}

/** All frames that came at one time stand at one time. */
function assertInSync(studio: Studio, place: number, least: number): void {
  const first = placesOf(studio, undefined)
  const own = placesOf(studio, place)
  assert.ok(own.size >= least, `${own.size} frames of track ${soundTrack(place)}`)
  for (const [at, time] of own) {
    const beside = first.get(at)
    if (beside !== undefined) assert.ok(Math.abs(time - beside) < 0.03, `${time} beside ${beside}`)
  }
}

const reasons = (studio: Studio) => studio.recorded.opened.map(({ reason }) => reason)
const tracksOf = (studio: Studio) => studio.recorded.opened.at(-1)?.tracks.map(({ track }) => track)
/** Segments of a track that are not a gap as a whole. */
const segmentsOf = (studio: Studio, track: number) => [
  ...new Set(
    studio
      .parts(track)
      .filter(({ gap }) => !gap)
      .map(({ msn }) => msn),
  ),
]

test('further sounds are cut into segments of the same numbers as the pictures, each at its own time', () => {
  const studio = stream([{}, {}])
  assert.deepEqual(tracksOf(studio), [VIDEO_TRACK, AUDIO_TRACK, soundTrack(0), soundTrack(1)])
  for (const place of [0, 1]) {
    assertInSync(studio, place, 500)
    assert.deepEqual(segmentsOf(studio, soundTrack(place)), segmentsOf(studio, VIDEO_TRACK))
  }
})

test('as many as there is room for begin together', () => {
  const studio = stream(Array.from({ length: FURTHER_SOUNDS.most }, () => ({})))
  assert.equal(tracksOf(studio)?.length, 2 + FURTHER_SOUNDS.most)
  assert.deepEqual(reasons(studio), ['encoder'])
})

test('one that starts before the first is heard from the first picture on, in its place', () => {
  const late = (sent: Iterable<Sent>) =>
    [...sent].filter(
      ({ unit, at }) => unit.track === soundTrack(0) || (unit.track === AUDIO_TRACK ? at >= 0.7 : at >= 0.4),
    )
  const studio = stream([{}], { seconds: 12, gop: (n) => n % 60 === 12 }, late)
  assert.deepEqual(reasons(studio), ['encoder'])
  assertInSync(studio, 0, 500)
  const own = placesOf(studio, 0)
  assert.ok(Math.min(...own.values()) < 0.03, 'from the begin on')
  assert.ok(Math.min(...placesOf(studio, undefined).values()) > 0.25, 'the first comes later')
})

test('one that comes late is there from the next key frame on, and nothing of the others is lost', () => {
  const studio = stream([{}, { from: 5 }])
  assert.deepEqual(reasons(studio), ['encoder', 'late-track'])
  assert.deepEqual(tracksOf(studio), [VIDEO_TRACK, AUDIO_TRACK, soundTrack(0), soundTrack(1)])
  assert.equal(studio.recorded.units.filter(({ track }) => track === VIDEO_TRACK).length, 360)
  assertInSync(studio, 0, 500)
  assertInSync(studio, 1, 250)
})

test('one that was announced and never comes is waited for no longer than a second', () => {
  const studio = stream([{ from: 100 }])
  assert.deepEqual(reasons(studio), ['encoder'])
  assert.deepEqual(tracksOf(studio), [VIDEO_TRACK, AUDIO_TRACK])
  const first = studio.recorded.parts[0]
  assert.ok(first !== undefined && first.closedAt - 1_700_000_000_000 < 1_500)
})

test('one that stops is silent, and holds nobody up', () => {
  const studio = stream([{ until: 4 }], { seconds: 20 })
  assert.deepEqual(reasons(studio), ['encoder'])
  const own = studio.recorded.units.filter(({ track }) => track === soundTrack(0))
  const last = own.at(-1)?.dts ?? 0
  assert.ok(Math.abs(last / 48_000 - 20) < 0.1, `silence up to ${last / 48_000}`)
  assert.deepEqual(segmentsOf(studio, soundTrack(0)), segmentsOf(studio, VIDEO_TRACK))
  // Of pictures each part goes out as before.
  for (const { closedAt, start, duration } of studio.parts(VIDEO_TRACK).slice(0, -4)) {
    const late = closedAt - 1_700_000_000_000 - ((start + duration) / 90_000) * 1000
    assert.ok(late < 300, `${late} ms`)
  }
})

test('one that stops is not waited for where the clock jumps', () => {
  const jump = (sent: Iterable<Sent>) =>
    [...sent].map(({ unit, at }) => {
      const by = at < 8 ? 0 : 50 * 90_000
      return { at, unit: { ...unit, dts: unit.dts + by, pts: unit.pts + by } }
    })
  const studio = stream([{ until: 4 }, {}], { seconds: 16 }, jump)
  assert.deepEqual(reasons(studio), ['encoder', 'jump'])
  const [, second] = studio.recorded.opened
  const first = studio.parts(VIDEO_TRACK).find(({ epoch }) => epoch === second?.id)
  const late = (first?.closedAt ?? 0) - 1_700_000_000_000 - 8_000
  assert.ok(late < 900, `${late} ms`)
  assertInSync(studio, 1, 600)
})

test('one whose clock leaps about begins no epoch and makes none longer', () => {
  const wild: SoundOptions[] = [
    { shift: (at) => (at > 3 ? 500 : 0) },
    { shift: (at) => (at > 3 ? -500 : 0) },
    // Twice as fast as it should be, and ever further ahead.
    { shift: (at) => 2 * at },
    { shift: (at) => (Math.floor(at) % 2 === 0 ? 0 : 40) },
    { shift: () => -3_000 },
    { shift: () => 3_000 },
  ]
  const studio = stream(wild, { seconds: 30 })
  assert.deepEqual(reasons(studio), ['encoder'])
  assert.equal(studio.recorded.units.filter(({ track }) => track === VIDEO_TRACK).length, 900)
  assertInSync(studio, 3, 500)
  const ends = studio.recorded.units.map(({ track, dts }) => dts / (track === VIDEO_TRACK ? 90_000 : 48_000))
  assert.ok(Math.max(...ends) < 32.2, 'never further ahead than is allowed')
  const whole = [...segmentsOf(studio, VIDEO_TRACK)]
  assert.ok(whole.length >= 14 && whole.length <= 15, `${whole.length} segments of pictures`)
})

test('a change of one configuration begins one epoch, with a key frame, in which all are', () => {
  const studio = createStudio()
  studio.connect({ announce: false })
  studio.do((t, now) => t.announce({ video: true, audio: true, furtherSounds: 2 }, now))
  for (const place of [0, 1]) studio.do((t, now) => t.configure(soundTrack(place), audioConfig(), now))
  const all = [...encodeSounds({ seconds: 12 }, [{}, {}])]
  const begun = studio.now
  studio.send(all.filter(({ at }) => at < 5))
  studio.do((t, now) => t.configure(soundTrack(1), { ...audioConfig(), language: 'deu' }, now))
  studio.now = begun
  studio.send(all.filter(({ at }) => at >= 5))
  studio.stop()
  assert.deepEqual(reasons(studio), ['encoder', 'configuration'])
  assert.equal(tracksOf(studio)?.length, 4)
  assertInvariants(studio)
})

test('sounds without pictures are cut by the clock, all alike', () => {
  const studio = stream([{}, { until: 5 }], { seconds: 20, fps: 0 })
  assert.deepEqual(reasons(studio), ['encoder'])
  assertInSync(studio, 0, 800)
  assert.deepEqual(segmentsOf(studio, soundTrack(0)), segmentsOf(studio, AUDIO_TRACK))
})

test('one that is heard now and then begins one epoch, and is in its place from then on', () => {
  const calls = (sent: Iterable<Sent>) =>
    [...sent].filter(({ unit, at }) => unit.track !== soundTrack(1) || (at > 4 && at % 4 > 0.6 && at % 4 < 1.3))
  const studio = stream([{}, {}], { seconds: 30 }, calls)
  assert.deepEqual(reasons(studio), ['encoder', 'late-track'])
  assert.deepEqual(tracksOf(studio), [VIDEO_TRACK, AUDIO_TRACK, soundTrack(0), soundTrack(1)])
  assertInSync(studio, 1, 150)
})

test('where pictures leap before the sounds do, one epoch begins, however many sounds there are', () => {
  const leap = (sent: Iterable<Sent>) =>
    [...sent].map(({ unit, at }) => {
      const by = at < (unit.track === VIDEO_TRACK ? 8 : 8.7) ? 0 : -50 * 90_000
      return { at, unit: { ...unit, dts: unit.dts + by, pts: unit.pts + by } }
    })
  const all = Array.from({ length: FURTHER_SOUNDS.most }, () => ({}))
  const studio = stream(all, { seconds: 16, base: 100 }, leap)
  assert.deepEqual(reasons(studio), ['encoder', 'jump'])
  for (const place of all.keys()) assertInSync(studio, place, 600)
})

test('without pictures the others go on where the first stops, and it has its place again when it is back', () => {
  const pause = (sent: Iterable<Sent>) =>
    [...sent].filter(({ unit, at }) => unit.track !== AUDIO_TRACK || at < 5 || at >= 20)
  const studio = stream([{}, {}], { seconds: 30, fps: 0 }, pause)
  assert.deepEqual(reasons(studio), ['encoder'])
  const first = segmentsOf(studio, AUDIO_TRACK)
  for (const place of [0, 1]) {
    assertInSync(studio, place, 1_350)
    assert.deepEqual(segmentsOf(studio, soundTrack(place)), first)
  }
  const ends = studio.recorded.units.map(({ dts }) => dts / 48_000)
  assert.ok(Math.max(...ends) > 29.5, `${Math.max(...ends)} s`)
  assert.ok(
    [...placesOf(studio, undefined).values()].some((time) => time > 29),
    'the first is back',
  )
})

test('without pictures a recording is as long as the sounds that go on', () => {
  const studio = stream([{}], { seconds: 20, fps: 0 }, (sent) =>
    [...sent].filter(({ unit, at }) => unit.track !== AUDIO_TRACK || at < 5),
  )
  const ends = [AUDIO_TRACK, soundTrack(0)].map(
    (track) => studio.recorded.units.findLast((u) => u.track === track)?.dts,
  )
  for (const end of ends) assert.ok((end ?? 0) / 48_000 > 19.9, ends.join())
})

test('one that is ahead makes the last segment of an encoder no longer than others are', () => {
  const studio = createStudio()
  for (let encoder = 0; encoder < 2; encoder++) {
    studio.connect({ announce: false })
    studio.do((t, now) => t.announce({ video: true, audio: true, furtherSounds: 1 }, now))
    studio.do((t, now) => t.configure(soundTrack(0), audioConfig(), now))
    studio.send(encodeSounds({ seconds: 11.9, gop: 1_000 }, [{ shift: () => 1.5 }]))
    studio.stop()
  }
  // No segment is longer than is declared.
  assertInvariants(studio, false)
  assert.deepEqual(segmentsOf(studio, soundTrack(0)).length, segmentsOf(studio, VIDEO_TRACK).length + 2)
})

test('one on a clock of its own does not decide where the first is when that comes back', () => {
  const studio = createStudio()
  studio.connect({ announce: false })
  studio.do((t, now) => t.announce({ video: true, audio: true, furtherSounds: 1 }, now))
  studio.do((t, now) => t.configure(soundTrack(0), audioConfig(), now))
  const all = [...encodeSounds({ seconds: 16 }, [{ shift: () => 230 }])]
  const begun = studio.now
  studio.send(all.filter(({ unit, at }) => at < 7 && (unit.track !== AUDIO_TRACK || at < 5)))
  studio.do((t, now) => t.configure(soundTrack(0), { ...audioConfig(), language: 'deu' }, now))
  studio.now = begun
  studio.send(all.filter(({ unit, at }) => at >= 7 && (unit.track !== AUDIO_TRACK || at >= 10)))
  studio.stop()
  assert.deepEqual(reasons(studio), ['encoder', 'configuration', 'jump'])
  const pictures = studio.recorded.units.filter(({ track }) => track === VIDEO_TRACK)
  const first = placesOf(studio, undefined)
  for (const { arrivedAt, dts } of pictures) {
    const beside = first.get(arrivedAt)
    if (beside !== undefined) assert.ok(Math.abs(beside - dts / 90_000) < 0.1, `${beside} beside ${dts / 90_000}`)
  }
  const end = Math.max(
    ...studio.recorded.units.map(({ track, dts }) => dts / (track === VIDEO_TRACK ? 90_000 : 48_000)),
  )
  assert.ok(end < 17, `${end} s`)
})
