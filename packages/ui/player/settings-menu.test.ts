import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakePage } from '../testing/fake-page.ts'
import { templatesIn, textOf } from '../testing/template.ts'
import type { Choice } from './choice/view.ts'
import type { Qualities } from './qualities.ts'
import { type Settings, SettingsMenu } from './settings-menu.ts'

const choice: Choice = {
  ...{ able: new Set(['webrtc', 'll-hls', 'hls']), playing: 'll-hls', trying: undefined, failures: [] },
  ...{ latency: undefined, height: undefined, soundMissing: undefined, encodedAgain: undefined },
}
const settings: Settings = { qualities: undefined, choice, latency: 'low', forced: undefined, delay: 1.5 }

function ladder(what: Partial<Qualities> = {}): Qualities {
  const list = [1080, 480].map((height, id) => ({ id, height, frameRate: 30, bitrate: height * 3000 }))
  return { list, chosen: 'auto', playing: 1, choose: () => undefined, ...what }
}

/** The menu, open. */
function opened(what: Partial<Settings> = {}) {
  const menu = new SettingsMenu()
  Object.assign(menu, { renderRoot: { querySelector: () => null } })
  menu.settings = { ...settings, ...what }
  menu._open = true
  const items = templatesIn(menu.render())
    .filter(
      ({ strings }) => strings.join('').trim().startsWith('<button') && strings.join('').includes('menuitemradio'),
    )
    .map(({ values }) => {
      const [checked, press, name] = values as [boolean, () => void, string]
      return { name, checked, press }
    })
  return { menu, items, text: textOf(menu.render()) }
}

const names = (what: Partial<Settings>) => opened(what).items.map(({ name, checked }) => (checked ? `*${name}` : name))

test('renditions and delays are listed, what is set is checked', () => {
  assert.deepEqual(names({ qualities: ladder() }), [
    '*Automatic (480p)',
    ...['1080p', '480p', '*Automatic (low)', 'Real time', 'Low', 'Normal'],
  ])
  assert.deepEqual(names({ qualities: ladder({ chosen: 0 }), forced: 'hls' }), [
    ...['Automatic', '*1080p', '480p', 'Automatic (low)', 'Real time', 'Low', '*Normal'],
  ])
})

test('of several sounds one can be chosen, also in a recording; one alone is no choice', () => {
  const chosen: string[] = []
  const sound = (name: string, checked = false) => ({ name, checked, choose: () => chosen.push(name) })
  const { list } = ladder()
  const one = { list: list.slice(0, 1), playing: 0 }
  const { items } = opened({
    qualities: ladder({ ...one, sounds: [sound('English', true), sound('Deutsch')] }),
    choice: undefined,
  })
  assert.deepEqual(
    items.map(({ name, checked }) => [name, checked]),
    [
      ['Automatic (1080p)', true],
      ['English', true],
      ['Deutsch', false],
    ],
  )
  items[2]?.press()
  assert.deepEqual(chosen, ['Deutsch'])
  assert.equal(
    opened({ qualities: ladder({ ...one, sounds: [sound('Main', true)] }), choice: undefined }).items.length,
    0,
  )
})

test('where one rendition is left the choice is automatic, whatever was chosen of more', () => {
  const { list } = ladder()
  assert.deepEqual(names({ qualities: ladder({ list: list.slice(0, 1), chosen: 0, playing: 0 }) }).slice(0, 2), [
    ...['*Automatic (1080p)', '*Automatic (low)'],
  ])
})

test('a delay that the browser cannot play is not offered', () => {
  const able = new Set(['hls'] as const)
  assert.deepEqual(names({ choice: { ...choice, able } }), ['*Automatic', '*Automatic (low)', 'Normal'])
})

test('a recording has no delay, and nothing to choose where it has one rendition', () => {
  assert.deepEqual(names({ choice: undefined, qualities: ladder() }), ['*Automatic (480p)', '1080p', '480p'])
  assert.equal(opened({ choice: undefined }).text, '')
})

test('how it plays, and why nothing quicker does, is said below', () => {
  const failures = [{ transport: 'webrtc', failure: { code: 'slow' }, again: 20 }] as const
  const { text } = opened({ choice: { ...choice, failures, soundMissing: 'no ffmpeg.' } })
  assert.match(text, /1\.5 s behind live, by LL-HLS\./)
  assert.match(text, /Without sound: no ffmpeg\./)
  assert.match(text, /Real time: .*firewall.* Tried again in 20 s\./)
})

test('what is pressed is chosen, and the menu closes', () => {
  const chosen: unknown[] = []
  const { menu, items } = opened({ qualities: ladder({ choose: (id) => chosen.push(id) }) })
  menu.addEventListener('transport', (event) => chosen.push((event as CustomEvent).detail))
  for (const { name, press } of items) if (['480p', 'Real time', 'Automatic (low)'].includes(name)) press()
  assert.equal(chosen[0], 1)
  assert.deepEqual(
    chosen.slice(1).map((detail) => detail ?? undefined),
    [undefined, 'webrtc'],
  )
  assert.equal(menu._open, false)
})

test('a menu that is taken away with the controls is closed, and says so', (t) => {
  fakePage(t)
  Object.assign(document, { removeEventListener: () => undefined })
  const { menu } = opened()
  const told: unknown[] = []
  menu.addEventListener('opened', (event) => told.push((event as CustomEvent).detail))
  menu.disconnectedCallback()
  assert.deepEqual([menu._open, told], [false, [false]])
})

test('keys of the browser stay its own while the menu is open', () => {
  const { menu } = opened()
  const popup = templatesIn(menu.render()).find(({ strings }) => strings.join('').includes('class="popup"'))
  const onKey = popup?.values.find((value) => typeof value === 'function') as (event: KeyboardEvent) => void
  Object.assign(menu.renderRoot, { querySelectorAll: () => [] })
  const isKept = (press: object) => {
    const event = Object.assign(new Event('keydown', { cancelable: true }), press)
    onKey(event as KeyboardEvent)
    return event.defaultPrevented
  }
  const kept = [{ key: 'k' }, { key: 'ArrowLeft' }, { key: 'Home' }]
  const free = [
    { key: 'r', ctrlKey: true },
    { key: 'ArrowLeft', altKey: true },
    { key: 't', metaKey: true },
  ]
  assert.deepEqual([...kept, ...free, { key: 'F5' }, { key: 'Tab' }].map(isKept), [
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ])
})
