import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioConfigFromAsc } from '../../codecs/aac/config.ts'
import { videoConfigFromAvcC } from '../../codecs/h264/config.ts'
import { AVCC } from '../../codecs/h264/fixtures.ts'
import { MediaError } from '../../error.ts'
import { type BoxTree, box, fields, fullBox, writeBoxes } from './box-writer.ts'
import { writeInitSegment } from './init.ts'
import { parseInitSegment } from './parse-init.ts'

/** A movie of one track with this sample entry, the smallest that parses. */
function movie(handler: string, entry: BoxTree, ...more: readonly BoxTree[]): Uint8Array {
  const stsd = fullBox(
    'stsd',
    0,
    0,
    fields((w) => w.u32(1)),
    entry,
  )
  const mdia = box(
    'mdia',
    fullBox(
      'mdhd',
      1,
      0,
      fields((w) => w.u64(0).u64(0).u32(12_800).u32(0xffffffff).u32(0xffffffff).u16(0x15c7).u16(0)),
    ),
    fullBox(
      'hdlr',
      0,
      0,
      fields((w) => w.u32(0).ascii(handler)),
    ),
    box('minf', box('stbl', stsd)),
  )
  const tkhd = fullBox(
    'tkhd',
    1,
    3,
    fields((w) => w.u64(0).u64(0).u32(9)),
  )
  const mvhd = fullBox(
    'mvhd',
    0,
    0,
    fields((w) => w.u32(0).u32(0).u32(600)),
  )
  return writeBoxes(box('moov', mvhd, box('trak', tkhd, ...more, mdia)))
}

const visual = (type: string, ...children: readonly BoxTree[]): BoxTree =>
  box(
    type,
    fields((w) => w.bytes(new Uint8Array(24)).u16(1280).u16(720).bytes(new Uint8Array(50))),
    ...children,
  )
const sound = (type: string, version: number, extra: number, ...children: readonly BoxTree[]): BoxTree =>
  box(
    type,
    fields((w) =>
      w.u32(0).u32(1).u16(version).u16(0).u32(0).u16(6).u16(16).u32(0).u16(48_000).u16(0).bytes(new Uint8Array(extra)),
    ),
    ...children,
  )

test('an unknown codec is no error', () => {
  const { tracks, majorBrand, fragmented } = parseInitSegment(movie('vide', visual('xvc9', box('xvcC'))))
  assert.deepEqual([majorBrand, fragmented], ['', false])
  assert.deepEqual(tracks, [
    {
      track: 9,
      handler: 'vide',
      timescale: 12_800,
      duration: 0, // all ones: unknown
      language: 'eng',
      entries: [{ fourcc: 'xvc9', format: 'xvc9', codecString: 'xvc9', width: 1280, height: 720 }],
      edits: [],
    },
  ])
})

test('a configuration that cannot be read leaves the FourCC', () => {
  const [entry] =
    parseInitSegment(movie('vide', visual('avc1', box('avcC', Uint8Array.of(1))))).tracks[0]?.entries ?? []
  assert.deepEqual([entry?.codecString, entry?.config], ['avc1', undefined])
})

test('an encrypted track tells its format and codec', () => {
  const sinf = box(
    'sinf',
    box(
      'frma',
      fields((w) => w.ascii('avc1')),
    ),
  )
  const avcC = box('avcC', AVCC.hd1080)
  const [entry] = parseInitSegment(movie('vide', visual('encv', avcC, sinf))).tracks[0]?.entries ?? []
  assert.deepEqual([entry?.fourcc, entry?.format, entry?.codecString], ['encv', 'avc1', 'avc1.42c028'])
})

test("QuickTime's longer sound entries and terminators are passed over", () => {
  const terminator = Uint8Array.of(0, 0, 0, 0)
  for (const [version, extra] of [
    [1, 16],
    [2, 36],
  ] as const) {
    const entry = sound('ac-3', version, extra, box('dac3'))
    const ended = box('ac-3', ...entry.content, terminator)
    const [parsed] = parseInitSegment(movie('soun', ended)).tracks[0]?.entries ?? []
    assert.deepEqual([parsed?.codecString, parsed?.channels, parsed?.sampleRate], ['ac-3', 6, 48_000])
  }
})

test('text tracks keep their FourCC', () => {
  const { tracks } = parseInitSegment(movie('text', box('wvtt', new Uint8Array(8))))
  assert.equal(tracks[0]?.entries[0]?.codecString, 'wvtt')
})

test('edit lists of both versions', () => {
  const version0 = fullBox(
    'elst',
    0,
    0,
    fields((w) => w.u32(2).u32(600).i32(-1).u32(0x10000).u32(0).i32(1024).u32(0x10000)),
  )
  assert.deepEqual(parseInitSegment(movie('vide', visual('vp09'), box('edts', version0))).tracks[0]?.edits, [
    { duration: 600, mediaTime: -1 },
    { duration: 0, mediaTime: 1024 },
  ])
  const version1 = fullBox(
    'elst',
    1,
    0,
    fields((w) => w.u32(1).u64(600).u32(0xffffffff).u32(0xffffffff).u32(0x10000)),
  )
  assert.deepEqual(parseInitSegment(movie('vide', visual('vp09'), box('edts', version1))).tracks[0]?.edits, [
    { duration: 600, mediaTime: -1 },
  ])
})

test('cut at every byte it throws MediaError', () => {
  const video = writeInitSegment(1, videoConfigFromAvcC(AVCC.sarColour))
  const audio = writeInitSegment(2, audioConfigFromAsc(Uint8Array.of(0x11, 0x90)))
  for (const whole of [video, audio]) {
    for (let length = 0; length < whole.byteLength; length++) {
      assert.throws(() => parseInitSegment(whole.subarray(0, length)), MediaError)
    }
  }
})

test('each byte turned over gives a movie or a MediaError', () => {
  const whole = writeInitSegment(1, videoConfigFromAvcC(AVCC.sarColour))
  for (let at = 0; at < whole.byteLength; at++) {
    const changed = whole.slice()
    changed[at] = (changed[at] ?? 0) ^ 0xff
    try {
      parseInitSegment(changed)
    } catch (error) {
      assert(error instanceof MediaError, String(error))
    }
  }
})
