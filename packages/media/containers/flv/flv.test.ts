import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import { EcmaArray } from '../../protocols/rtmp/amf0/value.ts'
import { type AudioTag, parseAudioTag, printAudioTag } from './audio-tag.ts'
import { FLV_LIMITS } from './limits.ts'
import { FlvReader } from './reader.ts'
import { parseOnMetaData, printOnMetaData } from './script-tag.ts'
import type { FlvTag } from './tag.ts'
import { parseVideoTag, printVideoTag, type VideoTag } from './video-tag.ts'
import { printFlvHeader, printFlvTag } from './writer.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex'))

/** Classic H.264 bodies: frame type and codec | packet type | composition time | data. */
const videoBodies: readonly [string, string, Extract<VideoTag, { codec: 'h264' }>][] = [
  ['sequence header', '17 00 000000 0164', { kind: 'config', codec: 'h264', data: hex('0164') }],
  [
    'key frame',
    '17 01 000042 aabb',
    { kind: 'frame', codec: 'h264', key: true, compositionTime: 66, data: hex('aabb') },
  ],
  [
    'frame shown before it is decoded',
    '27 01 ffffdf cc',
    { kind: 'frame', codec: 'h264', key: false, compositionTime: -33, data: hex('cc') },
  ],
]

for (const [name, bytes, tag] of videoBodies) {
  test(`video tag both ways: ${name}`, () => {
    assert.deepEqual(parseVideoTag(hex(bytes)), tag)
    assert.deepEqual(printVideoTag(tag), hex(bytes))
  })
}

test('end of sequence both ways', () => {
  assert.deepEqual(parseVideoTag(hex('17 02 000000')), { kind: 'end', codec: 'h264' })
  assert.deepEqual(printVideoTag({ kind: 'end', codec: 'h264' }), hex('17 02 000000'))
})

test('H.264 in the enhanced header', () => {
  assert.deepEqual(parseVideoTag(hex('90 61766331 0164')), { kind: 'config', codec: 'h264', data: hex('0164') })
  const frame = { kind: 'frame', codec: 'h264', key: true, compositionTime: 66, data: hex('aa') }
  assert.deepEqual(parseVideoTag(hex('91 61766331 000042 aa')), frame)
  assert.deepEqual(parseVideoTag(hex('a3 61766331 aa')), { ...frame, key: false, compositionTime: 0 })
  assert.deepEqual(parseVideoTag(hex('92 61766331')), { kind: 'end', codec: 'h264' })
  assert.deepEqual(parseVideoTag(hex('94 61766331 02')), { kind: 'info' })
})

test('other video codecs are named for people', () => {
  assert.deepEqual(parseVideoTag(hex('90 68766331 01')), { kind: 'unsupported', codec: 'H.265 (HEVC)' })
  assert.deepEqual(parseVideoTag(hex('90 61763031 01')), { kind: 'unsupported', codec: 'AV1' })
  assert.deepEqual(parseVideoTag(hex('90 00ff7831 01')), { kind: 'unsupported', codec: 'FourCC ??x1' })
  assert.deepEqual(parseVideoTag(hex('1c 00 000000')), { kind: 'unsupported', codec: 'H.265 (HEVC)' })
  assert.deepEqual(parseVideoTag(hex('22 00')), { kind: 'unsupported', codec: 'Sorenson H.263' })
  assert.deepEqual(parseVideoTag(hex('96 61766331 00')), { kind: 'unsupported', codec: 'multitrack video' })
})

test('video info frames are nothing to decode', () => {
  assert.deepEqual(parseVideoTag(hex('57 00')), { kind: 'info' })
  assert.deepEqual(parseVideoTag(hex('d1 00')), { kind: 'info' })
})

const audioBodies: readonly [string, string, Extract<AudioTag, { codec: 'aac' }>][] = [
  ['sequence header', 'af 00 1190', { kind: 'config', codec: 'aac', data: hex('1190') }],
  ['frame', 'af 01 2100', { kind: 'frame', codec: 'aac', data: hex('2100') }],
]

for (const [name, bytes, tag] of audioBodies) {
  test(`audio tag both ways: ${name}`, () => {
    assert.deepEqual(parseAudioTag(hex(bytes)), tag)
    assert.deepEqual(printAudioTag(tag), hex(bytes))
  })
}

test('AAC in the enhanced header, other audio codecs by name', () => {
  assert.deepEqual(parseAudioTag(hex('90 6d703461 1190')), { kind: 'config', codec: 'aac', data: hex('1190') })
  assert.deepEqual(parseAudioTag(hex('91 6d703461 21')), { kind: 'frame', codec: 'aac', data: hex('21') })
  assert.deepEqual(parseAudioTag(hex('94 6d703461 21')), { kind: 'info' })
  assert.deepEqual(parseAudioTag(hex('95 6d703461 21')), { kind: 'unsupported', codec: 'multitrack audio' })
  assert.deepEqual(parseAudioTag(hex('90 4f707573')), { kind: 'unsupported', codec: 'Opus' })
  assert.deepEqual(parseAudioTag(hex('2f ff')), { kind: 'unsupported', codec: 'MP3' })
})

test('bodies cut within their header are truncated', () => {
  for (const body of ['17 01 0000', '17', '90 6176', '91 61766331 0000']) {
    assert.throws(() => parseVideoTag(hex(body)), code('truncated'))
  }
  for (const body of ['af', '90 6d70']) assert.throws(() => parseAudioTag(hex(body)), code('truncated'))
  assert.throws(() => parseVideoTag(new Uint8Array(0)), code('truncated'))
  assert.throws(() => parseAudioTag(new Uint8Array(0)), code('truncated'))
  assert.throws(() => parseVideoTag(hex('17 03 000000')), code('malformed'))
})

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
