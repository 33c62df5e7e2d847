import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK } from '@bandstand/media/access-unit.ts'
import { createSoundBacklog } from './backlog.ts'
import { SOUND_LIMITS } from './limits.ts'

const timescale = 48_000

/** A packet of 20 ms. */
function unit(number: number, data: Uint8Array) {
  const dts = number * 960
  return { track: AUDIO_TRACK, dts, pts: dts, key: true, data, arrivedAt: 0 }
}

test('sound that came with pictures in one piece of memory does not keep them', () => {
  const backlog = createSoundBacklog({ timescale })
  const all = new Uint8Array(100_000)
  all.set([1, 2, 3], 500)
  backlog.add(unit(0, all.subarray(500, 503)), 0)
  backlog.add(unit(1, all), 0)
  const [first, second] = backlog.from(0)
  assert.deepEqual([first?.data, first?.data.buffer.byteLength], [Uint8Array.of(1, 2, 3), 3])
  // What is the whole of it is not copied.
  assert.equal(second?.data, all)
})

test('it has so many seconds, and what is asked for begins with the packet before', () => {
  const backlog = createSoundBacklog({ timescale })
  const { backlogSeconds } = SOUND_LIMITS
  for (let number = 0; number < (backlogSeconds + 10) * 50; number++) backlog.add(unit(number, new Uint8Array(10)), 0)
  const first = backlog.first?.dts ?? assert.fail()
  const newest = (backlogSeconds + 10) * timescale
  assert.ok(newest - first >= backlogSeconds * timescale && newest - first < (backlogSeconds + 2) * timescale)
  assert.equal(backlog.from(newest - timescale + 5)[0]?.dts, newest - timescale)
  assert.equal(backlog.bytes, (newest - first) / 96)
  assert.equal(backlog.release(), true)
  assert.ok((backlog.first?.dts ?? 0) > first + 10 * timescale)
})
