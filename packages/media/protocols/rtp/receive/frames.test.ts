import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, packet } from './fixtures.ts'
import { createFrames, type Frame } from './frames.ts'
import { h264 } from './h264.ts'
import { RECEIVE_LIMITS } from './limits.ts'
import type { Ordered } from './reorder.ts'

const KEY = bytes(0x78, 0, 4, 0x67, 0x42, 0xc0, 0x1f, 0, 4, 0x68, 0xce, 0x3c, 0x80, 0, 3, 0x65, 0x88, 0x84)
const SLICE = bytes(0x41, 0x9a, 0x02)
const FIRST_PIECE = bytes(0x5c, 0x81, 0x9a)
const LAST_PIECE = bytes(0x5c, 0x41, 0x02)
const GAP: Ordered = { kind: 'gap' }

const whole = (timestamp: number, payload: Uint8Array, marker = true): Ordered => {
  return { kind: 'packet', packet: packet(0, payload, timestamp, marker) }
}
const times = (frames: readonly Frame[]) => frames.map(({ timestamp, key }) => `${timestamp}${key ? ' key' : ''}`)

/** Gives all of them, and what came of it. */
function feed(...ordered: readonly Ordered[]) {
  const frames = createFrames(h264)
  const out = times(ordered.flatMap((one) => frames.push(one)))
  return { frames, out }
}

test('pictures begin with a key frame, each when its marker has come', () => {
  const { out, frames } = feed(
    whole(0, SLICE),
    whole(3000, KEY),
    whole(6000, FIRST_PIECE, false),
    whole(6000, LAST_PIECE),
  )
  assert.deepEqual(out, ['3000 key', '6000'])
  assert.deepEqual({ ...frames.counters }, { frames: 2, keyFrames: 1, dropped: 1, malformed: 0 })
})

test('without a marker a picture ends where the next begins', () => {
  const { out } = feed(whole(0, KEY, false), whole(3000, SLICE, false), whole(6000, SLICE, false))
  assert.deepEqual(out, ['0 key', '3000'])
})

test('behind a hole pictures are left out up to the next key frame', () => {
  const { out, frames } = feed(
    whole(0, KEY),
    whole(3000, FIRST_PIECE, false),
    GAP,
    whole(3000, LAST_PIECE),
    whole(6000, SLICE),
    whole(9000, KEY),
  )
  assert.deepEqual(out, ['0 key', '9000 key'])
  assert.equal(frames.awaitsKey, false)
  assert.equal(frames.counters.dropped, 3)
})

test('a key frame that begins right behind a hole is whole', () => {
  const { out } = feed(whole(0, KEY), GAP, whole(3000, KEY))
  assert.deepEqual(out, ['0 key', '3000 key'])
})

test('padding is no picture, and ends none', () => {
  const { out } = feed(whole(0, KEY), whole(3000, FIRST_PIECE, false), whole(3000, bytes()), whole(3000, LAST_PIECE))
  assert.deepEqual(out, ['0 key', '3000'])
})

test('what contradicts its format is counted, and the next key frame is waited for', () => {
  const { out, frames } = feed(whole(0, KEY), whole(3000, LAST_PIECE), whole(6000, SLICE), whole(9000, KEY))
  assert.deepEqual(out, ['0 key', '9000 key'])
  assert.deepEqual([frames.counters.malformed, frames.counters.dropped], [1, 2])
})

test('fragments without end are given up', () => {
  const frames = createFrames(h264)
  frames.push(whole(0, KEY))
  for (let n = 0; n < RECEIVE_LIMITS.framePackets + 10; n++)
    frames.push(whole(3000, n === 0 ? FIRST_PIECE : bytes(0x5c, 0x01), false))
  assert.deepEqual([frames.awaitsKey, frames.counters.dropped], [true, 1])
  assert.deepEqual(times(frames.push(whole(6000, KEY))), ['6000 key'])
})
