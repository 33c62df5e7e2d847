import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lengthsFromAnnexB } from './annex-b.ts'
import { fromHex } from './h264/fixtures.ts'

test('start codes of three and four bytes become lengths', () => {
  assert.deepEqual(
    lengthsFromAnnexB(fromHex('00000001 0910 000001 6742 00000001 65880001')),
    fromHex('00000002 0910 00000002 6742 00000004 65880001'),
  )
})

test('zero bytes behind a unit, empty units and what is in front of the first are left out', () => {
  assert.deepEqual(
    lengthsFromAnnexB(fromHex('ab 000001 0910 0000 000001 000001 41ff 00')),
    fromHex('00000002 0910 00000002 41ff'),
  )
  assert.deepEqual(lengthsFromAnnexB(fromHex('000001')), new Uint8Array())
})

test('emulation prevention is not taken for a start code', () => {
  assert.deepEqual(lengthsFromAnnexB(fromHex('000001 65 00000301 02')), fromHex('00000006 65 00000301 02'))
})

test('bytes without a start code are malformed', () => {
  for (const hex of ['', '00', '0000', '000002', '010101']) {
    assert.throws(() => lengthsFromAnnexB(fromHex(hex)), { code: 'malformed' })
  }
})
