import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSei, type SeiFacts } from './sei.ts'

function read(nal: Uint8Array): SeiFacts {
  const facts: SeiFacts = {}
  readSei(nal, facts)
  return facts
}

test('reads a message behind another, also one longer than 255 bytes', () => {
  const nal = Uint8Array.of(0x06, 1, 2, 0xaa, 0xbb, 6, 1, 0xc4, 0x80)
  assert.deepEqual(read(nal), { recoveryFrames: 0 })
  // As x264's text of settings stands before it.
  const text = Uint8Array.of(0x06, 5, 0xff, 0xff, 90, ...new Uint8Array(600).fill(0x20), 6, 1, 0xc4, 0x80)
  assert.deepEqual(read(text), { recoveryFrames: 0 })
})

test('cut anywhere it stays silent', () => {
  const whole = Uint8Array.of(0x06, 5, 0xff, 1, ...new Uint8Array(256).fill(0x20), 6, 1, 0xc4, 0x80)
  for (let length = 0; length < whole.byteLength; length++) assert.doesNotThrow(() => read(whole.subarray(0, length)))
  assert.doesNotThrow(() => read(new Uint8Array(64).fill(0xff)))
})
