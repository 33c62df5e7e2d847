import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Epoch } from '../packager/model.ts'
import { addEpoch, findEpoch } from './epochs.ts'
import { epoch, withBrought } from './fixtures/material.ts'

test('each epoch is found by its number, others are not', () => {
  const epochs = [2, 3, 5, 8].map((id) => epoch(id))
  for (const known of epochs) assert.equal(findEpoch(epochs, known.id), known)
  for (const id of [0, 1, 4, 6, 7, 9]) assert.equal(findEpoch(epochs, id), undefined)
  assert.equal(findEpoch([], 0), undefined)
})

test('epochs that gave their number away are forgotten', () => {
  const epochs: Epoch[] = []
  const again = epoch(1, 90_000)
  for (const next of [epoch(0), epoch(1), epoch(2), again]) addEpoch(epochs, next)
  assert.deepEqual(
    epochs.map(({ id }) => id),
    [0, 1],
  )
  assert.equal(findEpoch(epochs, 1), again)
})

test('an epoch that is noted once more, with a rendition that joined, takes the place of what was known of it', () => {
  const epochs: Epoch[] = []
  const joined = withBrought(epoch(1, 90_000), 12)
  for (const next of [epoch(0), epoch(1, 90_000), joined]) addEpoch(epochs, next)
  assert.deepEqual(epochs, [epoch(0), joined])
})
