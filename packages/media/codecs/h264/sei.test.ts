import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSei, type SeiFacts } from './sei.ts'

const UUID = [0xdc, 0x45, 0xe9, 0xbd, 0xe6, 0xd9, 0x48, 0xb7, 0x96, 0x2c, 0xd8, 0x20, 0xd9, 0x23, 0xee, 0xef]

function settingsSei(text: string): Uint8Array {
  const payload = [...UUID, ...new TextEncoder().encode(text), 0]
  const size = [...Array<number>(Math.floor(payload.length / 255)).fill(0xff), payload.length % 255]
  return Uint8Array.from([0x06, 5, ...size, ...payload, 0x80])
}

function read(nal: Uint8Array): SeiFacts {
  const facts: SeiFacts = {}
  readSei(nal, facts)
  return facts
}

test("reads x264's text, also longer than 255 bytes", () => {
  const text = `x264 - core 164 - options: ${'keyint=250 '.repeat(60)}`
  assert.equal(read(settingsSei(text)).encoderSettings, text)
})

test('control characters and bytes above ASCII do not get through', () => {
  assert.equal(read(settingsSei('x264\u001b[31m ü')).encoderSettings, 'x264?[31m ??')
})

test('user data of others is passed over', () => {
  const nal = settingsSei('x264')
  nal[5] = 0
  assert.deepEqual(read(nal), {})
})

test('reads a message behind another', () => {
  const nal = Uint8Array.of(0x06, 1, 2, 0xaa, 0xbb, 6, 1, 0xc4, 0x80)
  assert.deepEqual(read(nal), { recoveryFrames: 0 })
})

test('cut anywhere it stays silent', () => {
  const whole = settingsSei('x264 - core 164')
  for (let length = 0; length < whole.byteLength; length++) assert.doesNotThrow(() => read(whole.subarray(0, length)))
  assert.doesNotThrow(() => read(new Uint8Array(64).fill(0xff)))
})
