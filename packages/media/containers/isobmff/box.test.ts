import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../../codecs/h264/fixtures.ts'
import { findBox, needBox, parseBoxes } from './box.ts'
import { box, fields, fullBox, writeBoxes } from './box-writer.ts'
import { MAX_BOXES } from './limits.ts'

test('boxes beside each other, with their places', () => {
  const boxes = parseBoxes(fromHex('00000009667265650a 00000008736b6970'))
  assert.deepEqual(
    boxes.map(({ type, start, size, contentStart, content }) => [type, start, size, contentStart, [...content]]),
    [
      ['free', 0, 9, 8, [0x0a]],
      ['skip', 9, 8, 17, []],
    ],
  )
})

test('sizes of 64 bits, up to the end, and extended types', () => {
  const [large] = parseBoxes(fromHex('000000016d64617400000000000000120102'))
  assert.deepEqual([large?.size, large?.contentStart, [...(large?.content ?? [])]], [18, 16, [1, 2]])
  const [open] = parseBoxes(fromHex('000000006d646174010203'))
  assert.deepEqual([open?.size, [...(open?.content ?? [])]], [11, [1, 2, 3]])
  const [extended] = parseBoxes(fromHex(`0000001a75756964${'ab'.repeat(16)}0102`))
  assert.deepEqual([extended?.type, extended?.contentStart, [...(extended?.content ?? [])]], ['uuid', 24, [1, 2]])
})

test('a size below the header is malformed', () => {
  assert.throws(() => parseBoxes(fromHex('0000000766726565')), { code: 'malformed' })
  assert.throws(() => parseBoxes(fromHex('0000000166726565000000000000000f')), { code: 'malformed' })
  assert.throws(() => parseBoxes(fromHex('00000001667265650100000000000000')), { code: 'malformed' })
  assert.throws(() => parseBoxes(fromHex(`0000000875756964${'ab'.repeat(16)}`)), { code: 'malformed' })
})

test('cut at every byte it is truncated; with partial the content is what there is', () => {
  const bytes = fromHex('0000000c6d64617401020304')
  for (let length = 1; length < bytes.byteLength; length++) {
    assert.throws(() => parseBoxes(bytes.subarray(0, length)), { code: 'truncated' })
    if (length < 8) continue
    const [cut] = parseBoxes(bytes.subarray(0, length), { partial: true })
    assert.deepEqual([cut?.size, cut?.content.byteLength], [12, length - 8])
  }
})

test('more boxes than the bound are too large', () => {
  const bytes = new Uint8Array((MAX_BOXES + 1) * 8)
  for (let at = 3; at < bytes.byteLength; at += 8) bytes[at] = 8
  assert.throws(() => parseBoxes(bytes), { code: 'too-large' })
})

test('a tree is written with sizes from the inside out', () => {
  const written = writeBoxes(
    box(
      'moof',
      fullBox(
        'mfhd',
        1,
        0x20,
        fields((w) => w.u32(9)),
      ),
    ),
    box('free'),
  )
  assert.deepEqual(written, fromHex('000000186d6f6f66 000000106d66686401000020 00000009 0000000866726565'))
})

test('a missing box is named', () => {
  assert.equal(findBox([], 'tfdt'), undefined)
  assert.throws(() => needBox([], 'tfhd', 'traf'), { code: 'malformed', message: 'traf: no tfhd' })
})
