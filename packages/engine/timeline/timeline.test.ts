import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfig, encode, type Sent, seeded, videoConfig } from '../packager/fixtures/encoder.ts'
import { assertInvariants, createStudio, type Studio, worstMisalignment } from '../packager/fixtures/studio.ts'
import type { TimedUnit } from './model.ts'

const PICTURES = (s: Studio) => s.recorded.units.filter((u) => u.track === VIDEO_TRACK)
const SOUNDS = (s: Studio) => s.recorded.units.filter((u) => u.track === AUDIO_TRACK)

/** Moves the source clock by `seconds` from the moment `from` on. */
function* jumping(sent: Iterable<Sent>, from: number, seconds: number): Generator<Sent> {
  for (const s of sent) {
    const by = s.at >= from ? Math.round(seconds * 90_000) : 0
    yield { at: s.at, unit: { ...s.unit, dts: s.unit.dts + by, pts: s.unit.pts + by } }
  }
}

function* without(sent: Iterable<Sent>, track: number, from: number, to: number): Generator<Sent> {
  for (const s of sent) if (s.unit.track !== track || s.at < from || s.at >= to) yield s
}

/** Largest distance in ms between a unit's place on the broadcast's clock and where the source has it. */
function worstOffset(s: Studio, sent: readonly Sent[], rate: number, fromAt = 0): number {
  const base = sent.find((x) => x.unit.track === VIDEO_TRACK && x.unit.key)?.unit.pts ?? 0
  const byArrival = new Map<number, TimedUnit>()
  for (const u of SOUNDS(s)) byArrival.set(u.arrivedAt, u)
  let worst = 0
  for (const x of sent) {
    const u = byArrival.get(1_700_000_000_000 + x.at * 1000)
    if (x.unit.track !== AUDIO_TRACK || u === undefined || x.at < fromAt) continue
    worst = Math.max(worst, Math.abs(u.dts / rate - (x.unit.pts - base) / 90_000) * 1000)
  }
  return worst
}

test('picture and sound begin together, at the first key frame, decoded when it is shown', () => {
  const studio = createStudio()
  const sent = [...encode({ bFrames: true, seconds: 10, gop: (n) => n % 60 === 20 })]
  studio.connect()
  studio.send(sent)
  studio.stop()
  const first = PICTURES(studio)[0]
  assert.ok(first?.key)
  assert.deepEqual([first.dts, first.pts], [0, 0])
  const sound = SOUNDS(studio)[0]
  assert.ok(sound !== undefined && sound.dts / 48_000 <= 1024 / 48_000)
  assert.ok(
    PICTURES(studio).some((u) => u.pts < u.dts),
    'later pictures have negative composition offsets',
  )
  assert.ok(worstOffset(studio, sent, 48_000) < 25)
  assertInvariants(studio)
})

test('sound that begins 3 s after the picture stays there, also where all of that arrives at once', () => {
  const studio = createStudio()
  // ffmpeg holds pictures back until there is sound, and then sends both in the order of their times.
  const sent = [...without(encode({ seconds: 10 }), AUDIO_TRACK, 0, 3)].map(({ at, unit }) => {
    return { at: at < 3.2 ? 3.2 + at / 1000 : at, unit }
  })
  studio.connect()
  studio.send(sent)
  studio.stop()
  assert.ok(worstOffset(studio, sent, 48_000) < 25, `${worstOffset(studio, sent, 48_000)} ms`)
  assertInvariants(studio)
})

test('nothing is lost or moved in an ordinary stream', () => {
  const studio = createStudio()
  studio.stream({ seconds: 30 })
  assert.equal(PICTURES(studio).length, 900)
  assert.equal(studio.timeline.counters.droppedUnits, 0)
  assert.equal(studio.timeline.counters.audioCorrections, 0)
  assert.equal(studio.timeline.counters.clampedTimes, 0)
})

test('a track that was announced and does not come is waited for one second', () => {
  const studio = createStudio()
  studio.connect()
  const sent = [...encode({ audioRate: 0, seconds: 5 })]
  studio.send(sent.filter((s) => s.at < 0.99))
  assert.equal(studio.recorded.opened.length, 0)
  studio.send(sent.filter((s) => s.at >= 0.99 && s.at < 1.1))
  assert.deepEqual(
    studio.recorded.opened[0]?.tracks.map((t) => t.track),
    [VIDEO_TRACK],
  )
})

test('the wait ends by wall clock where units stop coming', () => {
  const studio = createStudio()
  studio.connect()
  studio.send([...encode({ audioRate: 0, seconds: 0.2 })])
  const deadline = studio.timeline.deadline
  assert.ok(deadline !== undefined)
  studio.now = deadline - 1
  studio.do((t, now) => t.tick(now))
  assert.equal(studio.recorded.opened.length, 0)
  studio.now = deadline
  studio.do((t, now) => t.tick(now))
  assert.equal(studio.recorded.opened.length, 1)
})

test('without an announcement a single track starts after a second, two start at once', () => {
  const both = createStudio()
  both.connect({ announce: false })
  both.send(encode({ seconds: 0.4 }))
  assert.equal(both.recorded.opened.length, 1)
  const one = createStudio()
  one.connect({ announce: false })
  one.send(encode({ audioRate: 0, seconds: 0.9 }))
  assert.equal(one.recorded.opened.length, 0)
})

test('sound that comes late begins an epoch with a new track set, without a hole in time', () => {
  const studio = createStudio()
  // OBS's own key-frame distance at 30 fps.
  const sent = [...encode({ seconds: 20, gop: 250 })]
  studio.connect()
  studio.send(without(sent, AUDIO_TRACK, 0, 5))
  studio.stop()
  assert.deepEqual(
    studio.recorded.opened.map((e) => [e.reason, e.tracks.length, e.start]),
    [
      ['encoder', 1, 0],
      ['late-track', 2, 750_000],
    ],
  )
  assert.equal(PICTURES(studio).length, 600)
  assertInvariants(studio)
})

test('sound that comes late while no pictures come is not kept waiting for them', () => {
  const studio = createStudio()
  studio.connect()
  studio.send(without(without(encode({ seconds: 12 }), AUDIO_TRACK, 0, 5), VIDEO_TRACK, 4, 12))
  studio.stop()
  assert.deepEqual(
    studio.recorded.opened.map((e) => e.tracks.map(({ track }) => track)),
    [[VIDEO_TRACK], [AUDIO_TRACK]],
  )
  assertInvariants(studio, false)
})

for (const rate of [48_000, 44_100]) {
  test(`sound whose configuration changes (to ${rate} Hz) is silent to the next key frame, no picture is lost`, () => {
    const studio = createStudio()
    const from = studio.now
    const sent = (audioRate: number) => [...encode({ seconds: 20, gop: 250, audioRate })]
    studio.connect({ audio: audioConfig(32_000) })
    studio.send(sent(32_000).filter((s) => s.at < 4))
    studio.now = from
    studio.do((t, now) => t.configure(AUDIO_TRACK, audioConfig(rate), now))
    studio.send(sent(rate).filter((s) => s.at >= 4))
    studio.stop()
    assert.deepEqual(
      studio.recorded.opened.map((e) => [e.reason, e.tracks.length, e.start]),
      [
        ['encoder', 2, 0],
        ['configuration', 2, 750_000],
      ],
    )
    assert.equal(PICTURES(studio).length, 600)
    const silent = (studio.timeline.counters.filledAudioFrames * 1024) / 32_000
    assert.ok(silent > 4, `${silent} s of silence`)
    // It keeps up with the pictures, by less than a part: players at the edge would run out of sound.
    let sound = 0
    for (const { track, dts } of studio.recorded.units) {
      if (track === AUDIO_TRACK) sound = dts / 32
      else if (dts >= 750_000) break
      else assert.ok(dts / 90 - sound < 200, `${sound} ms beside the picture at ${dts / 90} ms`)
    }
    assertInvariants(studio)
  })
}

test('sound that goes back to the configuration it had is heard at once', () => {
  const studio = createStudio()
  const from = studio.now
  const sent = [...encode({ seconds: 10, gop: 250 })]
  studio.connect()
  studio.send(sent.filter((s) => s.at < 4))
  studio.now = from
  studio.do((t, now) => t.configure(AUDIO_TRACK, audioConfig(44_100), now))
  studio.send(sent.filter((s) => s.at >= 4 && s.at < 5))
  studio.now = from
  studio.do((t, now) => t.configure(AUDIO_TRACK, audioConfig(), now))
  studio.send(sent.filter((s) => s.at >= 5))
  studio.stop()
  assert.equal(studio.recorded.opened.length, 1)
  const silent = (studio.timeline.counters.filledAudioFrames * 1024) / 48_000
  assert.ok(silent > 0.8 && silent < 1.2, `${silent} s of silence`)
  assertInvariants(studio)
})

test('slow pictures beside sound whose configuration changes go on too', () => {
  const studio = createStudio()
  const from = studio.now
  const sent = [...encode({ fps: 0.5, gop: 10, seconds: 40 })]
  studio.connect()
  studio.send(sent.filter((s) => s.at < 5))
  studio.now = from
  studio.do((t, now) => t.configure(AUDIO_TRACK, audioConfig(44_100), now))
  studio.send(sent.filter((s) => s.at >= 5))
  studio.stop()
  assert.deepEqual(
    studio.recorded.opened.map((e) => e.reason),
    ['encoder', 'configuration'],
  )
  assert.equal(PICTURES(studio).length, 20)
})

test('sound alone whose configuration changes begins an epoch at once', () => {
  const studio = createStudio()
  const from = studio.now
  const sent = [...encode({ fps: 0, seconds: 8 })]
  studio.connect({ video: undefined })
  studio.send(sent.filter((s) => s.at < 4))
  studio.now = from
  studio.do((t, now) => t.configure(AUDIO_TRACK, audioConfig(44_100), now))
  studio.send(sent.filter((s) => s.at >= 4))
  studio.stop()
  assert.deepEqual(
    studio.recorded.opened.map((e) => e.reason),
    ['encoder', 'configuration'],
  )
})

test('pictures that come late begin an epoch at their key frame', () => {
  const studio = createStudio()
  studio.connect()
  studio.send(without(encode({ seconds: 12 }), VIDEO_TRACK, 0, 5))
  studio.stop()
  assert.deepEqual(
    studio.recorded.opened.map((e) => e.tracks.length),
    [1, 2],
  )
  assert.ok(studio.recorded.units.find((u) => u.track === VIDEO_TRACK)?.key)
  assertInvariants(studio)
})

for (const seconds of [3, -3, 3600, -3600, 1.2, -1.2]) {
  test(`a source clock that jumps by ${seconds} s begins an epoch; media time goes on`, () => {
    const studio = createStudio()
    const sent = [...jumping(encode({ seconds: 20, base: 5000 }), 8, seconds)]
    studio.connect()
    studio.send(sent)
    studio.stop()
    assert.deepEqual(
      studio.recorded.opened.map((e) => e.reason),
      ['encoder', 'jump'],
    )
    assert.equal(studio.timeline.counters.jumps, 1)
    assertInvariants(studio)
    const [first, second] = studio.recorded.epochs
    assert.ok(first !== undefined && second !== undefined)
    // From the jump to the next key frame is lost, nothing more.
    assert.ok(second.start / 90_000 > 7.9 && second.start / 90_000 < 8.2)
    assert.ok(second.wallClock >= first.wallClock + second.start / 90)
  })
}

for (const seconds of [0.5, -0.5, 0.9, -0.9]) {
  test(`a jump of ${seconds} s is smoothed, and sound stays with the picture`, () => {
    const studio = createStudio()
    const sent = [...jumping(encode({ seconds: 20 }), 8, seconds)]
    studio.connect()
    studio.send(sent)
    studio.stop()
    assert.equal(studio.recorded.opened.length, 1)
    assertInvariants(studio, false)
    assert.ok(worstOffset(studio, sent, 48_000, 12) < 30)
    const late = PICTURES(studio).at(-1)
    const source = sent.findLast((s) => s.unit.track === VIDEO_TRACK)
    assert.equal(late?.dts, source?.unit.dts)
  })
}

for (const [track, what, missing] of [
  [AUDIO_TRACK, 'sound', 0.06],
  [AUDIO_TRACK, 'sound', 0.7],
  [VIDEO_TRACK, 'pictures', 0.08],
] as const) {
  test(`an epoch whose ${what} stop ${missing} s early leaves no hole that is too small for players`, () => {
    const studio = createStudio()
    for (let i = 0; i < 3; i++) {
      studio.connect()
      studio.send(without(encode({ seconds: 5 }), track, 5 - missing, 5))
      studio.stop()
      studio.now += 1000
    }
    assert.equal(studio.recorded.epochs.length, 3)
    for (const { id: epoch } of studio.recorded.epochs) {
      const ends = [VIDEO_TRACK, AUDIO_TRACK].map((of) => {
        const part = studio.parts(of).findLast((p) => p.epoch === epoch)
        return part === undefined ? 0 : (part.start + part.duration) / (of === VIDEO_TRACK ? 90_000 : 48_000)
      })
      const next = studio.recorded.epochs[epoch + 1]
      const end = next === undefined ? Math.max(...ends) : next.start / 90_000
      for (const own of ends) assert.ok(Math.abs(own - end) < 0.001, `epoch ${epoch}: ${ends.join(', ')}, not ${end}`)
    }
    assertInvariants(studio)
  })
}

test('a changed configuration begins an epoch, the same one sent again does not', () => {
  const studio = createStudio()
  const sent = [...encode({ seconds: 12 })]
  studio.connect()
  studio.send(sent.filter((s) => s.at < 4))
  studio.now -= 4000
  studio.do((t, now) => t.configure(VIDEO_TRACK, videoConfig(0), now))
  studio.do((t, now) => t.configure(AUDIO_TRACK, audioConfig(), now))
  studio.send(sent.filter((s) => s.at >= 4 && s.at < 8))
  studio.now -= 8000
  studio.do((t, now) => t.configure(VIDEO_TRACK, videoConfig(4), now))
  studio.send(sent.filter((s) => s.at >= 8))
  studio.stop()
  assert.deepEqual(
    studio.recorded.opened.map((e) => e.reason),
    ['encoder', 'configuration'],
  )
  const first = studio.parts(VIDEO_TRACK).find(({ epoch }) => epoch === 1)
  assert.deepEqual(
    studio.recorded.epochs[1]?.tracks.map((t) => t.initNumber),
    [first?.number, 0],
  )
  assertInvariants(studio)
})

test('sound that stops is filled with silence a second behind the pictures, and joins again by its timestamps', () => {
  const studio = createStudio()
  const sent = [...without(encode({ seconds: 40 }), AUDIO_TRACK, 8, 28)]
  studio.connect()
  studio.send(sent)
  studio.stop()
  assert.equal(studio.recorded.opened.length, 1)
  assertInvariants(studio)
  assert.equal(studio.packager?.counters.gaps, 0)
  assert.ok(worstOffset(studio, sent, 48_000) < 30)
  assert.ok(worstMisalignment(studio) < 0.03)
  const filled = (studio.timeline.counters.filledAudioFrames * 1024) / 48_000
  assert.ok(Math.abs(filled - 20) < 0.1, `${filled} s of silence`)
})

test('a hole of less than a second in the sound is filled, a longer one in all tracks begins an epoch', () => {
  const short = createStudio()
  const sent = [...without(encode({ seconds: 12 }), AUDIO_TRACK, 6, 6.8)]
  short.connect()
  short.send(sent)
  short.stop()
  assert.equal(short.recorded.opened.length, 1)
  assert.ok(worstOffset(short, sent, 48_000) < 30)
  const long = createStudio()
  long.connect()
  long.send(without(without(encode({ seconds: 12 }), AUDIO_TRACK, 6, 8), VIDEO_TRACK, 6, 8))
  long.stop()
  assert.equal(long.recorded.opened.length, 2)
  assertInvariants(long)
})

test('pictures that stop do not hold the sound up: their segments become gaps and they lead again', () => {
  const studio = createStudio()
  studio.connect()
  studio.send(without(encode({ seconds: 60 }), VIDEO_TRACK, 10.5, 40))
  studio.stop()
  assert.equal(studio.recorded.opened.length, 1)
  assertInvariants(studio, false)
  assert.ok(studio.parts(VIDEO_TRACK).filter((p) => p.gap && p.last).length >= 4)
  assert.equal(studio.parts(AUDIO_TRACK).filter((p) => p.gap).length, 0)
  assert.ok(worstMisalignment(studio) < 0.4)
})

test('sound with a wholly different clock is brought to the picture by arrival', () => {
  const studio = createStudio()
  studio.connect()
  const sent = [...encode({ seconds: 10, audioOffset: 5000 })]
  studio.send(sent)
  studio.stop()
  assertInvariants(studio)
  const end = (SOUNDS(studio).at(-1)?.dts ?? 0) / 48_000
  assert.ok(Math.abs(end - 10) < 0.1, `sound ends at ${end}`)
})

test('several encoders make one timeline', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed)
    const studio = createStudio()
    for (let i = 0; i < 4; i++) {
      studio.stream({
        fps: [25, 30, 50, 60][Math.floor(random() * 4)] ?? 30,
        audioRate: random() < 0.2 ? 0 : ([44_100, 48_000, 32_000][Math.floor(random() * 3)] ?? 48_000),
        base: random() * 100_000,
        seconds: 3 + random() * 9,
        bFrames: random() < 0.5,
        audioOffset: random() * 0.2,
        random,
      })
      studio.now += random() * 20_000
    }
    assert.equal(studio.recorded.opened.length, 4)
    for (let i = 1; i < 4; i++) {
      assert.ok((studio.recorded.epochs[i]?.start ?? 0) > (studio.recorded.epochs[i - 1]?.start ?? 0))
    }
  }
})

test('a key frame is waited for while pictures come, with bounded memory', () => {
  const studio = createStudio()
  studio.connect()
  studio.send(encode({ seconds: 20, gop: (n) => n === 290 }))
  studio.stop()
  assert.deepEqual(studio.recorded.opened[0]?.tracks.length, 2)
  assert.ok(PICTURES(studio)[0]?.key)
})

test('sound stays within 30 ms of the picture over an hour of a clock that is 200 ppm off', () => {
  for (const driftPpm of [200, -200]) {
    let worst = 0
    let sound = 0
    let source = 0
    const studio = createStudio({
      onPart: () => undefined,
      onUnit: (u) => {
        if (u.track !== AUDIO_TRACK || u.data.byteLength > 3) return
        sound = u.dts / 48_000
        worst = Math.max(worst, Math.abs(sound - source))
      },
    })
    studio.connect()
    const feed = function* (): Generator<Sent> {
      for (const s of encode({ fps: 2, gop: 2, seconds: 3600, driftPpm })) {
        if (s.unit.track === AUDIO_TRACK) source = s.unit.dts / 90_000
        yield s
      }
    }
    let held = 0
    const counting = function* (): Generator<Sent> {
      for (const s of feed()) {
        yield s
        if (held++ < 200) worst = 0
      }
    }
    studio.send(counting())
    assert.ok(worst < 0.03, `${driftPpm} ppm: ${worst * 1000} ms`)
    assert.ok(worst > 0)
  }
})

test('program date time is when a frame arrives, also where the encoder first sends what it had kept', () => {
  const dates = (behind: number, bFrames: boolean) => {
    const studio = createStudio()
    studio.connect()
    const sent = [...encode({ seconds: 6, bFrames })]
    // The first `behind` seconds come at once, the rest as it is made.
    studio.send(sent.map((s) => ({ ...s, at: Math.max(0, s.at - behind) })))
    const epoch = studio.recorded.opened[0]
    assert.ok(epoch !== undefined)
    const late = PICTURES(studio).filter((u) => u.dts > 2 * 90_000)
    return late.map((u) => epoch.wallClock + (u.dts - epoch.start) / 90 - u.arrivedAt)
  }
  for (const bFrames of [false, true])
    for (const behind of [0, 0.1, 0.6, 1.8])
      for (const off of dates(behind, bFrames)) assert.ok(Math.abs(off) < 40, `${behind} s at once: ${off} ms off`)
})

test('sound that was not there when an epoch began, long behind the newest of slow pictures, is on their clock', () => {
  const studio = createStudio()
  studio.connect()
  const sent = without(encode({ fps: 1 / 3, gop: 1, seconds: 42 }), AUDIO_TRACK, 8, 26.8)
  // A clock that leaps while nothing is heard.
  studio.send(jumping(sent, 11, 100))
  studio.stop()
  assert.deepEqual(
    studio.recorded.opened.map((e) => e.reason),
    ['encoder', 'jump'],
  )
  const slides = new Map(PICTURES(studio).map(({ arrivedAt, dts }) => [arrivedAt, dts / 90_000]))
  const beside = SOUNDS(studio).flatMap(({ arrivedAt, dts, data }) => {
    const slide = data.length === 3 ? slides.get(arrivedAt) : undefined
    return slide === undefined ? [] : [dts / 48_000 - slide]
  })
  assert.ok(beside.length > 0 && beside.every((by) => Math.abs(by) < 0.1), beside.join())
})
