import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fakePage } from '../testing/fake-page.ts'
import { FakeVideo } from '../testing/fake-player.ts'
import { commandFor, type KeyboardHost, runCommand } from './keyboard.ts'
import type { Command } from './keys.ts'

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
  const volume = [new FakeElement('input[type=range]'), new FakeElement('media-volume-range')]
  assert.equal(press('ArrowLeft', ...volume, host), undefined)
  assert.equal(press('f', ...volume, host), 'full-screen')
})

test('on the rewind bar arrows, Home and End do what they do elsewhere in the player', (t) => {
  const { host, press } = keyboard(t)
  const bar = [new FakeElement('input[type=range]'), new FakeElement('bandstand-rewind-bar')]
  assert.deepEqual(
    ['ArrowLeft', 'ArrowUp', 'Home', 'End', 'PageUp'].map((key) => press(key, ...bar, host)),
    ['skip', 'volume', 'start', 'live', undefined],
  )
})

test('while the help is open the keys are its own', (t) => {
  const { host, dialog, press } = keyboard(t)
  dialog.open = true
  assert.equal(press('k', host), undefined)
})

/** A video one minute into two, and what was asked of the player. */
function player() {
  const asked: string[] = []
  const textTracks = ['hidden', 'disabled'].map((mode) => ({ mode }))
  const video = Object.assign(new FakeVideo(), { textTracks })
  const run = (...commands: readonly Command[]) => {
    for (const command of commands)
      runCommand(command, {
        video: video.element,
        dialog: { showModal: () => asked.push('help') } as unknown as HTMLDialogElement,
        position: 60,
        length: 120,
        stands: video.paused,
        play: () => (video.paused = false),
        pause: () => (video.paused = true),
        seekTo: (seconds) => asked.push(`to ${seconds}`),
        goToEnd: () => asked.push('to the end'),
        press: (name) => asked.push(name),
      })
    return asked
  }
  return { video, textTracks, run }
}

test('play and pause, and sound, take turns', () => {
  const { video, run } = player()
  for (const paused of [true, false]) {
    run({ kind: 'toggle-play' })
    assert.equal(video.paused, paused)
  }
  for (const muted of [true, false]) {
    run({ kind: 'mute' })
    assert.equal(video.muted, muted)
  }
})

test('the volume stays between nothing and all; louder is heard', () => {
  const { video, run } = player()
  run({ kind: 'volume', by: 0.1 })
  assert.equal(video.volume, 1)
  video.volume = 0.05
  video.muted = true
  run({ kind: 'volume', by: -0.1 })
  assert.deepEqual([video.volume, video.muted], [0, true])
  run({ kind: 'volume', by: 0.1 })
  assert.deepEqual([video.volume, video.muted], [0.1, false])
})

test('seeking is from where the picture is, tenths are of the whole', () => {
  const skips: Command[] = [-10, 5].map((seconds) => ({ kind: 'skip', seconds }))
  const asked = player().run(...skips, { kind: 'tenth', tenth: 3 }, { kind: 'start' }, { kind: 'live' })
  assert.deepEqual(asked, ['to 50', 'to 65', 'to 36', 'to 0', 'to the end'])
})

test('full screen and picture in picture are those of the buttons; the help is opened', () => {
  const asked = player().run({ kind: 'full-screen' }, { kind: 'picture-in-picture' }, { kind: 'help' })
  assert.deepEqual(asked, ['media-fullscreen-button', 'media-pip-button', 'help'])
})

test('captions are shown and hidden', () => {
  const { textTracks, run } = player()
  run({ kind: 'captions' })
  assert.deepEqual(textTracks, [{ mode: 'showing' }, { mode: 'showing' }])
  run({ kind: 'captions' })
  assert.deepEqual(textTracks, [{ mode: 'hidden' }, { mode: 'hidden' }])
})
