import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptsGzip, etagHolds, etagMatches } from './negotiate.ts'
import { parseRange, sliceChunks } from './range.ts'

test('gzip is taken when named or covered by a star, unless its quality is zero', () => {
  for (const yes of ['gzip', 'br, gzip', 'deflate,gzip;q=0.1', '*', 'identity;q=0, *;q=1', 'GZIP', 'x-gzip']) {
    assert.equal(acceptsGzip(yes), true, yes)
  }
  for (const no of [undefined, '', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.000', '*;q=0', '*, gzip;q=0', 'notgzip']) {
    assert.equal(acceptsGzip(no), false, String(no))
  }
})

test('an entity tag matches by itself, weakly, in a list, or by a star', () => {
  for (const yes of ['"a"', 'W/"a"', '"x", "a"', '"x",W/"a" ,"y"', '*'])
    assert.equal(etagMatches(yes, '"a"'), true, yes)
  for (const no of [undefined, '', '"b"', 'a', '"a-gz"']) assert.equal(etagMatches(no, '"a"'), false, String(no))
})

test('an entity tag holds where nothing else is asked for: by itself, in a list, by a star, never weakly', () => {
  for (const yes of [undefined, '"a"', '"x" , "a"', '*']) assert.equal(etagHolds(yes, '"a"'), true, String(yes))
  for (const no of ['', '"b"', 'a', 'W/"a"', '"x", W/"a"']) assert.equal(etagHolds(no, '"a"'), false, no)
})

test('what has no entity tag is named by a star alone', () => {
  assert.deepEqual(
    [etagHolds('*', undefined), etagHolds(undefined, undefined), etagHolds('"a"', undefined)],
    [true, true, false],
  )
  assert.deepEqual(
    [etagMatches('*', undefined), etagMatches(undefined, undefined), etagMatches('"a"', undefined)],
    [true, false, false],
  )
})

test('ranges', () => {
  const table: [string | undefined, ReturnType<typeof parseRange>][] = [
    [undefined, undefined],
    ['bytes=0-', { first: 0, last: 9 }],
    ['BYTES=0-1', { first: 0, last: 1 }],
    ['Bytes=-3', { first: 7, last: 9 }],
    ['bytes=9-9', { first: 9, last: 9 }],
    ['bytes=3-100', { first: 3, last: 9 }],
    ['bytes=-3', { first: 7, last: 9 }],
    ['bytes=-30', { first: 0, last: 9 }],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=5-4', undefined],
    ['bytes=a-b', undefined],
    ['bytes=1-2,4-5', undefined],
    ['bytes=99999999999999999999-', 'unsatisfiable'],
    ['bytes=3-99999999999999999999', { first: 3, last: 9 }],
  ]
  for (const [header, expected] of table) assert.deepEqual(parseRange(header, 10), expected, String(header))
})

test('every span of a list of chunks is that of the joined bytes', () => {
  const joined = Uint8Array.from({ length: 10 }, (_, i) => i)
  const chunks = [joined.subarray(0, 3), joined.subarray(3, 3), joined.subarray(3, 4), joined.subarray(4)]
  for (let first = 0; first < 10; first++) {
    for (let last = first; last < 10; last++) {
      assert.ok(Buffer.concat(sliceChunks(chunks, { first, last })).equals(joined.subarray(first, last + 1)))
    }
  }
})
