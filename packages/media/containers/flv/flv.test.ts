import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import { EcmaArray } from '../../protocols/rtmp/amf0/value.ts'
import { FLV_LIMITS } from './limits.ts'
import { FlvReader } from './reader.ts'
import { parseOnMetaData, printOnMetaData } from './script-tag.ts'
import type { FlvTag } from './tag.ts'
import { printFlvHeader, printFlvTag } from './writer.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex'))

test('onMetaData both ways', () => {
  const fields = new EcmaArray([['width', 1280]])
  const body = printOnMetaData(fields)
  assert.deepEqual(body, hex('02 000a 6f6e4d65746144617461 08 00000001 0005 7769647468 00 4094000000000000 0000 09'))
  assert.deepEqual(parseOnMetaData(body), fields)
  assert.equal(parseOnMetaData(hex('02 0001 78')), undefined)
})

const file: readonly FlvTag[] = [
  { type: 'script', timestamp: 0, body: hex('020178') },
  { type: 'video', timestamp: 0x01020304, body: hex('17010000 00aa') },
  { type: 'audio', timestamp: 0xfffffffe, body: hex('af01') },
  { type: 'video', timestamp: 5, body: new Uint8Array(0) },
]
const fileBytes = new Uint8Array(
  Buffer.concat([printFlvHeader({ audio: true, video: true }), ...file.map(printFlvTag)]),
)

test('file header and tag are written byte for byte', () => {
  assert.deepEqual(printFlvHeader({ audio: false, video: true }), hex('464c56 01 01 00000009 00000000'))
  // type | length | timestamp, its high byte behind | stream id | body | back pointer
  assert.deepEqual(
    printFlvTag({ type: 'audio', timestamp: 0x01020304, body: hex('af01') }),
    hex('08 000002 020304 01 000000 af01 0000000d'),
  )
})

test('a file is read back whatever the pieces', () => {
  for (const step of [1, 2, 3, 7, 11, 13, 1000]) {
    const reader = new FlvReader()
    const tags: FlvTag[] = []
    for (let at = 0; at < fileBytes.byteLength; at += step) tags.push(...reader.push(fileBytes.slice(at, at + step)))
    assert.deepEqual(tags, file)
  }
})

test('a file cut anywhere gives the whole tags before the cut, and the rest later', () => {
  for (let cut = 0; cut <= fileBytes.byteLength; cut++) {
    const reader = new FlvReader()
    const tags = reader.push(fileBytes.subarray(0, cut))
    assert.deepEqual([...tags, ...reader.push(fileBytes.subarray(cut))], file)
  }
})

test('tags of unknown type are skipped, encrypted ones refused', () => {
  const header = printFlvHeader({ audio: true, video: true })
  const unknown = hex('0b 000001 000000 00 000000 aa 0000000c')
  const reader = new FlvReader()
  assert.deepEqual(reader.push(new Uint8Array(Buffer.concat([header, unknown, ...file.map(printFlvTag)]))), file)
  const encrypted = new Uint8Array(Buffer.concat([header, hex('29 000001 000000 00 000000 aa 0000000c')]))
  assert.throws(() => new FlvReader().push(encrypted), code('unsupported'))
})

test('what is no FLV, or too large, is refused by its header', () => {
  assert.throws(() => new FlvReader().push(hex('000000 01 05 00000009')), code('malformed'))
  assert.throws(() => new FlvReader().push(hex('464c56 01 05 00000008')), code('malformed'))
  assert.throws(() => new FlvReader().push(hex('464c56 01 05 ffffffff')), code('too-large'))
  assert.ok(FLV_LIMITS.tagBytes < 0xffffff)
  const large = new Uint8Array(
    Buffer.concat([printFlvHeader({ audio: true, video: true }), hex('09 ffffff 000000 00 000000')]),
  )
  assert.throws(() => new FlvReader().push(large), code('too-large'))
})

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof MediaError && error.code === expected
}
