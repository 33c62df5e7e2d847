import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Command, commandOf, keyHelp } from './keys.ts'

const press = (key: string, more: object = {}) =>
  commandOf({ key, ctrlKey: false, altKey: false, metaKey: false, ...more })

const map: Readonly<Record<string, Command>> = {
  ' ': { kind: 'toggle-play' },
  k: { kind: 'toggle-play' },
  j: { kind: 'skip', seconds: -10 },
  l: { kind: 'skip', seconds: 10 },
  ArrowLeft: { kind: 'skip', seconds: -5 },
  ArrowRight: { kind: 'skip', seconds: 5 },
  ArrowUp: { kind: 'volume', by: 0.1 },
  ArrowDown: { kind: 'volume', by: -0.1 },
  m: { kind: 'mute' },
  f: { kind: 'full-screen' },
  i: { kind: 'picture-in-picture' },
  c: { kind: 'captions' },
  Home: { kind: 'start' },
  End: { kind: 'live' },
  '?': { kind: 'help' },
}

for (const [key, command] of Object.entries(map))
  test(`“${key}” is ${JSON.stringify(command)}, with Caps Lock too`, () => {
    assert.deepEqual(press(key), command)
    if (key.length === 1) assert.deepEqual(press(key.toUpperCase()), command)
  })

test('digits are tenths', () => {
  for (let tenth = 0; tenth <= 9; tenth++) assert.deepEqual(press(String(tenth)), { kind: 'tenth', tenth })
})

test('the help names every key and no other', () => {
  const named = keyHelp.flatMap(([keys]) => keys.split(/,? (?:– )?/))
  const arrows = { '←': 'ArrowLeft', '→': 'ArrowRight', '↑': 'ArrowUp', '↓': 'ArrowDown' }
  const shown = new Map(Object.entries({ Space: ' ', ...arrows }))
  const keys = named.map((name) => shown.get(name) ?? (name.length === 1 ? name.toLowerCase() : name))
  assert.deepEqual(keys.sort(), [...Object.keys(map), '0', '9'].sort())
})

test('shortcuts of the browser stay with the browser', () => {
  for (const more of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }]) assert.equal(press('f', more), undefined)
})

test('other keys mean nothing', () => {
  for (const key of ['a', 'Tab', 'Enter', 'Escape', 'Shift', 'F5']) assert.equal(press(key), undefined)
})
