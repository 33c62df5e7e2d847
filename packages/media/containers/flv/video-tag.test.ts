import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import type { VideoCodec } from '../../track.ts'
import { FLV_LIMITS } from './limits.ts'
import { type CodedVideo, printEnhancedVideoTag, printVideoMetadata, printVideoTag } from './print-video-tag.ts'
import { parseVideoTag, type VideoTag } from './video-tag.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex'))

type Classic = Parameters<typeof printVideoTag>[0]

const frame = (codec: VideoCodec, data: string, more: Partial<Extract<VideoTag, { kind: 'frame' }>> = {}) =>
  ({ kind: 'frame', codec, track: 0, key: true, compositionTime: 0, nanos: 0, data: hex(data), ...more }) as const

/** Frame type and codec | packet type | composition time | data. */
const classic: readonly [string, string, Classic][] = [
  ['sequence header', '17 00 000000 0164', { kind: 'config', codec: 'h264', track: 0, data: hex('0164') }],
  ['key frame', '17 01 000042 aabb', frame('h264', 'aabb', { compositionTime: 66 }) as Classic],
  [
    'frame shown before it is decoded',
    '27 01 ffffdf cc',
    frame('h264', 'cc', { key: false, compositionTime: -33 }) as Classic,
  ],
  ['end of sequence', '17 02 000000', { kind: 'end', codec: 'h264', track: 0 }],
  ['HEVC by codec id 12', '1c 00 000000 0101', { kind: 'config', codec: 'hevc', track: 0, data: hex('0101') }],
  ['frame of HEVC', '2c 01 000021 26', frame('hevc', '26', { key: false, compositionTime: 33 }) as Classic],
]

for (const [name, bytes, tag] of classic) {
  test(`classic video both ways: ${name}`, () => {
    assert.deepEqual(parseVideoTag(hex(bytes)), [tag])
    assert.deepEqual(printVideoTag(tag), hex(bytes))
  })
}

/**
 * Enhanced RTMP v2. First byte: 1 | frame type 3 | packet type 4, where the types are SequenceStart 0, CodedFrames 1, SequenceEnd 2,
 * CodedFramesX 3, Metadata 4, MPEG2TSSequenceStart 5, Multitrack 6, ModEx 7.
 */
const enhanced: readonly [string, string, readonly CodedVideo[]][] = [
  ['H.264 config', '90 61766331 0164', [{ kind: 'config', codec: 'h264', track: 0, data: hex('0164') }]],
  ['HEVC config', '90 68766331 0101', [{ kind: 'config', codec: 'hevc', track: 0, data: hex('0101') }]],
  ['AV1 config', '90 61763031 8104', [{ kind: 'config', codec: 'av1', track: 0, data: hex('8104') }]],
  ['VP9 config', '90 76703039 000a', [{ kind: 'config', codec: 'vp9', track: 0, data: hex('000a') }]],
  ['VP8 config', '90 76703038 000a', [{ kind: 'config', codec: 'vp8', track: 0, data: hex('000a') }]],
  [
    'AV1 with the descriptor of MPEG-TS',
    '95 61763031 80',
    [{ kind: 'descriptor', codec: 'av1', track: 0, data: hex('80') }],
  ],
  ['HEVC, CodedFrames with composition time', '91 68766331 000042 26', [frame('hevc', '26', { compositionTime: 66 })]],
  ['HEVC, a negative one', 'a1 68766331 ffffdf 02', [frame('hevc', '02', { key: false, compositionTime: -33 })]],
  ['HEVC, CodedFramesX', 'a3 68766331 02', [frame('hevc', '02', { key: false })]],
  ['AV1, CodedFrames without composition time', '91 61763031 0a0b', [frame('av1', '0a0b')]],
  ['VP9', 'a1 76703039 86', [frame('vp9', '86', { key: false })]],
  ['end of sequence', '92 61763031', [{ kind: 'end', codec: 'av1', track: 0 }]],
  // ModEx | size − 1 = 2 | 400 000 ns | kind 0, packet type 3 | FourCC | data
  ['nanoseconds', '97 02 061a80 03 68766331 26', [frame('hevc', '26', { nanos: 400_000 })]],
  // Multitrack | OneTrack, CodedFramesX | FourCC | track | data to the end
  ['one further track', 'a6 03 68766331 02 aabb', [frame('hevc', 'aabb', { key: false, track: 2 })]],
  // Multitrack | ManyTracks, SequenceStart | FourCC | track, size, data …
  [
    'many tracks',
    '96 10 61766331 00 000001 aa 01 000002 bbcc',
    [
      { kind: 'config', codec: 'h264', track: 0, data: hex('aa') },
      { kind: 'config', codec: 'h264', track: 1, data: hex('bbcc') },
    ],
  ],
  // Multitrack | ManyTracksManyCodecs, CodedFrames | FourCC, track, size, composition time where the codec has one …
  [
    'many tracks of many codecs',
    '96 21 68766331 00 000004 000000 26 61763031 01 000002 0a0b',
    [frame('hevc', '26'), frame('av1', '0a0b', { track: 1 })],
  ],
  [
    'nanoseconds of many tracks',
    '97 02 0f423f 06 13 61766331 00 000001 aa 05 000001 bb',
    [frame('h264', 'aa', { nanos: 999_999 }), frame('h264', 'bb', { nanos: 999_999, track: 5 })],
  ],
]

for (const [name, bytes, tags] of enhanced) {
  test(`enhanced video both ways: ${name}`, () => {
    assert.deepEqual(parseVideoTag(hex(bytes)), tags)
    assert.deepEqual(printEnhancedVideoTag(...tags), hex(bytes))
  })
  test(`cut anywhere it is an error of the package or another tag: ${name}`, () => {
    const whole = hex(bytes)
    for (let cut = 0; cut < whole.byteLength; cut++) {
      try {
        for (const tag of parseVideoTag(whole.subarray(0, cut))) assert.ok(tag.kind === tags[0]?.kind)
      } catch (error) {
        assert.ok(error instanceof MediaError, String(error))
      }
    }
  })
}

test('metadata is handed on as it is, whatever the frame type', () => {
  const metadata = [{ kind: 'metadata', track: 0, data: hex('0201') }]
  assert.deepEqual(parseVideoTag(hex('94 68766331 0201')), metadata)
  assert.deepEqual(parseVideoTag(hex('d4 68766331 0201')), metadata)
  assert.deepEqual(printVideoMetadata(hex('0201'), 'hevc'), hex('94 68766331 0201'))
  assert.deepEqual(printVideoMetadata(hex('0201'), 'hevc', 3), hex('96 04 68766331 03 0201'))
})

test('ModEx: long data, kinds that are not known, several in a row, more than a millisecond', () => {
  // 0xff says that 16 bits of size follow.
  const long = new Uint8Array(Buffer.concat([hex('97 ff 012b'), new Uint8Array(300).fill(1), hex('13 68766331 26')]))
  assert.deepEqual(parseVideoTag(long), [frame('hevc', '26')])
  assert.deepEqual(parseVideoTag(hex('97 00 ff e7 02 000064 03 68766331 26')), [frame('hevc', '26', { nanos: 100 })])
  assert.deepEqual(parseVideoTag(hex('97 02 ffffff 03 68766331 26')), [frame('hevc', '26', { nanos: 999_999 })])
  assert.deepEqual(parseVideoTag(hex('97 01 ffff 03 68766331 26')), [frame('hevc', '26')])
})

test('other codecs are named for people', () => {
  const unsupported = (codec: string, track = 0) => [{ kind: 'unsupported', codec, track }]
  assert.deepEqual(parseVideoTag(hex('90 76766331 01')), unsupported('H.266 (VVC)'))
  assert.deepEqual(parseVideoTag(hex('90 00ff7831 01')), unsupported('FourCC ??x1'))
  assert.deepEqual(parseVideoTag(hex('96 00 76766331 04 01')), unsupported('H.266 (VVC)', 4))
  assert.deepEqual(parseVideoTag(hex('22 00')), unsupported('Sorenson H.263'))
  assert.deepEqual(parseVideoTag(hex('29 00')), unsupported('FLV video codec 9'))
})

test('video info frames are nothing to decode', () => {
  assert.deepEqual(parseVideoTag(hex('57 00')), [{ kind: 'info' }])
  assert.deepEqual(parseVideoTag(hex('d1 00')), [{ kind: 'info' }])
})

test('what contradicts the specification is malformed, what ends early truncated', () => {
  for (const body of [
    '17 03 000000', // AVC packet type 3
    '98 68766331', // packet type 8
    '96 16 68766331', // multitrack within multitrack
    '96 17 68766331', // ModEx within multitrack
    '96 33 68766331 00', // multitrack type 3
  ]) {
    assert.throws(() => parseVideoTag(hex(body)), code('malformed'), body)
  }
  for (const body of [
    '',
    '17 01 0000',
    '17',
    '90 6176',
    '91 61766331 0000',
    '97 02 0000',
    '96 13 68766331',
    '96 13 68766331 00 000002 aa',
  ]) {
    assert.throws(() => parseVideoTag(hex(body)), code('truncated'), body)
  }
})

test('eight megabytes of tracks or of ModEx signals are refused at their bound', () => {
  const tracks = new Uint8Array(FLV_LIMITS.tagBytes)
  tracks.set(hex('96 13 68766331'))
  assert.throws(() => parseVideoTag(tracks), code('too-large'))
  const modifiers = new Uint8Array(FLV_LIMITS.tagBytes)
  modifiers[0] = 0x97
  for (let at = 1; at < modifiers.byteLength; at += 3) modifiers[at + 2] = 0x17
  assert.throws(() => parseVideoTag(modifiers), code('too-large'))
})

test('tags that cannot share a header are not written', () => {
  const one = frame('h264', 'aa')
  for (const other of [
    frame('h264', 'bb', { track: 1, key: false }),
    frame('h264', 'bb', { track: 1, nanos: 1 }),
    { kind: 'end', codec: 'h264', track: 1 } as const,
  ]) {
    assert.throws(() => printEnhancedVideoTag(one, other), code('malformed'))
  }
  assert.throws(() => printEnhancedVideoTag(), code('malformed'))
  assert.throws(() => printEnhancedVideoTag(...Array.from({ length: 65 }, () => one)), code('too-large'))
})

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof MediaError && error.code === expected
}
