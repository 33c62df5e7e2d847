import assert from 'node:assert/strict'
import { test } from 'node:test'
import type Hls from 'hls.js'
import { keepBeforeZero } from './before-zero.ts'

const Events = { LEVEL_PTS_UPDATED: 'times', LEVEL_UPDATED: 'level', AUDIO_TRACK_UPDATED: 'sound' }

/** Begins of segments of 4 s, after what hls.js tells of them. */
function told(event: string, ...starts: number[]): number[] {
  const listeners = new Map<string, (name: string, data: object) => void>()
  const on = (name: string, listener: (name: string, data: object) => void) => listeners.set(name, listener)
  keepBeforeZero({ Events } as unknown as typeof Hls, { on } as unknown as Hls)
  const fragments = starts.map((start) => {
    const fragment = { start, duration: 4, setStart: (to: number) => (fragment.start = to) }
    return fragment
  })
  listeners.get(event)?.(event, { details: { fragments } })
  return fragments.map(({ start }) => start)
}

for (const event of Object.values(Events)) {
  test(`what begins before zero stays there (${event})`, () => {
    assert.deepEqual(told(event, 0, 0, 0, 1, 5), [-11, -7, -3, 1, 5])
  })
}

test('what begins at zero or after it is left as it is', () => {
  assert.deepEqual(told('level', 0, 4, 8.5), [0, 4, 8.5])
  assert.deepEqual(told('level', -8, -4, 0), [-8, -4, 0])
  assert.deepEqual(told('level'), [])
})
