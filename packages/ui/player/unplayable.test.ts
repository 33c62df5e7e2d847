import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unplayable } from './unplayable.ts'

const without = (...lacking: readonly string[]) => {
  return (type: string) => !lacking.some((one) => type.includes(`"${one}`))
}
const told = 'one or more CODECS in variant not supported: ["hvc1.1.6.L93.B0,mp4a.40.2","hvc1.1.6.L120.90,ac-3"]'

test('what the browser lacks is named as people call it', () => {
  assert.equal(unplayable(told, without('hvc1')), 'This browser cannot play H.265. Try another browser or device.')
  assert.match(unplayable(told, without('hvc1', 'ac-3')) ?? '', /cannot play H\.265 and AC-3\./)
  assert.match(unplayable('["avc1.64001f,mp4a.40.34"]', without('mp4a.40.34')) ?? '', /cannot play MP3\./)
  assert.match(unplayable('["av01.0.04M.08,Opus"]', without('av01', 'Opus')) ?? '', /cannot play AV1 and Opus\./)
})

test('nothing is said of other failures, and of what the browser has', () => {
  assert.equal(unplayable('levelLoadTimeOut', without('hvc1')), undefined)
  assert.equal(
    unplayable(told, () => true),
    undefined,
  )
})
