import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../h264/fixtures.ts'
import { opusDuration } from './packet.ts'

const durations: readonly (readonly [string, number])[] = [
  ['00', 480], // SILK 10 ms
  ['1b 02', 5760], // SILK 60 ms, two frames by count
  ['60', 480], // hybrid 10 ms
  ['78', 960], // hybrid 20 ms
  ['80', 120], // CELT 2.5 ms
  ['fc', 960], // CELT 20 ms, stereo
  ['fd', 1920], // the same, two frames of one size
  ['fe', 1920], // two frames of different size
  ['ff 83', 2880], // three frames, variable size
]

for (const [packet, ticks] of durations) {
  test(`an Opus packet that begins with ${packet} has ${ticks} ticks`, () => {
    assert.equal(opusDuration(fromHex(packet)), ticks)
  })
}

test('Opus packets above 120 ms, of no frames or cut short are refused', () => {
  assert.throws(() => opusDuration(fromHex('1b03')), { code: 'malformed' })
  assert.throws(() => opusDuration(fromHex('ff00')), { code: 'malformed' })
  assert.throws(() => opusDuration(fromHex('ff')), { code: 'truncated' })
  assert.throws(() => opusDuration(new Uint8Array()), { code: 'truncated' })
})
