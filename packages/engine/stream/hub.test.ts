import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { EngineError } from '../error.ts'
import { audioConfig, videoConfig } from '../packager/fixtures/encoder.ts'
import type { TimelineEvent } from '../timeline/model.ts'
import { createHub } from './hub.ts'
import { HUB_LIMITS } from './limits.ts'
import type { HubReader, ReadOptions } from './reader.ts'

/** 10 pictures a second of 100 bytes. */
const PICTURE_BYTES = 100
const AMPLE = { maxBytes: 1e6, maxDuration: 60_000 }

function opened(id: number, tracks: 'both' | 'sound' = 'both'): TimelineEvent {
  const sound = { track: AUDIO_TRACK, config: audioConfig(), frameDuration: 1024 / 48_000 }
  const pictures = { track: VIDEO_TRACK, config: videoConfig(), frameDuration: 0.1 }
  return {
    kind: 'epoch-opened',
    id,
    start: 0,
    wallClock: 0,
    tracks: tracks === 'both' ? [pictures, sound] : [sound],
    reason: 'encoder',
  }
}

const closed = (id: number): TimelineEvent => ({ kind: 'epoch-closed', id, end: 1 })

/** Picture `n`. */
function picture(n: number, key: boolean, bytes = PICTURE_BYTES): TimelineEvent {
  const dts = n * 9000
  const data = new Uint8Array(bytes)
  return { kind: 'unit', unit: { track: VIDEO_TRACK, dts, pts: dts, key, data, arrivedAt: 0 } }
}

/** Sound at the time of picture `n`. */
function sound(n: number): TimelineEvent {
  const dts = n * 4800
  return {
    kind: 'unit',
    unit: { track: AUDIO_TRACK, dts, pts: dts, key: true, data: new Uint8Array(10), arrivedAt: 0 },
  }
}

/** `K3` the key frame 3, `p4` a picture, `s4` sound, `<1` and `1>` an epoch's begin and end. */
function name(event: TimelineEvent): string {
  if (event.kind === 'epoch-opened') return `<${event.id}`
  if (event.kind === 'epoch-closed') return `${event.id}>`
  const { track, dts, key } = event.unit
  return track === AUDIO_TRACK ? `s${dts / 4800}` : `${key ? 'K' : 'p'}${dts / 9000}`
}

function taken(reader: HubReader): string {
  const names: string[] = []
  for (let event = reader.take(); event !== undefined; event = reader.take()) names.push(name(event))
  return names.join(' ')
}

function stage(keep = true) {
  const faults: string[] = []
  const hub = createHub({ keep, onFault: (reader, error) => faults.push(`${reader}: ${(error as Error).message}`) })
  const publish = (...events: readonly TimelineEvent[]) => {
    for (const event of events) hub.publish(event)
  }
  const read = (options: Partial<ReadOptions> = {}) =>
    hub.read({ name: 'test', from: 'newest-key', ...AMPLE, isUrgent: () => false, onReady() {}, ...options })
  return { hub, publish, read, faults }
}

test('a reader that comes during an epoch gets it, its newest group with the sound, and what follows', () => {
  const { publish, read } = stage()
  publish(opened(1), picture(0, true), picture(1, false), sound(1), picture(2, true), sound(2), picture(3, false))
  const reader = read()
  assert.equal(taken(reader), '<1 K2 s2 p3')
  publish(picture(4, false), closed(1), opened(2), sound(0))
  assert.equal(taken(reader), 'p4 1> <2 s0')
})

test('events are handed out by reference', () => {
  const { publish, read } = stage()
  const key = picture(0, true)
  publish(opened(1), key)
  const [first, second] = [read(), read()]
  for (const reader of [first, second]) {
    reader.take()
    assert.equal(reader.take(), key)
  }
})

test('a reader from now waits for the next group', () => {
  const { publish, read } = stage()
  publish(opened(1), picture(0, true))
  const reader = read({ from: 'now' })
  publish(picture(1, false), sound(1), picture(2, true), sound(2))
  assert.equal(taken(reader), '<1 K2 s2')
  assert.deepEqual(reader.dropped, { groups: 0, units: 0, bytes: 0 })
})

test('where no group is kept a reader waits for the next, and no memory is held', () => {
  const { hub, publish, read } = stage(false)
  publish(opened(1), picture(0, true))
  const reader = read()
  publish(picture(1, false), picture(2, true))
  assert.equal(taken(reader), '<1 K2')
  assert.equal(hub.bytes, 0)
})

test('a group that outgrows its bound is not kept; the next one is', () => {
  const { hub, publish, read } = stage()
  const last = HUB_LIMITS.groupDuration / 100
  publish(opened(1))
  for (let n = 0; n <= last; n++) publish(picture(n, n === 0))
  assert.equal(hub.bytes, (last + 1) * PICTURE_BYTES)
  publish(picture(last + 1, false))
  assert.equal(hub.bytes, 0)
  publish(picture(last + 2, false), picture(last + 3, true))
  assert.equal(taken(read()), `<1 K${last + 3}`)
})

test('the kept group is given back when memory is short', () => {
  const { hub, publish } = stage()
  publish(opened(1), picture(0, true))
  assert.deepEqual([hub.release(), hub.bytes, hub.release()], [true, 0, false])
})

test('with sound alone a reader begins with the next frame', () => {
  const { publish, read } = stage()
  publish(opened(1, 'sound'), sound(0))
  const reader = read()
  publish(sound(1), sound(2))
  assert.equal(taken(reader), '<1 s1 s2')
})

test('a reader too slow in bytes loses its oldest group whole, with its sound, and nobody else does', () => {
  const { publish, read } = stage()
  publish(opened(1))
  const slow = read({ maxBytes: 4 * PICTURE_BYTES })
  const other = read()
  publish(picture(0, true), sound(0), picture(1, false), picture(2, true), picture(3, false))
  // 410 bytes: the first group goes.
  assert.equal(taken(slow), '<1 K2 p3')
  assert.deepEqual(slow.dropped, { groups: 1, units: 3, bytes: 210 })
  assert.equal(taken(other), '<1 K0 s0 p1 K2 p3')
  assert.deepEqual(other.dropped, { groups: 0, units: 0, bytes: 0 })
})

test('a reader too slow in time within a group loses the rest of that group', () => {
  const { publish, read } = stage()
  publish(opened(1))
  const slow = read({ maxDuration: 200 })
  publish(picture(0, true), picture(1, false))
  assert.equal(name(slow.take() as TimelineEvent), '<1')
  assert.equal(name(slow.take() as TimelineEvent), 'K0')
  publish(picture(2, false), picture(3, false))
  assert.equal(slow.queued.duration, 200)
  // p1 to p4 are 300 ms: over, and no other group to go on with.
  publish(picture(4, false), picture(5, false), sound(5))
  assert.equal(slow.take(), undefined)
  publish(picture(6, true), picture(7, false))
  assert.equal(taken(slow), 'K6 p7')
  assert.deepEqual(slow.dropped, { groups: 1, units: 6, bytes: 510 })
})

test('the group that a reader begins with may be longer than it holds, what comes behind it may not', () => {
  const { publish, read } = stage()
  publish(opened(1), picture(0, true))
  for (let n = 1; n < 10; n++) publish(picture(n, false))
  const slow = read({ maxDuration: 200 })
  publish(picture(10, false))
  for (let n = 0; n < 11; n++) slow.take()
  assert.equal(slow.dropped.units, 0)
  publish(picture(11, false), picture(12, false), picture(13, false), picture(14, false), picture(15, true))
  assert.equal(taken(slow), 'K15')
  assert.equal(slow.dropped.groups, 1)
})

test('a key frame larger than a reader holds is lost with its group', () => {
  const { publish, read } = stage()
  publish(opened(1))
  const reader = read({ maxBytes: 150 })
  publish(picture(0, true, 151), picture(1, false), picture(2, true))
  assert.equal(taken(reader), '<1 K2')
  assert.deepEqual(reader.dropped, { groups: 1, units: 2, bytes: 251 })
})

test('a kept group larger than a reader holds is no loss: the reader waits', () => {
  const { publish, read } = stage()
  publish(opened(1), picture(0, true), picture(1, false))
  const reader = read({ maxBytes: 150 })
  publish(picture(2, false), picture(3, true))
  assert.equal(taken(reader), '<1 K3')
  assert.equal(reader.dropped.groups, 0)
})

test('a reader that sleeps over epochs hears the end of the one it knew and the begin of the one that runs', () => {
  const { publish, read } = stage()
  publish(opened(1))
  const reader = read({ maxDuration: 100 })
  publish(picture(0, true))
  assert.equal(taken(reader), '<1 K0')
  publish(picture(1, false), closed(1))
  for (let id = 2; id < 500; id++) publish(opened(id), picture(id * 10, true), closed(id))
  publish(opened(500), picture(9000, true))
  assert.equal(taken(reader), '1> <500 K9000')
  assert.deepEqual([reader.dropped.groups, reader.dropped.units], [499, 499])
})

test('epochs without a unit do not pile up', () => {
  const { publish, read } = stage()
  const reader = read()
  for (let id = 0; id < 10; id++) publish(opened(id), closed(id))
  publish(opened(10))
  assert.equal(taken(reader), '<10')
})

test('however small the units, a queue has a bound', () => {
  const { publish, read } = stage()
  publish(opened(1))
  const reader = read({ maxDuration: Number.POSITIVE_INFINITY })
  for (let n = 0; n < HUB_LIMITS.queuedEvents; n++) publish(picture(n, n % 2000 === 0, 0))
  assert.deepEqual(reader.dropped, { groups: 1, units: 2000, bytes: 0 })
})

test('a reader is told once until it has taken everything, and never before it is had', async () => {
  const { publish, read } = stage()
  publish(opened(1), picture(0, true))
  let told = 0
  const reader = read({ onReady: () => told++ })
  assert.equal(told, 0)
  await turn()
  assert.equal(told, 1)
  publish(picture(1, false))
  assert.equal(told, 1)
  taken(reader)
  publish(picture(2, false), picture(3, false))
  assert.equal(told, 2)
})

test('a reader that throws is closed and reported; the publisher and the others go on', () => {
  const { hub, publish, read, faults } = stage()
  publish(opened(1))
  const other = read()
  read({
    name: 'bad',
    onReady() {
      throw new TypeError('injected')
    },
  })
  publish(picture(0, true), picture(1, false))
  assert.deepEqual(faults, ['bad: injected'])
  assert.equal(hub.readers, 1)
  assert.equal(taken(other), '<1 K0 p1')
})

test('after the end readers take what is left and are told of it; later ones find nothing', async () => {
  const { hub, publish, read } = stage()
  publish(opened(1), picture(0, true))
  let told = 0
  const reader = read({ onReady: () => told++ })
  await turn()
  assert.equal(taken(reader), '<1 K0')
  hub.end()
  await turn()
  assert.deepEqual([reader.ended, told], [true, 2])
  const slow = stage()
  slow.publish(opened(1), picture(0, true), closed(1))
  const late = slow.read()
  slow.publish(opened(2))
  slow.hub.end()
  assert.equal(late.ended, false)
  assert.equal(taken(late), '<2')
  assert.equal(late.ended, true)
  assert.equal(slow.read().ended, true)
  assert.equal(slow.hub.bytes, 0)
})

test('a closed reader holds nothing and gets nothing', () => {
  const { hub, publish, read } = stage()
  publish(opened(1), picture(0, true))
  const reader = read()
  reader.close()
  publish(picture(1, false))
  assert.deepEqual([reader.take(), reader.ended, reader.queued.bytes, hub.readers], [undefined, true, 0, 0])
})

test('one reader too many is refused', () => {
  const { read } = stage()
  for (let i = 0; i < HUB_LIMITS.readers; i++) read()
  assert.throws(read, (error) => error instanceof EngineError && error.code === 'limit')
})

test('a hub is urgent while one of its readers is', () => {
  const { hub, read } = stage()
  read()
  assert.equal(hub.isUrgent, false)
  let isUrgent = true
  const reader = read({ isUrgent: () => isUrgent })
  assert.equal(hub.isUrgent, true)
  isUrgent = false
  assert.equal(hub.isUrgent, false)
  isUrgent = true
  reader.close()
  assert.equal(hub.isUrgent, false)
})
