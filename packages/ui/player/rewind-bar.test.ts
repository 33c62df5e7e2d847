import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakePage } from '../testing/fake-page.ts'
import { templatesIn, textOf } from '../testing/template.ts'
import { RewindBar, shareAt } from './rewind-bar.ts'

test('the pointer is where the thumb would be, whose middle stays within the bar', () => {
  assert.deepEqual(
    [-5, 7, 257, 507, 520].map((x) => shareAt(x, 514)),
    [0, 0, 0.5, 1, 1],
  )
  assert.equal(shareAt(3, 10), 0)
})

/** The bar of an hour with the pointer over its middle. */
function hovered(what: Partial<RewindBar>) {
  const bar = new RewindBar()
  Object.assign(bar, { length: 3600, _hover: 0.5, ...what })
  return bar
}

test('above the pointer stands the time before live, or from the beginning', () => {
  assert.match(textOf(hovered({ live: true }).render()), /−30:00/)
  assert.match(textOf(hovered({ live: false }).render()), /30:00/)
  assert.equal(templatesIn(hovered({ _hover: undefined }).render()).length, 1)
})

for (const growing of [true, false]) {
  test(`previews of what ${growing ? 'grows' : 'is whole'} are ${growing ? '' : 'not '}asked for again`, async (t) => {
    const page = fakePage(t)
    page.answer = () => new Response('WEBVTT')
    // Positions are the media's own time, as in the recording of a broadcast that goes on.
    const bar = hovered({ growing, live: false, storyboard: 'http://server/vod/as_1/storyboard.vtt' })
    for (let i = 0; i < 50; i++) {
      bar.render()
      await page.pass(500)
    }
    assert.equal(page.requests.length, growing ? 2 : 1)
  })
}
