import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from './entry.ts'
import { HLS_LIMITS } from './limits.ts'
import { createPacer, type Pacer } from './pacer.ts'

const data = new Uint8Array(1_000)

/** Ten pictures a second, and as much sound. */
function load(
  pacer: Pacer,
  at: number,
  from: number,
  seconds: number,
  more: { lane?: number; leads?: boolean } = {},
): void {
  const entries: Entry[] = []
  for (let i = 0; i < seconds * 10; i++) {
    const dts = Math.round((from + i / 10) * 90_000)
    entries.push({ kind: 'unit', slot: 'video', dts, pts: dts, key: i === 0, data })
    entries.push({ kind: 'unit', slot: 'audio', dts: dts + 10, pts: dts + 10, key: true, data })
  }
  const { lane = 0, leads = true } = more
  pacer.push({ lane, leads, entries, start: from * 90_000, end: (from + seconds) * 90_000, pace: 2_000 }, at)
}

/** Times (s of media) that are let out at `now`. */
const due = (pacer: Pacer, now: number) => pacer.release(now).map(({ entry }) => entry.dts / 90_000)

test('a segment is let out at the speed at which it plays', () => {
  const pacer = createPacer()
  load(pacer, 10_000, 5, 2)
  assert.equal(pacer.nextAt, 10_000 + HLS_LIMITS.paceMarginMs)
  const first = due(pacer, 10_000 + HLS_LIMITS.paceMarginMs)
  assert.deepEqual(first, [5])
  assert.equal(due(pacer, 11_000 + HLS_LIMITS.paceMarginMs).length, 20)
  assert.equal(due(pacer, 12_000 + HLS_LIMITS.paceMarginMs).length, 19)
  assert.equal(pacer.isEmpty, true)
  assert.equal(pacer.bytes, 0)
})

test('a first segment that is shorter than the target waits for as much as the next may take longer', () => {
  const pacer = createPacer()
  load(pacer, 0, 0, 0.5)
  assert.equal(pacer.nextAt, 1_500 + HLS_LIMITS.paceMarginMs)
  load(pacer, 2_000, 0.5, 2)
  assert.equal(due(pacer, 1e9).length, 50)
})

test('what comes late moves everything back, once', () => {
  const pacer = createPacer()
  load(pacer, 0, 0, 2)
  due(pacer, 3_000)
  load(pacer, 3_000, 2, 2)
  assert.equal(pacer.nextAt, 3_000 + HLS_LIMITS.paceMarginMs)
  due(pacer, 5_000)
  load(pacer, 5_000, 4, 2)
  assert.equal(due(pacer, 5_000 + HLS_LIMITS.paceMarginMs).at(-1), 4)
})

test('what has long come too early comes nearer, so that a stall is not lag for ever', () => {
  const pacer = createPacer()
  // Ten seconds at once, then one segment every two seconds.
  for (let i = 0; i < 5; i++) load(pacer, 0, i * 2, 2)
  let now = 0
  const behind: number[] = []
  for (let i = 5; i < 60; i++) {
    now = (i - 4) * 2_000
    load(pacer, now, i * 2, 2)
    pacer.release(now)
    behind.push(pacer.held)
  }
  assert.ok((behind[0] ?? 0) > 9_000, `${behind[0]}`)
  assert.ok((behind.at(-1) ?? 0) < 3_500, `${behind.at(-1)}`)
})

test('an encoder that begins anew goes on behind what is still to be let out', () => {
  const pacer = createPacer()
  load(pacer, 0, 1_000, 2)
  load(pacer, 500, 1, 2)
  const out = due(pacer, 1e9)
  assert.equal(out.length, 80)
  assert.deepEqual([out[0], out[40]], [1_000, 1])
  load(pacer, 5_000, 3, 2)
  assert.equal(due(pacer, 1e9).length, 40)
})

test('renditions are let out beside each other, and one that is late holds up nobody', () => {
  const pacer = createPacer()
  load(pacer, 0, 0, 2)
  load(pacer, 900, 0, 2, { lane: 1, leads: false })
  const out = pacer.release(1_000 + HLS_LIMITS.paceMarginMs)
  assert.deepEqual(new Set(out.map(({ lane }) => lane)), new Set([0, 1]))
  assert.equal(out.filter(({ lane }) => lane === 0).length, out.filter(({ lane }) => lane === 1).length)
  load(pacer, 2_000, 2, 2)
  assert.equal(pacer.nextAt !== undefined && pacer.nextAt < 1_400, true)
})

test('missing segments are a pause, a clock that leaps a new stretch', () => {
  const pacer = createPacer()
  load(pacer, 0, 0, 2)
  due(pacer, 1e9)
  load(pacer, 12_000, 12, 2)
  assert.equal(pacer.nextAt, 12_000 + HLS_LIMITS.paceMarginMs)
  due(pacer, 1e9)
  load(pacer, 14_000, 50_000, 2)
  assert.ok(pacer.nextAt !== undefined && pacer.nextAt < 14_500, `${pacer.nextAt}`)
})

test('more than may be held is let out at once', () => {
  const pacer = createPacer()
  const big = new Uint8Array(HLS_LIMITS.pacedBytes / 4)
  const entries = Array.from({ length: 6 }, (_, i): Entry => {
    return { kind: 'unit', slot: 'video', dts: i * 90_000, pts: i * 90_000, key: true, data: big }
  })
  pacer.push({ lane: 0, leads: true, entries, start: 0, end: 540_000, pace: 1_000 }, 0)
  assert.equal(pacer.release(0).length, 2)
  assert.ok(pacer.bytes <= HLS_LIMITS.pacedBytes)
})

test('a clock that leaps by hours within a segment holds nothing up', () => {
  for (const leap of [36_000, -36_000]) {
    const pacer = createPacer()
    const times = [0, 1, 2, 50_000, 50_001, 50_002].map((time) =>
      time < 50_000 ? time + 36_000 : time - 14_000 + leap + 3,
    )
    const entries = times.map((time): Entry => {
      const dts = time * 90_000
      return { kind: 'unit', slot: 'video', dts, pts: dts, key: true, data }
    })
    const end = ((times.at(-1) ?? 0) + 1) * 90_000
    pacer.push({ lane: 0, leads: true, entries, start: 36_000 * 90_000, end, pace: 6_000 }, 0)
    assert.ok(pacer.held < 10_000, `${pacer.held} ms`)
    assert.deepEqual(due(pacer, 20_000), times)
  }
})

test('a last unit of which it is said that it lasts for years keeps nobody waiting', () => {
  const pacer = createPacer()
  const unit = (dts: number): Entry => ({ kind: 'unit', slot: 'video', dts, pts: dts, key: true, data })
  pacer.push({ lane: 0, leads: true, entries: [unit(0)], start: 0, end: 1e15, pace: 2_000 }, 0)
  pacer.push({ lane: 0, leads: true, entries: [unit(90_000)], start: 90_000, end: 180_000, pace: 2_000 }, 2_000)
  assert.equal(due(pacer, 120_000).length, 2)
})

test('of units of a byte no more are held than memory allows', () => {
  const pacer = createPacer()
  const entries = Array.from({ length: 100_000 }, (): Entry => {
    return { kind: 'unit', slot: 'audio', dts: 900_000, pts: 900_000, key: true, data: data.subarray(0, 1) }
  })
  let held = 0
  for (let i = 0; i < 10; i++) {
    pacer.push({ lane: 0, leads: true, entries, start: 900_000, end: 900_001, pace: 2_000 }, 0)
    held += entries.length - pacer.release(0).length
  }
  assert.ok(held <= HLS_LIMITS.pacedUnits, `${held} are held`)
})
