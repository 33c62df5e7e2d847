import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listedPlace } from './list-start.ts'

const place = (at: number, fragmentStart: number) =>
  listedPlace(at, { fragmentStart }, { maxFragLookUpTolerance: 0.25 })

test('a place just before what is listed is loaded at its first segment', () => {
  assert.equal(place(0, 0.000_004), 0.000_004)
  assert.equal(place(11.9, 12), 12)
})

test('what is listed, and what has left the list, keeps its place', () => {
  assert.equal(place(0, 0), 0)
  assert.equal(place(0, -4), 0)
  assert.equal(place(13, 12), 13)
  assert.equal(place(4, 12), 4)
})
