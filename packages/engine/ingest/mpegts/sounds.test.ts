import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, FURTHER_SOUNDS } from '@bandstand/media/access-unit.ts'
import { numberSounds } from './sounds.ts'

const { first, most } = FURTHER_SOUNDS

test('the first of the table is the first track, the others follow', () => {
  assert.deepEqual(
    [...numberSounds([257, 258, 259], new Map())],
    [
      [257, AUDIO_TRACK],
      [258, first],
      [259, first + 1],
    ],
  )
})

test('one that stays keeps its number, whichever go and come', () => {
  const before = numberSounds([257, 258, 259], new Map())
  assert.deepEqual(
    [...numberSounds([257, 300, 259], before)],
    [
      [257, AUDIO_TRACK],
      [300, first],
      [259, first + 1],
    ],
  )
})

test('where the first goes the next one is the first', () => {
  const before = numberSounds([257, 258, 259], new Map())
  assert.deepEqual(
    [...numberSounds([258, 259], before)],
    [
      [258, AUDIO_TRACK],
      [259, first + 1],
    ],
  )
})

test('what there is no room for has no number', () => {
  const pids = Array.from({ length: 100 }, (_, i) => 256 + i)
  const numbers = numberSounds(pids, new Map())
  assert.equal(numbers.size, 1 + most)
  assert.equal(Math.max(...numbers.values()), first + most - 1)
  assert.equal(numberSounds([], numbers).size, 0)
})
