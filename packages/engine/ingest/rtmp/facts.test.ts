import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amf0Object } from '@bandstand/media/protocols/rtmp/amf0/value.ts'
import { announcedTracks, factsFromColorInfo, factsFromMetadata, trackBitrates } from './facts.ts'
import { RTMP_LISTENER_LIMITS } from './limits.ts'

test('plain values are facts, nested and unusable ones are not', () => {
  const facts = factsFromMetadata(
    amf0Object({ width: 1280, stereo: true, encoder: 'obs', none: null, nested: amf0Object({}), nan: Number.NaN }),
    RTMP_LISTENER_LIMITS,
  )
  assert.deepEqual(facts, { width: 1280, stereo: true, encoder: 'obs' })
})

test('facts are bounded in number and length', () => {
  const many = new Map<string, string>()
  for (let i = 0; i < 1000; i++) many.set(`name${i}`, 'x'.repeat(1000))
  many.set('n'.repeat(1000), 'x')
  const facts = factsFromMetadata(many, { ...RTMP_LISTENER_LIMITS, facts: 5, factLength: 10 })
  assert.equal(Object.keys(facts).length, 5)
  assert.ok(Object.values(facts).every((value) => value === 'x'.repeat(10)))
})

test('a fact cannot be a prototype', () => {
  const facts = factsFromMetadata(new Map([['__proto__', 'x']]), RTMP_LISTENER_LIMITS)
  assert.equal(Object.getPrototypeOf(facts), Object.prototype)
})

test('tracks are announced by their codec ids, in whatever form', () => {
  assert.deepEqual(announcedTracks(amf0Object({ videocodecid: 7, audiocodecid: 10 })), { video: true, audio: true })
  assert.deepEqual(announcedTracks(amf0Object({ videocodecid: 'avc1' })), { video: true, audio: false })
  assert.deepEqual(announcedTracks(amf0Object({ videocodecid: 0, audiocodecid: 10 })), { video: false, audio: true })
  assert.equal(announcedTracks(amf0Object({ width: 1280 })), undefined)
})

test('further tracks are announced with their bit rates; what is none is passed over', () => {
  const info = (kbits?: unknown) => amf0Object({ width: 1280, videodatarate: kbits as number })
  const map = amf0Object({ 0: info(6000), 1: info(2500), 2: info(-1), 3: info('x'), 999: info(1), x: info(1), 4: 7 })
  const values = amf0Object({ videocodecid: 7, videoTrackIdInfoMap: map })
  assert.deepEqual(announcedTracks(values), { video: true, audio: false, brought: 3 })
  assert.deepEqual([...trackBitrates(values)], [[1, 2_500_000]])
  assert.deepEqual(announcedTracks(amf0Object({ audiocodecid: 10, audioTrackIdInfoMap: map })), {
    ...{ video: false, audio: true, furtherSounds: 3 },
  })
  const many = amf0Object(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [i, info(1)])))
  assert.equal(announcedTracks(amf0Object({ videocodecid: 7, videoTrackIdInfoMap: many }))?.brought, 7)
})

test('colours are facts, and the range by its name', () => {
  const facts = factsFromColorInfo({ transferCharacteristics: 16, maxCll: 1000, chromaticity: [0.7] })
  assert.deepEqual(facts, { transferCharacteristics: 16, maxCll: 1000, range: 'PQ' })
  assert.deepEqual(factsFromColorInfo({}), {})
})
