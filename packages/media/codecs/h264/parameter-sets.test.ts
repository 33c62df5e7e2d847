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

test('however many sets are repeated, none is compared with all the others', () => {
  let looks = 0
  class Watched extends Uint8Array {
    override get byteLength(): number {
      looks++
      return super.byteLength
    }
  }
  // Ids 127 to 254: seven zeros in front of eight bits.
  const sets = Array.from({ length: 128 }, (_, i) => Uint8Array.of(0x68, 1, i << 1, 0x80))
  const known = sets.map((set) => Watched.from(set))
  for (const found of [sets, sets.toReversed()]) assert.equal(mergeParameterSets(known, found, ppsId), known)
  assert.ok(looks < 10 * sets.length, `${looks} looks`)
})

test('a record may have a set that is larger than any in the stream', () => {
  const large = new Uint8Array(65_535)
  large.set(first)
  const known = [large, second]
  assert.equal(mergeParameterSets(known, [second], ppsId), known)
  assert.deepEqual(mergeParameterSets(known, [first], ppsId), [first, second])
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
