import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
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
        rung?.add(RUNG, 3000)
        rung?.configure(RUNG, epoch, videoConfig())
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

test('an encoder that brings other parameter sets has an initialisation segment of its own', () => {
  const rig = createRig()
  rig.studio.stream({ seconds: 5 })
  rig.studio.stream({ seconds: 5, base: 100 })
  assert.deepEqual(
    rig.inits.map(([epoch, { initNumber }]) => [epoch, initNumber]),
    [
      [0, 0],
      [1, 0],
    ],
  )
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
