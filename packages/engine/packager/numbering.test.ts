import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfig, videoConfig } from './fixtures/encoder.ts'
import { PACKAGER_LIMITS } from './limits.ts'
import { createNumbering } from './numbering.ts'

const { reserveSegments, reserveAhead, reserveBlock } = PACKAGER_LIMITS
const RUNG = 11
const video = { track: VIDEO_TRACK, config: videoConfig() }
const audio = { track: AUDIO_TRACK, config: audioConfig() }

function createRig(firstPart = 0) {
  const reserved: { msn: number; part: number }[] = []
  const rig = { reserved, newest: 3 }
  const reserve = (numbers: { msn: number; part: number }) => void reserved.push(numbers)
  return { rig, numbering: createNumbering({ firstPart, newest: () => rig.newest, reserve }) }
}

test('each track counts its own parts, and goes on where it was when another epoch has it', () => {
  const { numbering } = createRig(7)
  numbering.remember(numbering.initOf(video))
  numbering.remember(numbering.initOf(audio))
  const [pictures, sound] = numbering.tracks
  assert.deepEqual([pictures?.number(), pictures?.number(), sound?.number()], [7, 8, 7])
  numbering.remember(numbering.initOf(video))
  assert.deepEqual(
    numbering.tracks.map(({ init }) => init.track),
    [VIDEO_TRACK, AUDIO_TRACK],
  )
  assert.equal(numbering.tracks[0]?.number(), 9)
})

test('an initialisation segment keeps its number until its bytes change, and never has that of an older one', () => {
  const { numbering } = createRig()
  const first = numbering.initOf(video)
  numbering.remember(first)
  for (let i = 0; i < 5; i++) numbering.tracks[0]?.number()
  assert.equal(numbering.initOf(video).initNumber, first.initNumber)
  const wide = { ...video, config: { ...videoConfig(), width: 640, height: 270 } }
  const second = numbering.initOf(wide)
  assert.equal(second.initNumber, 5)
  numbering.remember(second)
  assert.equal(numbering.initOf(video).initNumber, 6)
})

test('what a follower cuts is numbered above all there is, and goes on when it is asked for again', () => {
  const { numbering } = createRig()
  numbering.remember(numbering.initOf(video))
  for (let i = 0; i < 5; i++) numbering.tracks[0]?.number()
  const next = numbering.numbersOf(RUNG)
  assert.deepEqual([next(), next()], [5, 6])
  assert.equal(numbering.numbersOf(RUNG)(), 7)
  assert.equal(numbering.highestPart, 8)
})

test('numbers are reserved before they are used, many at once', () => {
  const { rig, numbering } = createRig()
  numbering.remember(numbering.initOf(video))
  numbering.reserve()
  numbering.reserve()
  assert.deepEqual(rig.reserved, [{ msn: 3 + 2 * reserveSegments, part: reserveBlock }])
  for (let i = 0; i < 3 * reserveBlock; i++) {
    const number = numbering.tracks[0]?.number() ?? 0
    assert.ok(number + reserveAhead <= (rig.reserved.at(-1)?.part ?? 0))
  }
  assert.ok(rig.reserved.length <= 1 + Math.ceil((3 * reserveBlock) / (reserveBlock - reserveAhead)))
  rig.newest += reserveSegments + 1
  numbering.reserve()
  assert.equal(rig.reserved.at(-1)?.msn, rig.newest + 2 * reserveSegments)
})
