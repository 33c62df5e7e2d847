import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAssetTurns } from './asset-turns.ts'

test('one asset is worked on by one at a time, in order, and others meanwhile', async () => {
  const inTurn = createAssetTurns()
  const done: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = inTurn('as_one', async () => {
    await gate.promise
    done.push('first')
  })
  const second = inTurn('as_one', async () => done.push('second'))
  await inTurn('as_other', async () => done.push('other'))
  gate.resolve()
  await Promise.all([first, second])
  assert.deepEqual(done, ['other', 'first', 'second'])
})

test('who fails keeps nobody from its turn, and only its own caller is told', async () => {
  const inTurn = createAssetTurns()
  const failing = inTurn('as_one', () => Promise.reject(new TypeError('disk')))
  const next = inTurn('as_one', async () => 7)
  await assert.rejects(failing, TypeError)
  assert.equal(await next, 7)
})
