import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAssembler } from './assembler.ts'
import type { PartRecord } from './record.ts'
import { createRows } from './rows.ts'

const timescale = (track: number) => (track === 1 ? 90_000 : 48_000)

function fixture() {
  const rows = createRows(timescale)
  const removed = { segments: 0, discontinuities: 0 }
  const assembler = createAssembler({ rows, timescale, removed, lagging: 4, tracksOf: () => [1, 2] })
  /** One part, which is a whole segment of two seconds. */
  const add = (track: number, msn: number, fields: Partial<PartRecord> = {}) => {
    const ticks = timescale(track) * 2
    const base = { track, msn, epoch: 0, number: msn, offset: msn * 10, length: 10, dataCrc: 0, closedAt: msn }
    const flags = { key: true, last: true, gap: false }
    assembler.add({ ...base, ...flags, start: msn * ticks, duration: ticks, ...fields }, msn)
  }
  const list = (track: number) =>
    rows
      .list(track)
      .slice()
      .map((segment) => (segment.gap ? -segment.msn : segment.msn))
  return { rows, assembler, add, list }
}

test('a row is listed when all tracks of its epoch have it', () => {
  const { add, list } = fixture()
  add(1, 1)
  add(1, 2)
  assert.deepEqual(list(1), [])
  add(2, 1)
  assert.deepEqual([list(1), list(2)], [[1], [1]])
  add(2, 2)
  assert.deepEqual(list(2), [1, 2])
})

test("a track that skips a segment has a gap of the others' length there", () => {
  const { add, rows, list } = fixture()
  add(1, 1)
  add(1, 2)
  add(2, 2)
  assert.deepEqual(
    [list(1), list(2)],
    [
      [1, 2],
      [-1, 2],
    ],
  )
  const { start, duration } = rows.list(2).at(0) ?? {}
  assert.deepEqual([start, duration], [96_000, 96_000])
})

test('a track that stays away does not hold up the others for ever, and what comes late is counted', () => {
  const { add, list, assembler } = fixture()
  for (let msn = 1; msn <= 7; msn++) add(1, msn)
  assert.deepEqual(list(1), [1, 2, 3])
  assert.deepEqual(list(2), [-1, -2, -3])
  add(2, 2)
  assert.equal(assembler.late, 1)
  assert.deepEqual(list(2), [-1, -2, -3])
})

test('one lost part makes a segment a gap; one for which nothing was sent does not, at its beginning it is a pause', () => {
  const { add, list, rows } = fixture()
  add(1, 1, { last: false })
  add(1, 1, { number: 2, gap: true, lost: true, length: 0 })
  add(2, 1)
  add(1, 2, { number: 3, start: 180_000, duration: 30_000, key: false, gap: true, length: 0, last: false })
  add(1, 2, { number: 4, start: 210_000, duration: 150_000 })
  add(2, 2)
  add(1, 3, { number: 5, key: false, gap: true, length: 0 })
  add(2, 3)
  add(1, 4, { number: 6, start: 720_000, duration: 30_000, last: false })
  add(1, 4, { number: 7, start: 750_000, duration: 30_000, key: false, gap: true, length: 0 })
  add(2, 4)
  assert.deepEqual(list(1), [-1, 2, -3, 4])
  assert.deepEqual(
    rows
      .list(1)
      .slice()
      .map(({ pause }) => pause),
    [undefined, 30_000, undefined, undefined],
  )
  const { firstPart, lastPart, independent, size, start, duration } = rows.list(1).at(1) ?? {}
  assert.deepEqual([firstPart, lastPart, independent, size, start, duration], [3, 4, true, 10, 180_000, 180_000])
})

test('a list keeps to its rows while others come and the front goes', () => {
  const { add, rows } = fixture()
  for (let msn = 1; msn <= 600; msn++) for (const track of [1, 2]) add(track, msn)
  const before = rows.list(1)
  for (let msn = 601; msn <= 700; msn++) for (const track of [1, 2]) add(track, msn)
  assert.equal(before.length, 600)
  rows.drop(300)
  assert.equal(before.length, 300)
  assert.deepEqual([before.at(0)?.msn, before.at(-1)?.msn, before.at(300)], [301, 600, undefined])
  assert.deepEqual(
    [...before].map(({ msn }) => msn),
    before.slice().map(({ msn }) => msn),
  )
  assert.deepEqual(
    before.slice(-2).map(({ msn }) => msn),
    [599, 600],
  )
  assert.equal(rows.length, 400)
  assert.equal(rows.segment(1, rows.find(650))?.msn, 650)
  assert.equal(rows.segment(2, rows.findPart(2, 437))?.msn, 437)
  assert.equal(rows.findPart(2, 100), -1)
  assert.equal(rows.findPart(2, 9_999), -1)
})

test('everything can be dropped and rows come again', () => {
  const { add, rows } = fixture()
  for (let msn = 1; msn <= 10; msn++) for (const track of [1, 2]) add(track, msn)
  rows.drop(10)
  assert.equal(rows.length, 0)
  for (const track of [1, 2]) add(track, 11)
  assert.equal(rows.segment(2, 0)?.msn, 11)
})

test('a day of two-second segments takes a few megabytes', () => {
  const { add, rows } = fixture()
  for (let msn = 1; msn <= 43_200; msn++) for (const track of [1, 2]) add(track, msn)
  assert.equal(rows.length, 43_200)
  assert.ok(rows.memory < 6.5e6, `${rows.memory} bytes`)
})
