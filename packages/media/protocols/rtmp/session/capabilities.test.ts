import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amf0Object } from '../amf0/value.ts'
import { parseCapabilities, printCapabilities } from './capabilities.ts'

const nothing = {
  ...{ enhanced: false, fourCcs: [], reconnect: false },
  ...{ multitrack: false, modEx: false, nanoOffset: false },
}

test('an encoder of RTMP 1.0 says nothing', () => {
  assert.deepEqual(parseCapabilities(amf0Object({ app: 'live', videoCodecs: 252 })), nothing)
  assert.deepEqual(parseCapabilities(null), nothing)
})

test('the list of version 1 and the maps of version 2 name codecs', () => {
  const one = parseCapabilities(amf0Object({ fourCcList: ['av01', 'hvc1', 7, 'too long'] }))
  assert.deepEqual(one, { ...nothing, enhanced: true, fourCcs: ['av01', 'hvc1'] })
  const two = parseCapabilities(
    amf0Object({
      videoFourCcInfoMap: amf0Object({ '*': 4, hvc1: 3 }),
      audioFourCcInfoMap: amf0Object({ Opus: 3 }),
      capsEx: 0b0011,
    }),
  )
  const fourCcs = ['*', 'hvc1', 'Opus']
  assert.deepEqual(two, { ...nothing, enhanced: true, fourCcs, reconnect: true, multitrack: true })
})

test('what is said of ourselves is read back', () => {
  const own = parseCapabilities(printCapabilities())
  assert.deepEqual([own.reconnect, own.multitrack, own.modEx, own.nanoOffset], [true, true, true, true])
  for (const fourCc of ['avc1', 'hvc1', 'av01', 'vp09', 'vp08', 'mp4a', 'Opus', 'ac-3', 'ec-3', 'fLaC', '.mp3']) {
    assert.ok(own.fourCcs.includes(fourCc), fourCc)
  }
})

test('a peer that names thousands of codecs is cut short', () => {
  const many = Array.from({ length: 5000 }, (_, i) => String(i).padStart(4, '0'))
  assert.equal(parseCapabilities(amf0Object({ fourCcList: many })).fourCcs.length, 32)
})
