import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type Hls from 'hls.js'
import { fakePage } from '../testing/fake-page.ts'
import { keepChosen } from './chosen-rendition.ts'

const Events = { LEVEL_UPDATED: 'updated', FRAG_BUFFERED: 'buffered' }

/** A viewer who has chosen the second of two renditions, which hls.js plays at first. */
function choosing(t: TestContext) {
  const page = fakePage(t)
  const listeners = new Map<string, (name: string, data: object) => void>()
  const tell = (name: string, data = {}) => listeners.get(name)?.(name, data)
  const hls = {
    autoLevelEnabled: false,
    level: 1,
    returns: 0,
    get loadLevel() {
      return hls.level
    },
    set loadLevel(level: number) {
      hls.level = level
      hls.autoLevelEnabled = false
      hls.returns++
    },
    on: (name: string, listener: (name: string, data: object) => void) => listeners.set(name, listener),
  }
  const choice: { level: number | undefined } = { level: 1 }
  keepChosen({ Events } as unknown as typeof Hls, hls as unknown as Hls, {
    level: () => choice.level,
    play: (level) => (hls.loadLevel = level),
  })
  return {
    ...{ hls, choice, tell },
    /** As hls.js does at a gap. */
    leave() {
      hls.autoLevelEnabled = true
      hls.level = 0
      tell(Events.LEVEL_UPDATED)
    },
    async pass(ms: number) {
      await page.pass(ms)
      tell(Events.LEVEL_UPDATED)
    },
  }
}

test('what is left for a gap is come back to five seconds later', async (t) => {
  const { hls, leave, pass } = choosing(t)
  leave()
  await pass(4900)
  assert.equal(hls.returns, 0)
  await pass(100)
  assert.deepEqual([hls.returns, hls.level], [1, 1])
})

test('where there is still nothing it is tried more and more rarely, and soon again once there was something', async (t) => {
  const { hls, leave, pass, tell } = choosing(t)
  leave()
  await pass(5000)
  leave()
  await pass(9900)
  assert.equal(hls.returns, 1)
  await pass(100)
  assert.equal(hls.returns, 2)
  tell(Events.FRAG_BUFFERED, { frag: { type: 'main', level: 0 } })
  // Of sound it is the number of the track.
  tell(Events.FRAG_BUFFERED, { frag: { type: 'audio', level: 1 } })
  leave()
  await pass(19_900)
  assert.equal(hls.returns, 2)
  await pass(100)
  assert.equal(hls.returns, 3)
  tell(Events.FRAG_BUFFERED, { frag: { type: 'main', level: 1 } })
  leave()
  await pass(5000)
  assert.equal(hls.returns, 4)
})

test('who leaves the choice to the player meanwhile is not taken back', async (t) => {
  const { hls, choice, leave, pass } = choosing(t)
  leave()
  choice.level = undefined
  await pass(60_000)
  assert.equal(hls.returns, 0)
  choice.level = 1
  await pass(100)
  await pass(4800)
  assert.equal(hls.returns, 0, 'the wait begins anew')
})
