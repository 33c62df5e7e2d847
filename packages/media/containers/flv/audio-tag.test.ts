import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import type { AudioCodec } from '../../track.ts'
import { type CodedAudio, parseAudioTag, printAudioTag, printEnhancedAudioTag } from './audio-tag.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex'))

const config = (codec: AudioCodec, data: string, track = 0) =>
  ({ kind: 'config', codec, track, data: hex(data) }) as const
const frame = (codec: AudioCodec, data: string, track = 0, nanos = 0) =>
  ({ kind: 'frame', codec, track, nanos, data: hex(data) }) as const

test('classic AAC both ways', () => {
  for (const [bytes, tag] of [
    ['af 00 1190', { kind: 'config', codec: 'aac', track: 0, data: hex('1190') }],
    ['af 01 2100', { kind: 'frame', codec: 'aac', track: 0, nanos: 0, data: hex('2100') }],
  ] as const) {
    assert.deepEqual(parseAudioTag(hex(bytes)), [tag])
    assert.deepEqual(printAudioTag(tag), hex(bytes))
  }
})

test('classic MP3 has no packet type', () => {
  assert.deepEqual(parseAudioTag(hex('2f fffb')), [frame('mp3', 'fffb')])
  assert.deepEqual(parseAudioTag(hex('ef ffe3')), [frame('mp3', 'ffe3')])
})

/**
 * Enhanced RTMP v2. First byte: 9 | packet type, where the types are SequenceStart 0, CodedFrames 1, SequenceEnd 2,
 * MultichannelConfig 4, Multitrack 5, ModEx 7.
 */
const enhanced: readonly [string, string, readonly CodedAudio[]][] = [
  ['AAC config', '90 6d703461 1190', [config('aac', '1190')]],
  ['Opus config', '90 4f707573 4f707573', [config('opus', '4f707573')]],
  ['Opus config that is empty', '90 4f707573', [config('opus', '')]],
  ['FLAC config', '90 664c6143 664c6143', [config('flac', '664c6143')]],
  ['AAC', '91 6d703461 21', [frame('aac', '21')]],
  ['Opus', '91 4f707573 fc', [frame('opus', 'fc')]],
  ['AC-3', '91 61632d33 0b77', [frame('ac3', '0b77')]],
  ['E-AC-3', '91 65632d33 0b77', [frame('eac3', '0b77')]],
  ['FLAC', '91 664c6143 fff8', [frame('flac', 'fff8')]],
  ['MP3', '91 2e6d7033 fffb', [frame('mp3', 'fffb')]],
  ['end of sequence', '92 4f707573', [{ kind: 'end', codec: 'opus', track: 0 }]],
  // Order | channels | speakers or mask
  [
    'channels without order',
    '94 4f707573 00 02',
    [{ kind: 'channels', codec: 'opus', track: 0, layout: { order: 'unspecified', channels: 2 } }],
  ],
  [
    'channels of 5.1 in native order',
    '94 4f707573 01 06 0000003f',
    [{ kind: 'channels', codec: 'opus', track: 0, layout: { order: 'native', channels: 6, mask: 0x3f } }],
  ],
  [
    'channels with a map',
    '94 6d703461 02 03 02 00 fe',
    [{ kind: 'channels', codec: 'aac', track: 0, layout: { order: 'custom', channels: 3, speakers: [2, 0, 0xfe] } }],
  ],
  ['nanoseconds', '97 02 061a80 01 4f707573 fc', [frame('opus', 'fc', 0, 400_000)]],
  ['one further track', '95 01 4f707573 01 fc', [frame('opus', 'fc', 1)]],
  ['many tracks', '95 11 4f707573 00 000001 fc 01 000002 fcff', [frame('opus', 'fc'), frame('opus', 'fcff', 1)]],
  [
    'many tracks of many codecs',
    '95 20 6d703461 00 000002 1190 4f707573 01 000000',
    [config('aac', '1190'), config('opus', '', 1)],
  ],
]

for (const [name, bytes, tags] of enhanced) {
  test(`enhanced audio both ways: ${name}`, () => {
    assert.deepEqual(parseAudioTag(hex(bytes)), tags)
    assert.deepEqual(printEnhancedAudioTag(...tags), hex(bytes))
  })
  test(`cut anywhere it is an error of the package or another tag: ${name}`, () => {
    const whole = hex(bytes)
    for (let cut = 0; cut < whole.byteLength; cut++) {
      try {
        for (const tag of parseAudioTag(whole.subarray(0, cut))) assert.ok(tag.kind === tags[0]?.kind)
      } catch (error) {
        assert.ok(error instanceof MediaError, String(error))
      }
    }
  })
}

test('other codecs are named for people', () => {
  assert.deepEqual(parseAudioTag(hex('90 73706578')), [{ kind: 'unsupported', codec: 'FourCC spex', track: 0 }])
  assert.deepEqual(parseAudioTag(hex('bf ff')), [{ kind: 'unsupported', codec: 'Speex', track: 0 }])
  assert.deepEqual(parseAudioTag(hex('cf ff')), [{ kind: 'unsupported', codec: 'FLV audio format 12', track: 0 }])
})

test('what contradicts the specification is malformed, what ends early truncated', () => {
  for (const body of ['93 4f707573', '95 15 4f707573', '95 31 4f707573 00', '94 4f707573 00 00', '94 4f707573 03 02']) {
    assert.throws(() => parseAudioTag(hex(body)), code('malformed'), body)
  }
  for (const body of ['', 'af', '90 6d70', '94 4f707573 01 06 0000', '94 4f707573 02 03 00', '97 02 00']) {
    assert.throws(() => parseAudioTag(hex(body)), code('truncated'), body)
  }
})

test('tags that cannot share a header are not written', () => {
  assert.throws(() => printEnhancedAudioTag(config('aac', '11'), frame('aac', '21', 1)), code('malformed'))
  assert.throws(() => printEnhancedAudioTag(frame('aac', '21'), frame('aac', '21', 1, 5)), code('malformed'))
})

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof MediaError && error.code === expected
}
