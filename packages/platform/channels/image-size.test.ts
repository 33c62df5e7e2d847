import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImageKind } from './image.ts'
import { imageSize } from './image-size.ts'

const hex = (...parts: string[]) => Uint8Array.from(Buffer.from(parts.join('').replaceAll(' ', ''), 'hex'))

/** The first bytes of real files of 300 × 200 (hexadecimal 012c × 00c8). */
const files: readonly (readonly [ImageKind, Uint8Array])[] = [
  //            signature          length   I H D R  width    height
  ['png', hex('89504e470d0a1a0a 0000000d 49484452 0000012c 000000c8 08020000 00ddbd4b02')],
  [
    'jpeg',
    //   SOI   APP0 length  J F I F                       fill SOF0 length bits lines samples
    hex('ffd8', 'ffe0 0010 4a464946 0001 0200 0001 0001 0000', 'ffff c0 0011 08 00c8 012c 03 012200 021100 031100'),
  ],
  //             R I F F  size     W E B P  V P 8    size     tag    start  width height
  ['webp', hex('52494646 d8000000 57454250 56503820 cc000000 d01000 9d012a 2c01 c800 3e91')],
  //             R I F F  size     W E B P  V P 8 L  size     sign. bits
  ['webp', hex('52494646 24000000 57454250 5650384c 17000000 2f 2bc13100 0710f5')],
  //             R I F F  size     W E B P  V P 8 X  size     flags    width-1 height-1
  ['webp', hex('52494646 24000000 57454250 56503858 0a000000 10000000 2b0100 c70000')],
  [
    'avif',
    hex(
      //   size     f t y p  a v i f  minor    a v i f  m i f 1
      '00000018 66747970 61766966 00000000 61766966 6d696631',
      //   size     m e t a  version  h d l r (empty)
      '00000058 6d657461 00000000 00000008 68646c72',
      //   size     i p r p  size     i p c o
      '00000044 69707270 0000003c 6970636f',
      //   size     i s p e  version  width    height: one tile, then the whole
      '00000014 69737065 00000000 00000040 00000040',
      '00000014 69737065 00000000 0000012c 000000c8',
      //   size     p i x i
      '0000000c 70697869 00000000',
    ),
  ],
]

test('the size of an image is read from its header', () => {
  for (const [kind, bytes] of files) assert.deepEqual(imageSize(kind, bytes), { width: 300, height: 200 }, kind)
})

test('any cut of a header gives the size or nothing, and never an error', () => {
  for (const [kind, bytes] of files) {
    for (let length = 0; length < bytes.length; length++) {
      const size = imageSize(kind, bytes.slice(0, length))
      if (size && kind !== 'avif') assert.deepEqual(size, { width: 300, height: 200 }, `${kind} cut at ${length}`)
    }
  }
})

test('headers that lead astray give nothing', () => {
  // A scan without a frame header, a length that goes nowhere, and one that runs out of the file.
  for (const jpeg of ['ffd8 ffda 0008 00', 'ffd8 00', 'ffd8 ffe0 ffff 00'])
    assert.equal(imageSize('jpeg', hex(jpeg)), undefined, jpeg)
  assert.equal(imageSize('webp', hex('52494646 24000000 57454250 414e494d 00000000')), undefined)
  // Boxes smaller than their own header, and larger than the file.
  for (const size of ['00000004', 'ffffffff', '00000001'])
    assert.equal(imageSize('avif', hex(`${size} 6d657461 00000000 00000008 69707270`)), undefined, size)
})

test('bytes in the middle of a larger buffer are read from their own beginning', () => {
  const [kind, bytes] = files[0] ?? ['png', hex('')]
  const larger = new Uint8Array(bytes.length + 7)
  larger.set(bytes, 7)
  assert.deepEqual(imageSize(kind, larger.subarray(7)), { width: 300, height: 200 })
})
