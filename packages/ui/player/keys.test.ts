import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandOf } from './keys.ts'

const press = (key: string, more: object = {}) =>
  commandOf({ key, ctrlKey: false, altKey: false, metaKey: false, ...more })

test('the keys people know from other players', () => {
  assert.deepEqual(press(' '), { kind: 'toggle-play' })
  assert.deepEqual(press('K'), { kind: 'toggle-play' })
  assert.deepEqual(press('j'), { kind: 'skip', seconds: -10 })
  assert.deepEqual(press('ArrowRight'), { kind: 'skip', seconds: 5 })
  assert.deepEqual(press('7'), { kind: 'tenth', tenth: 7 })
  assert.deepEqual(press('End'), { kind: 'live' })
  assert.deepEqual(press('?'), { kind: 'help' })
})

test('shortcuts of the browser stay with the browser', () => {
  for (const more of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }]) assert.equal(press('f', more), undefined)
})

test('other keys mean nothing', () => {
  for (const key of ['a', 'Tab', 'Enter', 'Escape', 'Shift', 'F5']) assert.equal(press(key), undefined)
})
