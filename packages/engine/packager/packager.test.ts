import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { parseFragment } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { encode, seeded } from './fixtures/encoder.ts'
import { assertInvariants, createStudio, worstMisalignment } from './fixtures/studio.ts'

const FRAME_RATES = [10, 12, 12.5, 14.985, 15, 20, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 100, 120]
const SAMPLE_RATES = [16_000, 22_050, 24_000, 32_000, 44_100, 48_000]

for (const fps of FRAME_RATES) {
  test(`parts at ${fps} frames a second fill 85 to 100 % of 0.35 s with any sample rate`, () => {
    for (const audioRate of SAMPLE_RATES) {
      const studio = createStudio()
      studio.stream({ fps, audioRate, seconds: 20 })
      assert.equal(studio.timing?.partTarget, 0.35)
      assertInvariants(studio)
      assert.ok(worstMisalignment(studio) <= 1024 / audioRate, `misaligned by ${worstMisalignment(studio)}`)
      assert.equal(studio.packager?.counters.gaps, 0)
    }
  })
}

test('segments begin with key frames at the first one after 2 s', () => {
  const studio = createStudio()
  studio.stream({ fps: 30, gop: 60, seconds: 30 })
  const firsts = studio.parts(VIDEO_TRACK).filter((p, i, all) => p.msn !== all[i - 1]?.msn)
  assert.ok(firsts.every((p) => p.independent))
  assert.equal(firsts.length, 15)
})

for (const [name, gop] of [
  ['8.33 s', 250],
  ['10 s', 300],
  ['5 s', 150],
  ['1 s', 30],
] as const) {
  test(`key frames ${name} apart: no segment is too long and each key frame begins one, or is within 2 s of one`, () => {
    const studio = createStudio()
    studio.stream({ fps: 30, gop, seconds: 60 })
    assertInvariants(studio)
    const keys = studio.recorded.units.filter((u) => u.track === VIDEO_TRACK && u.key).map((u) => u.dts)
    const starts = new Set(
      studio
        .parts(VIDEO_TRACK)
        .filter((p, i, all) => p.msn !== all[i - 1]?.msn)
        .map((p) => p.start),
    )
    if (gop >= 60) assert.ok(keys.every((k) => starts.has(k)))
  })
}

test('a part is independent exactly when it starts with a key frame', () => {
  const studio = createStudio()
  studio.stream({ fps: 30, gop: 37, seconds: 30 })
  const keys = new Set(studio.recorded.units.filter((u) => u.track === VIDEO_TRACK && u.key).map((u) => u.dts))
  for (const part of studio.parts(VIDEO_TRACK)) assert.equal(part.independent, keys.has(part.start))
})

test('sound alone is cut by the clock into segments of nearly 4 s', () => {
  const studio = createStudio()
  studio.stream({ fps: 0, audioRate: 44_100, seconds: 40 })
  assertInvariants(studio)
  const count = new Set(studio.parts(AUDIO_TRACK).map((p) => p.msn)).size
  assert.ok(count >= 10 && count <= 11, `${count} segments`)
})

test('pictures alone are packaged', () => {
  const studio = createStudio()
  studio.stream({ fps: 25, audioRate: 0, seconds: 20 })
  assertInvariants(studio)
})

test('invariants hold for any frame rate, key-frame distance, jitter and offset', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed)
    const fps = 8 + random() * 60
    const studio = createStudio()
    const gop = 5 + Math.floor(random() * 400)
    const irregular = random() < 0.3
    studio.stream({
      fps,
      audioRate: SAMPLE_RATES[Math.floor(random() * SAMPLE_RATES.length)] ?? 48_000,
      gop: irregular ? (n) => n === 0 || random() < 1 / gop : gop,
      bFrames: random() < 0.5,
      jitter: random() * 6,
      audioOffset: (random() - 0.5) * 0.4,
      seconds: 25,
      random,
    })
    assertInvariants(studio, false)
  }
})

for (const [what, lag] of [
  ['as it sends sound', 0],
  ['a second after the sound', 1],
] as const) {
  test(`after a pause segments begin with key frames again, pictures sent ${what}`, () => {
    for (const gop of [21, 30, 60])
      for (let back = 9.5; back < 13.5; back += 0.07) {
        const studio = createStudio()
        studio.connect()
        const sent = [...encode({ seconds: 26, gop })].flatMap(({ unit, at }) => {
          if (unit.track !== VIDEO_TRACK) return [{ unit, at }]
          return at > 5.3 && at < back ? [] : [{ unit, at: at + lag }]
        })
        studio.send(sent.sort((a, b) => a.at - b.at))
        const firsts = studio.parts(VIDEO_TRACK).filter((p, i, all) => p.msn !== all[i - 1]?.msn)
        const later = firsts.filter(({ start }) => start > (back + 6) * 90_000)
        assert.ok(later.length >= 2 && later.every((p) => p.independent), `${gop} ${back}`)
        // Pictures that came with the border or just behind it may stay before it, or need no gap.
        assert.ok(worstMisalignment(studio) <= 0.1 + 1024 / 48_000, `${gop} ${back}: ${worstMisalignment(studio)}`)
      }
  })
}

for (const [what, back, gop, isShown] of [
  ['with a key frame', 11, 30, true],
  ['with a key frame after a segment without any', 14, 30, true],
  ['without a key frame', 10.3, 30, true],
  ['without a key frame after a segment without any', 13.3, 30, false],
] as const) {
  test(`pictures that come back ${what} ${isShown ? 'are shown from the begin of their segment' : 'begin late'}`, () => {
    const studio = createStudio()
    studio.connect()
    const sent = [...encode({ seconds: 20, gop })]
    studio.send(sent.filter(({ unit, at }) => unit.track !== VIDEO_TRACK || at < 5.3 || at > back - 0.01))
    const segments = [...Map.groupBy(studio.parts(VIDEO_TRACK), ({ msn }) => msn).values()]
    const own = segments.find((parts) => (parts.at(-1)?.start ?? 0) / 90_000 > back) ?? assert.fail()
    const [first] = own
    assert.ok(first)
    assert.equal(first.start, back > 12 ? 12 * 90_000 : 8 * 90_000)
    assert.deepEqual([first.gap, first.independent], [!isShown, isShown && what.startsWith('with a')])
    if (!isShown) return
    assert.ok(own.every(({ gap }) => !gap))
    const { baseDecodeTime, samples } = parseFragment(first.bytes)
    assert.equal(baseDecodeTime, first.start)
    const until = (samples[0]?.duration ?? 0) + first.start
    assert.ok(Math.abs(until / 90_000 - back - 1 / 30) < 0.005, `until ${until / 90_000}`)
    assert.equal(own[1]?.start, first.start + first.duration)
  })
}

for (const at of [12.05, 13]) {
  test(`a single picture in a long pause, at ${at} s, holds up nothing and makes no segment too long`, () => {
    const studio = createStudio()
    studio.connect()
    const sent = [...encode({ seconds: 40, gop: 60 })].filter(
      ({ unit, at: time }) =>
        unit.track !== VIDEO_TRACK || time < 5.3 || (time > at - 0.02 && time < at + 0.014) || time > 35,
    )
    studio.send(sent.filter(({ at: time }) => time < 20))
    const lengths = () =>
      Map.groupBy(studio.parts(VIDEO_TRACK), ({ msn }) => msn)
        .values()
        .map((parts) => parts.reduce((sum, { duration }) => sum + duration, 0) / 90_000)
        .toArray()
    assert.equal(sent.filter(({ unit, at: time }) => unit.track === VIDEO_TRACK && time > 6 && time < 30).length, 1)
    assert.ok((studio.parts(VIDEO_TRACK).at(-1)?.start ?? 0) >= 8 * 90_000, 'what is before it is still open')
    studio.send(sent.filter(({ at: time }) => time >= 20).map((one) => ({ ...one, at: one.at - 20 })))
    assert.ok(Math.max(...lengths()) < 4.5, lengths().join(' '))
    const parts = studio.parts(VIDEO_TRACK)
    for (const [i, part] of parts.entries()) {
      const before = parts[i - 1]
      assert.ok(before === undefined || part.start >= before.start + before.duration, `${part.start / 90_000}`)
    }
  })
}

test('a picture every five seconds beside sound makes no segment too long', () => {
  const studio = createStudio()
  studio.stream({ fps: 0.2, gop: 1, seconds: 60 })
  const segments = Map.groupBy(studio.parts(VIDEO_TRACK), ({ msn }) => msn).values()
  for (const parts of segments) assert.ok(parts.reduce((sum, { duration }) => sum + duration, 0) < 4.5 * 90_000)
})
