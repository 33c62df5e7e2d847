import assert from 'node:assert/strict'
import { test } from 'node:test'
import { names } from '../model.ts'
import { parseMediaName } from './media-name.ts'

test('names are read as they are listed', () => {
  assert.deepEqual(parseMediaName(names.init(3)), { kind: 'init', number: 3 })
  assert.deepEqual(parseMediaName(names.part(12_345_678_901)), { kind: 'part', number: 12_345_678_901 })
  assert.deepEqual(parseMediaName(names.segment(7, 12)), { kind: 'segment', first: 7, last: 12 })
})

test('another spelling of a number, or another ending, is another name', () => {
  for (const name of ['p3.m4s', 'p00000000003.m4s', 'p0000000003.mp4', 'i0000000003.m4s', 's0000000003.m4s', 'x'])
    assert.equal(parseMediaName(name), undefined, name)
  assert.equal(parseMediaName(`${names.part(3)}?`), undefined)
  assert.equal(parseMediaName(names.gap(3)), undefined)
})
