import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import type { TimedUnit } from '../timeline/model.ts'
import { type EncoderOptions, encode, videoConfig } from './fixtures/encoder.ts'
import { createStudio, type Studio } from './fixtures/studio.ts'
import type { EpochTrack, Part } from './model.ts'
import { createRungPacker, type RungPacker } from './rung-packer.ts'

const RUNG = 11
const S = 90_000

interface Rig {
  readonly studio: Studio
  readonly rung: RungPacker
  readonly parts: readonly Part[]
  readonly inits: readonly (readonly [epoch: number, track: EpochTrack])[]
  /** What the encoder makes of a source picture; `undefined` loses it. */
  make: (unit: TimedUnit) => TimedUnit | undefined
  /** Seconds by which it is behind. */
  delay: number
  /** Of the encoder that connects next. */
  config: VideoTrackConfig
  frameDuration: number
}

/** A source, and an encoder that gives its pictures back later, in the order in which they are shown. */
function createRig(options: { readonly delay?: number; readonly begins?: boolean } = {}): Rig {
  const parts: Part[] = []
  const inits: (readonly [number, EpochTrack])[] = []
  let rung: RungPacker | undefined
  let epoch = -1
  let held: TimedUnit[] = []

  function release(until: number): void {
    held.sort((a, b) => a.pts - b.pts)
    while (held[0] !== undefined && held[0].pts <= until) {
      const source = held.shift()
      const made = source && rig.make({ ...source, track: RUNG, dts: source.pts })
      if (made !== undefined) rung?.unit(made, epoch)
    }
  }

  const studio = createStudio({
    follower(timing, packager) {
      const sink = {
        part: (part: Part) => void parts.push(part),
        rung: (id: number, track: EpochTrack) => void inits.push([id, track]),
      }
      return (rung = createRungPacker({
        timing,
        sink,
        numbersOf: (track) => packager()?.numbersOf(track) ?? (() => 0),
      }))
    },
    onEvent(event) {
      if (event.kind === 'epoch-opened') {
        epoch = event.id
        rung?.add(RUNG, rig.frameDuration)
        rung?.configure(RUNG, epoch, rig.config)
        if (options.begins !== false) rung?.begin(RUNG, epoch, event.start)
      } else if (event.kind === 'unit' && event.unit.track === VIDEO_TRACK) {
        held.push(event.unit)
        release(event.unit.dts - rig.delay * S)
      } else if (event.kind === 'epoch-closed') {
        release(Number.POSITIVE_INFINITY)
        held = []
        rung?.pause(RUNG, epoch)
      }
    },
  })
  const rig: Rig = {
    studio,
    parts,
    inits,
    make: (unit) => unit,
    delay: options.delay ?? 0.5,
    config: videoConfig(),
    frameDuration: 3000,
    get rung() {
      if (rung === undefined) throw new TypeError('nothing was streamed')
      return rung
    },
  }
  return rig
}

interface Listed {
  readonly msn: number
  readonly epoch: number
  readonly start: number
  readonly duration: number
  readonly gap: boolean
}

function segments(parts: readonly Part[]): Listed[] {
  const found = new Map<number, Listed>()
  for (const { msn, epoch, start, duration, gap } of parts) {
    const before = found.get(msn)
    if (before === undefined) found.set(msn, { msn, epoch, start, duration, gap })
    else found.set(msn, { ...before, duration: before.duration + duration, gap: before.gap && gap })
  }
  return [...found.values()]
}

/** Same numbers, epochs, begins and lengths as the source, no part missing its end. */
function assertAligned(rig: Rig, tolerance = 0): void {
  const source = segments(rig.studio.parts(VIDEO_TRACK))
  const rung = segments(rig.parts)
  const first = rung[0]?.msn ?? 0
  assert.deepEqual(
    rung.map(({ msn, epoch }) => [msn, epoch]),
    source.filter(({ msn }) => msn >= first).map(({ msn, epoch }) => [msn, epoch]),
  )
  for (const { msn, start, duration } of rung) {
    const other = source.find((s) => s.msn === msn)
    assert.ok(other !== undefined && Math.abs(other.start - start) <= tolerance, `segment ${msn}: ${start}`)
    // The last one ends with the epoch, which sound may outlast.
    const slack = other === source.findLast(({ epoch }) => epoch === other.epoch) ? 3_000 : 2 * tolerance
    assert.ok(Math.abs(other.duration - duration) <= slack, `segment ${msn}: ${duration} of ${other.duration}`)
  }
  let last: Part | undefined
  for (const part of rig.parts) {
    if (last !== undefined) {
      assert.ok(part.number > last.number)
      assert.equal(part.msn, last.last ? last.msn + 1 : last.msn, `part ${part.number}`)
      assert.ok(part.start >= last.start + last.duration, `part ${part.number} overlaps`)
    }
    last = part
  }
  assert.ok(last?.last, 'the last part closes its segment')
}

const sources: readonly (readonly [string, Partial<EncoderOptions>])[] = [
  ['30 frames a second', {}],
  ['23.976', { fps: 24_000 / 1001 }],
  ['59.94 with exact times', { fps: 60_000 / 1001, rounded: false }],
  ['key frames 8.33 s apart', { gop: 250 }],
  ['key frames 1 s apart', { gop: 30 }],
  ['B-frames', { bFrames: true }],
]
for (const [name, options] of sources) {
  for (const delay of [0.1, 0.5, 3]) {
    test(`${name}, ${delay} s behind: every segment begins, ends and is numbered as the source's`, () => {
      const rig = createRig({ delay })
      rig.studio.stream({ seconds: 30, ...options })
      assertAligned(rig, options.bFrames === true ? 9_000 : 0)
      assert.equal(rig.parts.filter(({ gap }) => gap).length, 0)
      assert.equal(rig.rung.lateUnits, 0)
    })
  }
}

test('half as many frames: segments are the same', () => {
  const rig = createRig()
  let count = 0
  rig.make = (unit) => {
    count = unit.key ? 0 : count + 1
    return count % 2 === 0 ? unit : undefined
  }
  rig.studio.stream({ seconds: 20, fps: 60 })
  assertAligned(rig)
})

test('encoder after encoder: epochs are those of the source', () => {
  const rig = createRig()
  for (let i = 0; i < 3; i++) {
    rig.studio.stream({ seconds: 7.3, base: i * 100 })
    rig.studio.now += 2_000
  }
  assertAligned(rig)
  assert.deepEqual([...new Set(rig.parts.map(({ epoch }) => epoch))], [0, 1, 2])
  assert.equal(rig.parts.filter(({ gap }) => gap).length, 0)
})

/** Number of the first part with media of an epoch. */
function firstPart(rig: Rig, epoch: number): number | undefined {
  return rig.parts.find((part) => part.epoch === epoch && !part.gap)?.number
}

test('an encoder that brings other parameter sets has an initialisation segment of its own, one that brings the same has not', () => {
  const rig = createRig()
  rig.studio.stream({ seconds: 5 })
  rig.studio.stream({ seconds: 5, base: 100 })
  rig.config = videoConfig(1)
  rig.studio.stream({ seconds: 5, base: 200 })
  assert.deepEqual(
    rig.inits.map(([epoch, { initNumber }]) => [epoch, initNumber]),
    [
      [0, firstPart(rig, 0)],
      [1, firstPart(rig, 0)],
      [2, firstPart(rig, 2)],
    ],
  )
  assert.notDeepEqual(rig.inits[2]?.[1].init, rig.inits[0]?.[1].init)
})

test('a rung that comes back as another within an epoch begins a segment', () => {
  const rig = createRig()
  let hasChanged = false
  rig.make = (unit) => {
    if (!hasChanged && unit.dts >= 9 * S) {
      hasChanged = true
      rig.rung.pause(RUNG, 0)
      rig.rung.configure(RUNG, 0, videoConfig(1))
      rig.rung.begin(RUNG, 0, unit.dts)
    }
    return unit
  }
  // Segments begin at whole 2 seconds: a key frame at 9 s is within one.
  rig.studio.stream({ seconds: 20, gop: 30 })
  assertAligned(rig)
  assert.equal(rig.inits.length, 2)
  const [, change] = rig.inits
  const first = rig.parts.find(({ number }) => number === change?.[1].initNumber)
  assert.equal(first?.start, 10 * S)
  assert.equal(first?.gap, false)
  const gaps = rig.parts.filter(({ gap }) => gap)
  assert.ok(gaps.length > 0 && gaps.every(({ start }) => start >= 9 * S - 90 && start < 10 * S))
})

test('a rung that comes back as another before its first part is whole begins a segment too', () => {
  const rig = createRig()
  let hasChanged = false
  rig.make = (unit) => {
    if (hasChanged || unit.dts < 0.1 * S) return unit
    hasChanged = true
    rig.rung.pause(RUNG, 0)
    rig.rung.configure(RUNG, 0, videoConfig(1))
    rig.rung.begin(RUNG, 0, 0, rig.rung.reached(RUNG, 0))
    return { ...unit, key: true }
  }
  rig.studio.stream({ seconds: 8 })
  assertAligned(rig)
  const [own, other] = rig.inits.map(([, { initNumber }]) => rig.parts.find(({ number }) => number === initNumber))
  assert.deepEqual([own?.start, other?.start], [0, 2 * S])
})

test('a rung that is stopped and made again is told of once in an epoch', () => {
  const rig = createRig()
  rig.make = (unit) => {
    if (unit.key) {
      rig.rung.pause(RUNG, 0)
      rig.rung.begin(RUNG, 0, unit.dts)
    }
    return unit
  }
  rig.studio.stream({ seconds: 20 })
  assert.equal(rig.inits.length, 1)
})

test('after a restart another initialisation segment has another name', () => {
  const recovered = (first: number, epoch: number, config: VideoTrackConfig) => {
    const inits: number[] = []
    let number = first
    const rung = createRungPacker({
      timing: { targetDuration: 4, partTarget: 0.35 },
      numbersOf: () => () => number++,
      sink: { part() {}, rung: (_epoch, { initNumber }) => void inits.push(initNumber) },
    })
    rung.opened({ id: epoch, start: 0, wallClock: 0, tracks: [] }, 3)
    rung.add(RUNG, 3000)
    rung.configure(RUNG, epoch, config)
    rung.begin(RUNG, epoch, 0)
    const picture = { track: RUNG, dts: 0, pts: 0, key: true, data: new Uint8Array(3), arrivedAt: 0 }
    rung.unit(picture, epoch)
    rung.closed(3000, 3)
    rung.finish(0)
    return inits
  }
  assert.deepEqual(recovered(0, 0, videoConfig()), [0])
  // Numbers of parts go on above all that were reserved.
  assert.deepEqual(recovered(1024, 1, videoConfig(1)), [1024])
})

test('an encoder that comes back with other pictures a second is cut like one that began with them', () => {
  // Where there is no key frame the source is cut between two of the rung's pictures.
  const options: EncoderOptions = { seconds: 15, gop: (picture) => picture === 0 }
  const thin = (rig: Rig) => {
    let count = 0
    rig.frameDuration = 9 * 3000
    rig.make = (unit) => {
      count = unit.key ? 0 : count + 1
      return count % 9 === 0 ? unit : undefined
    }
  }
  const fresh = createRig()
  thin(fresh)
  fresh.studio.stream(options)
  const rig = createRig()
  rig.studio.stream({ seconds: 5 })
  thin(rig)
  rig.studio.stream({ ...options, base: 100 })
  const lengths = (of: Rig, epoch: number) => of.parts.filter((p) => p.epoch === epoch).map(({ duration }) => duration)
  assert.deepEqual(lengths(rig, 1), lengths(fresh, 0))
})

test('while nothing is made every segment is a gap, but for the newest', () => {
  const rig = createRig({ begins: false })
  rig.make = () => undefined
  rig.studio.stream({ seconds: 20 })
  assertAligned(rig)
  assert(rig.parts.every(({ gap }) => gap))
  assert.equal(rig.parts.filter(({ last }) => last).length, 10)
})

test('a rung that is begun in between is a gap up to there and whole from there on', () => {
  const rig = createRig({ begins: false, delay: 1.5 })
  let from = Number.POSITIVE_INFINITY
  rig.make = (unit) => (unit.dts >= from ? unit : undefined)
  rig.studio.connect()
  rig.studio.send(
    (function* () {
      for (const sent of encode({ seconds: 20 })) {
        yield sent
        if (from !== Number.POSITIVE_INFINITY || sent.at < 11) continue
        from = rig.rung.starts.at(-1) ?? 0
        rig.rung.begin(RUNG, 0, from)
      }
    })(),
  )
  rig.studio.stop()
  assertAligned(rig)
  const listed = segments(rig.parts)
  assert.deepEqual(
    listed.map(({ gap }) => gap),
    [...Array(5).fill(true), ...Array(5).fill(false)],
  )
  assert(rig.parts.filter(({ gap }) => !gap).every(({ start }) => start >= from))
})

test('an encoder that dies leaves a gap until the next key frame of the one after it', () => {
  const rig = createRig()
  let isDead = false
  rig.make = (unit) => {
    if (!isDead && unit.dts >= 5 * S && unit.dts < 7 * S) {
      isDead = true
      rig.rung.pause(RUNG, 0)
      rig.rung.begin(RUNG, 0, unit.dts)
    }
    return unit.dts >= 5 * S && unit.dts < 7 * S ? undefined : unit
  }
  rig.studio.stream({ seconds: 20 })
  assertAligned(rig)
  const gaps = rig.parts.filter(({ gap }) => gap)
  const [first] = gaps
  const last = gaps.at(-1)
  assert.ok(first !== undefined && last !== undefined)
  // A picture lasts as long as the one before it, to a millisecond.
  assert.ok(Math.abs(first.start - 5 * S) <= 90)
  // Pictures without their key frame are of no use: the next one is at 8 s.
  assert.equal(last.start + last.duration, 8 * S)
  const next = rig.parts.find(({ start }) => start === 8 * S)
  assert.equal(next?.independent, true)
})

for (const { what, at } of [
  { what: 'within a segment', at: 5 * S },
  { what: 'where a segment ends', at: 6 * S },
]) {
  test(`an encoder that dies ${what} leaves nothing out where the one after it goes on there`, () => {
    const rig = createRig()
    let last: number | undefined
    let next: number | undefined
    rig.make = (unit) => {
      if (unit.dts < at) return unit
      if (last === undefined) {
        assert.equal(rig.rung.reached(RUNG, 0), undefined, 'while one is at work')
        rig.rung.pause(RUNG, 0)
        last = rig.rung.reached(RUNG, 0) ?? Number.POSITIVE_INFINITY
        rig.rung.begin(RUNG, 0, 4 * S)
      }
      assert(unit.dts > last)
      next ??= unit.dts
      return unit.dts === next ? { ...unit, key: true } : unit
    }
    rig.studio.stream({ seconds: 20 })
    assertAligned(rig)
    assert.ok(last !== undefined && next !== undefined && next - last <= 3_060, `${last}`)
    assert.deepEqual(
      rig.parts.filter(({ gap }) => gap),
      [],
    )
    // Nor is there a part that is too short (RFC 8216bis §4.4.4.9).
    for (const { start, duration, last: isLast } of rig.parts) {
      assert.ok(isLast || duration >= 0.85 * 0.35 * S, `at ${start}`)
    }
  })
}

test('an encoder that dies before what is left of the epoch before has come is not mixed with the one after it', () => {
  const rig = createRig({ delay: 0 })
  rig.studio.stream({ seconds: 5 })
  rig.studio.now += 2_000
  // An ffmpeg of the first epoch still ends.
  rig.rung.begin(RUNG, 0, 4 * S)
  let from: number | undefined
  const made: TimedUnit[] = []
  rig.make = (unit) => {
    from ??= unit.dts
    if (unit.dts < from + 2.5 * S) return unit
    made.push(unit)
    return undefined
  }
  rig.studio.connect()
  rig.studio.send(encode({ seconds: 3, gop: 30 }))
  const [first] = made
  assert(from !== undefined && first !== undefined)
  rig.rung.pause(RUNG, 1)
  rig.rung.begin(RUNG, 1, from)
  // Of a group of pictures of its own, from half a second before on.
  const again = rig.studio.recorded.units.filter(
    ({ track, dts }) => track === VIDEO_TRACK && dts >= first.dts - 0.5 * S,
  )
  for (const [i, unit] of again.entries()) rig.rung.unit({ ...unit, track: RUNG, key: i === 0 }, 1)
  rig.rung.pause(RUNG, 0)
  rig.rung.tick(rig.studio.now)
  const own = rig.parts.filter(({ epoch, gap }) => epoch === 1 && !gap)
  const end = Math.max(...own.map(({ start, duration }) => start + duration))
  assert(end > from + 2 * S && end <= first.dts, `${end - from}`)
})

test('an encoder that makes the last picture of the one before once more is followed from its next key frame on', () => {
  const rig = createRig()
  let last: number | undefined
  rig.make = (unit) => {
    if (unit.dts < 5 * S) return unit
    if (last === undefined) {
      rig.rung.pause(RUNG, 0)
      last = rig.rung.reached(RUNG, 0) ?? 0
      rig.rung.begin(RUNG, 0, 4 * S)
      rig.rung.unit({ ...unit, dts: last, pts: last, key: true }, 0)
    }
    return unit
  }
  rig.studio.stream({ seconds: 20 })
  assertAligned(rig)
  const gaps = rig.parts.filter(({ gap }) => gap)
  const end = gaps.at(-1)
  assert.equal(end && end.start + end.duration, 6 * S)
})

for (const { what, after, isGap } of [
  { what: 'goes on there: pictures of the source are so far apart', after: 0, isGap: false },
  { what: 'goes on behind an older picture', after: -3_000, isGap: true },
  { what: 'begins anew', after: undefined, isGap: true },
]) {
  test(`a quarter of a second between an encoder that dies and one that ${what}`, () => {
    const rig = createRig()
    const isLeftOut = (dts: number) => dts > 4.95 * S && dts < 5.2 * S
    let isDead = false
    rig.make = (unit) => {
      if (isDead || unit.dts < 5.2 * S) return unit
      isDead = true
      rig.rung.pause(RUNG, 0)
      const last = rig.rung.reached(RUNG, 0) ?? 0
      rig.rung.begin(RUNG, 0, 4 * S, after === undefined ? undefined : last + after)
      return { ...unit, key: true }
    }
    rig.studio.connect()
    rig.studio.send(
      [...encode({ seconds: 20 })].filter(({ unit: { track, dts } }) => track !== VIDEO_TRACK || !isLeftOut(dts)),
    )
    rig.studio.stop()
    assertAligned(rig)
    assert.equal(rig.parts.filter(({ gap }) => gap).length > 0, isGap)
  })
}

for (const { missing, isGap } of [
  { missing: 0, isGap: false },
  { missing: 1, isGap: false },
  { missing: 2, isGap: false },
  { missing: 15, isGap: true },
]) {
  test(`an encoder that dies with ${missing} pictures to make before an epoch ends leaves ${isGap ? 'a gap' : 'none'}`, () => {
    const rig = createRig({ delay: 0 })
    rig.make = (unit) => (unit.dts < (9 - (missing + 0.5) / 30) * S ? unit : undefined)
    rig.studio.connect()
    rig.studio.send(encode({ seconds: 9 }))
    rig.rung.pause(RUNG, 0)
    rig.studio.stop()
    assertAligned(rig)
    assert.equal(rig.parts.filter(({ gap }) => gap).length > 0, isGap)
  })
}

test('where nothing can be gone on with', () => {
  const rig = createRig({ begins: false })
  const ends: (number | undefined)[] = []
  rig.make = (unit) => {
    // Nothing yet; then something, with gaps behind it.
    if (unit.dts === 4 * S) ends.push(rig.rung.reached(RUNG, 0), rig.rung.reached(RUNG, 1), rig.rung.reached(12, 0))
    if (unit.dts === 6 * S) rig.rung.begin(RUNG, 0, unit.dts)
    if (unit.dts === 9 * S) {
      rig.rung.pause(RUNG, 0)
      ends.push(rig.rung.reached(RUNG, 0))
    }
    if (unit.dts === 16 * S) ends.push(rig.rung.reached(RUNG, 0))
    return unit.dts >= 6 * S && unit.dts < 9 * S ? unit : undefined
  }
  rig.studio.stream({ seconds: 20 })
  const seconds = ends.map((end) => end && Math.round(end / S))
  assert.deepEqual(seconds, [undefined, undefined, undefined, 9, undefined])
})

test('a rung that falls silent holds up nobody and is a gap past the ceiling', () => {
  const rig = createRig()
  rig.make = (unit) => (unit.dts < 6 * S ? unit : undefined)
  const seen: number[] = []
  rig.studio.connect()
  rig.studio.send(
    (function* () {
      for (const sent of encode({ seconds: 40 })) {
        yield sent
        const source = rig.studio.parts(VIDEO_TRACK).at(-1)?.msn ?? 0
        seen.push(source - (rig.parts.at(-1)?.msn ?? source))
      }
    })(),
  )
  rig.studio.stop()
  assertAligned(rig)
  assert(Math.max(...seen) <= 5, `up to ${Math.max(...seen)} segments behind`)
})

test('what comes after its segment was given up is dropped until a key frame', () => {
  const rig = createRig({ delay: 9 })
  rig.studio.stream({ seconds: 30 })
  assertAligned(rig)
  assert(rig.rung.lateUnits > 0)
})
