import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '@bandstand/media/error.ts'
import { mergeParameterSets, ppsId, spsId } from './parameter-sets.ts'

/** Picture parameter sets: header, then the id as Exp-Golomb (1 = 0, 010 = 1). */
const first = Uint8Array.of(0x68, 0b1000_0000, 1)
const firstChanged = Uint8Array.of(0x68, 0b1000_0000, 2)
const second = Uint8Array.of(0x68, 0b0100_0000, 3)

test('ids are read behind their headers', () => {
  assert.equal(ppsId(first), 0)
  assert.equal(ppsId(second), 1)
  assert.equal(spsId(Uint8Array.of(0x67, 100, 0, 31, 0b0110_0000)), 2)
  assert.throws(() => spsId(Uint8Array.of(0x67, 100)), MediaError)
})

test('sets that are known change nothing', () => {
  const known = [first, second]
  assert.equal(mergeParameterSets(known, [second], ppsId), known)
  assert.equal(mergeParameterSets(known, [], ppsId), known)
})

test('a changed set replaces the one with its id and goes first; others stay', () => {
  assert.deepEqual(mergeParameterSets([first, second], [firstChanged], ppsId), [firstChanged, second])
  assert.deepEqual(mergeParameterSets([first], [second], ppsId), [second, first])
})

test('of two new sets with one id the later one holds', () => {
  assert.deepEqual(mergeParameterSets([], [first, firstChanged], ppsId), [firstChanged])
})

test('a set whose id there is not is an error: no stream can make more of them be kept', () => {
  // 31 zeros in front of the one: an id of two billion.
  const far = Uint8Array.of(0x68, 0, 0, 0, 0b0000_0001, 0, 0, 0, 0b1000_0000)
  assert.throws(() => mergeParameterSets([first], [far], ppsId), MediaError)
})

test('a set larger than any can be is refused: one for each id would be kept', () => {
  const large = new Uint8Array(100_000)
  large.set(first)
  assert.throws(() => mergeParameterSets([], [large], ppsId), { code: 'too-large' })
})
