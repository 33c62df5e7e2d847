import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFragment } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { PartBuilder } from './part-builder.ts'

const timing = { targetDuration: 4, partTarget: 0.35 }
const unit = (dts: number, key = false) => ({
  track: 1,
  dts,
  pts: dts + 10,
  key,
  data: new Uint8Array(5),
  arrivedAt: 1,
})

/** Frames a part takes when each lasts `duration` ticks of 90 kHz. */
function frames(duration: number): number {
  const part = new PartBuilder(1, 90_000, timing)
  let count = 0
  while (!part.closesBefore(duration)) part.add(unit(count++ * duration), duration)
  return count
}

test('a part takes the frames that come nearest to 0.33 s, never more than the target', () => {
  assert.equal(frames(9000), 3)
  assert.equal(frames(4500), 7)
  assert.equal(frames(3000), 10)
  assert.equal(frames(900), 33)
})

test('a frame longer than the target is a part of its own', () => {
  assert.equal(frames(90_000), 1)
})

test('an uneven frame makes a part slightly too long rather than much too short', () => {
  const part = new PartBuilder(1, 90_000, timing)
  part.add(unit(0), 24_000)
  assert.equal(part.closesBefore(8_000), false)
  assert.equal(part.closesBefore(20_000), true)
})

test('a frame longer than the target joins a part that would be too short without it', () => {
  const part = new PartBuilder(1, 90_000, timing)
  part.add(unit(0), 9_000)
  assert.equal(part.closesBefore(48_000), false)
  part.add(unit(9_000), 19_000)
  assert.equal(part.closesBefore(48_000), true)
})

test('a part says where it starts, how long it is, and whether it starts with a key frame', () => {
  const part = new PartBuilder(1, 90_000, timing)
  part.add(unit(500, true), 3000)
  part.add(unit(3500), 3100)
  const built = part.finish(4, true)
  assert.deepEqual([built.start, built.duration, built.independent], [500, 6100, true])
  assert.equal(Buffer.from(built.bytes.subarray(4, 8)).toString(), 'prft')
  assert.ok(part.empty)
})

test('units stand in the part once it is written, with the bytes they had', () => {
  const part = new PartBuilder(1, 90_000, timing)
  const units = [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4, 5)].map((data, i) => ({
    ...unit(i * 3000, i === 0),
    data,
  }))
  for (const each of units) part.add(each, 3000)
  const first = part.finish(1, true)
  assert.deepEqual(
    units.map(({ data }) => [...data]),
    [[1, 2, 3], [], [4, 5]],
  )
  for (const { data } of units) assert.equal(data.buffer, first.bytes.buffer)
  // The next part moves nothing of this one.
  part.add(unit(9000), 3000)
  part.finish(2, true)
  for (const { data } of units) assert.equal(data.buffer, first.bytes.buffer)
})

test('a picture that is shown early has the wall clock of when that was', () => {
  const part = new PartBuilder(1, 90_000, timing)
  part.add({ ...unit(270_000, true), arrivedAt: 10_000 }, 3_000 + 180_000, 180_000)
  const { start, duration, bytes } = part.finish(1, true)
  assert.deepEqual([start, duration], [90_000, 183_000])
  const { baseDecodeTime, samples } = parseFragment(bytes)
  assert.deepEqual([baseDecodeTime, samples[0]?.duration, samples[0]?.compositionOffset], [90_000, 183_000, 10])
  const prft = Buffer.from(bytes).indexOf('prft') + 4
  // Seconds since 1900.
  assert.equal(Buffer.from(bytes).readUInt32BE(prft + 8) - 2_208_988_800, 8)
})
