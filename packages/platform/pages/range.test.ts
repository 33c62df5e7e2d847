import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRange } from './range.ts'

test('one range of a file is read as RFC 9110 writes it; what is none, or more than one, is the whole file', () => {
  const cases: [string | undefined, readonly [number, number] | 'unsatisfiable' | undefined][] = [
    ['bytes=0-1', [0, 2]],
    ['BYTES=0-1', [0, 2]],
    ['Bytes=-3', [7, 10]],
    ['bytes=2-', [2, 10]],
    ['bytes=9-9', [9, 10]],
    ['bytes=5-99', [5, 10]],
    ['bytes=-3', [7, 10]],
    ['bytes=-99', [0, 10]],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=-00', 'unsatisfiable'],
    ['bytes=4-3', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['bytes=1e1-', undefined],
    ['items=0-1', undefined],
    ['', undefined],
    [undefined, undefined],
  ]
  for (const [header, expected] of cases) {
    const range = parseRange(header, 10)
    assert.deepEqual(typeof range === 'object' ? [range.start, range.end] : range, expected, header)
  }
  assert.equal(parseRange('bytes=0-', 0), 'unsatisfiable')
})
