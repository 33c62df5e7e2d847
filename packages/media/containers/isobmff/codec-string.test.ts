import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../../codecs/h264/fixtures.ts'
import { parseBoxes } from './box.ts'
import { box, fullBox, writeBoxes } from './box-writer.ts'
import { codecString } from './codec-string.ts'

/** A configuration box as the sample entry holds it. */
function record(type: string, hex: string): ReturnType<typeof parseBoxes> {
  return parseBoxes(writeBoxes(box(type, fromHex(hex))))
}

test('H.264 names profile, constraints and level', () => {
  assert.equal(codecString('avc3', record('avcC', '0164001fff')), 'avc3.64001f')
})

test('HEVC reverses its compatibility flags and drops zero constraints', () => {
  const main = '01 01 60000000 900000000000 5d'
  assert.equal(codecString('hvc1', record('hvcC', main)), 'hvc1.1.6.L93.90')
  const high = '01 62 20000000 b00000000000 96'
  assert.equal(codecString('hev1', record('hvcC', high)), 'hev1.A2.4.H150.B0')
})

test('AV1 names profile, level, tier and depth', () => {
  assert.equal(codecString('av01', record('av1C', '81040c00')), 'av01.0.04M.08')
  assert.equal(codecString('av01', record('av1C', '8128c000')), 'av01.1.08H.10')
})

test('VP9 names profile, level and depth', () => {
  assert.equal(codecString('vp09', record('vpcC', '01000000 00 1f 80')), 'vp09.00.31.08')
})

test('MPEG-4 audio names its object types', () => {
  const esds = (objectType: string, asc: string) =>
    parseBoxes(writeBoxes(fullBox('esds', 0, 0, fromHex(`0314000000040f${objectType}15${'00'.repeat(11)}${asc}`))))
  assert.equal(codecString('mp4a', esds('40', '0500')), 'mp4a.40')
  assert.equal(codecString('mp4a', esds('6b', '0500')), 'mp4a.40.34')
  const full = fromHex(`0319000000 04114015${'00'.repeat(11)} 05021190 060102`)
  assert.equal(codecString('mp4a', parseBoxes(writeBoxes(fullBox('esds', 0, 0, full)))), 'mp4a.40.2')
})

test('what is not known keeps its FourCC', () => {
  assert.equal(codecString('avc1', []), 'avc1')
  assert.equal(codecString('dvh1', []), 'dvh1')
  assert.equal(codecString('Opus', []), 'Opus')
  assert.equal(codecString('fLaC', []), 'fLaC')
  assert.equal(codecString('ac-3', []), 'ac-3')
})
