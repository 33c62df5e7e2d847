import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes } from '../../bytes/bytes.ts'
import { parseAvcC } from '../../codecs/h264/avcc.ts'
import { AVCC } from '../../codecs/h264/fixtures.ts'
import { HEVC } from '../../codecs/hevc/fixtures.ts'
import { createPictureReader } from '../../codecs/pictures/picture-reader.ts'
import { readSprop } from './sprop.ts'

const base64 = (nal: Uint8Array) => Buffer.from(nal).toString('base64')
const unitOf = (...nals: readonly Uint8Array[]) =>
  concatBytes(nals.flatMap((nal) => [Uint8Array.of(0, 0, nal.byteLength >> 8, nal.byteLength & 255), nal]))
const {
  sps: [sps = new Uint8Array()],
  pps: [pps = new Uint8Array()],
} = parseAvcC(AVCC.hd1080)

test('the parameter sets of H.264 are what a picture reader is configured by', () => {
  const unit = readSprop('h264', new Map([['sprop-parameter-sets', `${base64(sps)},${base64(pps)}`]]))
  assert.deepEqual(unit, unitOf(sps, pps))
  const reader = createPictureReader('h264')
  assert.ok(unit)
  assert.equal(reader.read(unit), undefined)
  assert.equal(reader.config?.height, 1080)
})

test('those of HEVC stand in three parameters', () => {
  const { vps, sps, pps } = HEVC.hd1080
  const parameters = new Map([
    ['sprop-vps', base64(vps)],
    ['sprop-sps', base64(sps)],
    ['sprop-pps', base64(pps)],
  ])
  const unit = readSprop('hevc', parameters)
  assert.deepEqual(unit, unitOf(vps, sps, pps))
  const reader = createPictureReader('hevc')
  assert.ok(unit)
  reader.read(unit)
  assert.equal(reader.config?.codecString, 'hvc1.1.6.L120.90')
})

test('what is no parameter set is left out', () => {
  const picture = base64(Uint8Array.of(0x65, 0x88))
  for (const text of ['', ',', '?', picture, `${picture},,////`, '='.repeat(500)]) {
    assert.equal(readSprop('h264', new Map([['sprop-parameter-sets', text]])), undefined, text)
  }
  const some = `${picture},${base64(sps)},%,${base64(pps).slice(0, -1)}!`
  assert.deepEqual(readSprop('h264', new Map([['sprop-parameter-sets', some]])), unitOf(sps))
  assert.equal(readSprop('hevc', new Map([['sprop-vps', base64(HEVC.hd1080.sps)]])), undefined)
  assert.equal(readSprop('hevc', new Map()), undefined)
})
