import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findHoles, findInterruptions, type Playback, type Shown } from './continuity.ts'

/** Six seconds of 30 pictures a second, each changed or left out as a fault would. */
function record(change: (shown: Shown, i: number) => Partial<Shown> | undefined = () => ({})): Playback {
  const shown = Array.from({ length: 180 }, (_, i) => ({
    media: 20 + i / 30,
    at: 1000 + (i * 1000) / 30,
    decoded: 9 + i,
    look: i,
  }))
  return {
    from: 1000,
    to: 7000,
    shown: shown.flatMap((one, i) => {
      const changed = change(one, i)
      return changed === undefined ? [] : { ...one, ...changed }
    }),
    waiting: [],
    starved: 0,
  }
}

const rate = { frameRate: 30 }

test('a player that goes on has nothing to say for itself', () => {
  assert.deepEqual(findInterruptions(record(), rate), [])
})

test('a busy machine that shows every third picture, late, is no fault of the stream', () => {
  const busy = record(({ at }, i) => (i % 3 === 0 ? { at: at + (i % 7) * 30 } : undefined))
  assert.deepEqual(findInterruptions(busy, rate), [])
})

test('a picture that is frozen for half of the time, for long or in short pieces, is a fault', () => {
  const half = record((_, i) => (i > 90 ? undefined : {}))
  assert.match(findInterruptions(half, rate).join(), /stood from 3000 ms to 6000 ms/)
  const middle = record((_, i) => (i > 60 && i < 150 ? undefined : {}))
  assert.match(findInterruptions(middle, rate).join(), /stood from 2000 ms to 5000 ms/)
  // Plays 0.3 s, stands 0.3 s, and so on.
  const pieces = record(({ media }, i) => {
    const block = Math.floor(i / 9)
    return block % 2 === 1 ? undefined : { media: media - block * 0.15, decoded: i - block * 4.5 }
  })
  assert.match(findInterruptions(pieces, rate).join(), /played \d+ ms in 6000 ms/)
})

test('sound that plays on over one and the same picture is a fault', () => {
  assert.match(
    findInterruptions(
      record((_, i) => ({ look: Math.floor(i / 2) })),
      rate,
    ).join(),
    /89 of 180 pictures/,
  )
  assert.match(
    findInterruptions(
      record((_, i) => (i === 0 ? {} : undefined)),
      rate,
    ).join(),
    /stood/,
  )
})

test('nothing at all is a fault', () => {
  assert.deepEqual(
    findInterruptions(
      record(() => undefined),
      rate,
    ),
    ['no picture was shown'],
  )
})

test('a hole in the media is a fault, unless the test made it', () => {
  const leap = record(({ media }, i) => ({ media: media + (i > 90 ? 2 : 0) }))
  assert.deepEqual(findInterruptions(leap, rate), ['media time leapt from 23.000 to 25.033 s'])
  assert.deepEqual(findInterruptions(leap, { ...rate, leaps: 1 }), [])
  const back = record(({ media }, i) => ({ media: media - (i > 90 ? 2 : 0) }))
  assert.deepEqual(findInterruptions(back, rate), ['media time leapt from 23.000 to 21.033 s'])
})

test('holes too short to be seen one by one are counted by the pictures that were never decoded', () => {
  const thin = record(({ media }, i) => ({ media: media + Math.floor(i / 30) * 0.2 }))
  assert.deepEqual(findInterruptions(thin, rate), ['30 pictures of the stream were never decoded'])
})

test('waiting for media is a fault', () => {
  const waited = { ...record(), waiting: [2500] }
  assert.deepEqual(findInterruptions(waited, rate), ['waited for media 1500 ms in'])
  assert.deepEqual(findInterruptions(waited, { ...rate, fromPartToPart: true }), [])
  const stood = record((_, i) => (i > 60 && i < 90 ? undefined : {}))
  assert.notDeepEqual(findInterruptions(stood, { ...rate, fromPartToPart: true }), [])
})

test('decoded times are to be one frame apart', () => {
  const times = Array.from({ length: 10 }, (_, i) => i / 30)
  assert.deepEqual(findHoles(times, 30), [])
  assert.deepEqual(findHoles(times.toSpliced(4, 1), 30), ['0.1667 s follows 0.1000 s'])
  assert.deepEqual(findHoles([0, 1 / 30, 1 / 30], 30), ['0.0333 s follows 0.0333 s'])
})
