import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fakePage } from '../testing/fake-page.ts'
import { commandFor, type KeyboardHost } from './keyboard.ts'

/** An element that fits the selectors named. */
class FakeElement {
  readonly #fits: readonly string[]
  constructor(...fits: readonly string[]) {
    this.#fits = fits
  }
  matches(selector: string): boolean {
    return selector.split(/,\s*/).some((one) => this.#fits.includes(one))
  }
}

function keyboard(t: TestContext, hotkeys = '') {
  fakePage(t)
  const body = new FakeElement('body')
  Object.assign(globalThis, { Element: FakeElement })
  Object.assign(document, { body })
  const dialog = { open: false }
  const host = Object.assign(new FakeElement('bandstand-player'), { hotkeys, dialog, video: null })
  /** @param path from the element with the focus outwards */
  const press = (key: string, ...path: readonly object[]) => {
    const event = { key, target: path.at(-1), composedPath: () => path, defaultPrevented: false }
    return commandFor(event as unknown as KeyboardEvent, host as unknown as KeyboardHost)?.kind
  }
  return { host, body, dialog, press }
}

test('keys are the player’s while it has the focus, and on the whole page where that is wished', (t) => {
  const { host, body, press } = keyboard(t)
  assert.equal(press('k', host), 'toggle-play')
  assert.equal(press('k', body), undefined)
  Object.assign(host, { hotkeys: 'page' })
  assert.equal(press('k', body), 'toggle-play')
  assert.equal(press('k', new FakeElement('a')), undefined)
})

test('what is typed stays text, also in the player’s own fields', (t) => {
  const { host, press } = keyboard(t, 'page')
  assert.equal(press('m', new FakeElement('textarea'), host), undefined)
  assert.equal(press('m', new FakeElement('select'), host), undefined)
})

test('keys that a control knows are the control’s', (t) => {
  const { host, press } = keyboard(t)
  assert.equal(press(' ', new FakeElement('button'), host), undefined)
  assert.equal(press('k', new FakeElement('button'), host), 'toggle-play')
  const bar = new FakeElement('input[type=range]')
  assert.equal(press('ArrowLeft', bar, host), undefined)
  assert.equal(press('f', bar, host), 'full-screen')
})

test('while the help is open the keys are its own', (t) => {
  const { host, dialog, press } = keyboard(t)
  dialog.open = true
  assert.equal(press('k', host), undefined)
})
