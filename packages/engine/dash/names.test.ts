import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epoch } from '../store/fixtures/material.ts'
import { findByName, isEpochOf, parseTemplateName, segmentTemplate } from './names.ts'

test('a player that fills in the template asks for a name that is read again', () => {
  const first = epoch(0)
  const file = segmentTemplate(first).replace('$RepresentationID$/', '').replace('$Time$', '180000')
  const name = parseTemplateName(file)
  assert.deepEqual(name, { wallClock: first.wallClock, time: 180_000 })
  assert.ok(name !== undefined && isEpochOf(first, name))
  assert.ok(!isEpochOf({ ...first, wallClock: first.wallClock + 1 }, name))
})

test('a name is read only in the spelling in which it is written', () => {
  assert.deepEqual(parseTemplateName('t42-0.m4s'), { wallClock: 42, time: 0 })
  for (const other of ['t042-18.m4s', 't42-018.m4s', 't42.m4s', 't42-18.mp4', 's0000000042-0000000043.m4s']) {
    assert.equal(parseTemplateName(other), undefined, other)
  }
})

test('a segment is found by its epoch and exact time, and no gap is', () => {
  const epochs = [epoch(0), epoch(1, 720_000)]
  // The second encoder counts fewer ticks a second.
  const rows = [
    [0, 0],
    [0, 2],
    [0, 2],
    [0, 4],
    [0, 6],
    [1, 2],
    [1, 4],
  ] as const
  const segments = rows.map(([id, start], i) => {
    const none = { duration: 1, timescale: 1, size: 1, independent: true, closedAt: 0, lastPart: 0 }
    return { ...none, msn: i, epoch: id, start, gap: i === 1 || i === 3, firstPart: i }
  })
  const find = (id: number, time: number) =>
    findByName({ epochs }, segments, { wallClock: epochs[id]?.wallClock ?? 1, time })?.firstPart
  assert.deepEqual(
    [0, 1, 2, 3, 4, 6, 7].map((time) => find(0, time)),
    [0, undefined, 2, undefined, undefined, 4, undefined],
  )
  assert.deepEqual(
    [0, 2, 4, 6].map((time) => find(1, time)),
    [undefined, 5, 6, undefined],
  )
  assert.equal(find(2, 2), undefined)
})
