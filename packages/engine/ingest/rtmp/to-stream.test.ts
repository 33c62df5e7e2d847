import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { parseAvcC } from '@bandstand/media/codecs/h264/avcc.ts'
import { printVideoTag } from '@bandstand/media/containers/flv/print-video-tag.ts'
import { parseVideoTag } from '@bandstand/media/containers/flv/video-tag.ts'
import { type ClipTrack, readClip } from './clip.ts'
import { RTMP_LISTENER_LIMITS } from './limits.ts'
import { FakePublisher } from './testing/fake-port.ts'
import { createFlvToStream } from './to-stream.ts'

const clip = readClip(new Uint8Array(readFileSync(new URL('fixtures/clip.flv', import.meta.url))))
const track = (kind: 'audio' | 'video'): ClipTrack => clip.tracks.find((one) => one.kind === kind) as ClipTrack
const [videoTrack, audioTrack] = [track('video'), track('audio')]
const frames = videoTrack.frames.map(({ time, body }) => ({ time, body, ...frame(body) }))
const avcC = data(videoTrack.header)
const { sps, pps } = parseAvcC(avcC)

function data(body: Uint8Array): Uint8Array {
  const [tag] = parseVideoTag(body)
  assert.ok(tag !== undefined && 'data' in tag)
  return tag.data
}

function frame(body: Uint8Array): { key: boolean; compositionTime: number; data: Uint8Array } {
  const [tag] = parseVideoTag(body)
  assert.ok(tag?.kind === 'frame')
  return tag
}

/** NAL units with lengths of `size` bytes, as one H.264 tag body. */
function body(nals: readonly Uint8Array[], size = 4, key = true): Uint8Array {
  const parts = nals.flatMap((nal) => {
    const length = new Uint8Array(size)
    for (let i = 0; i < size; i++) length[i] = nal.byteLength >>> (8 * (size - 1 - i))
    return [length, nal]
  })
  return printVideoTag({
    kind: 'frame',
    codec: 'h264',
    track: 0,
    key,
    compositionTime: 0,
    nanos: 0,
    data: new Uint8Array(Buffer.concat(parts)),
  })
}

function nalsOf(unit: Uint8Array): Uint8Array[] {
  const nals: Uint8Array[] = []
  const view = new DataView(unit.buffer, unit.byteOffset, unit.byteLength)
  for (let at = 0; at < unit.byteLength; at += 4 + view.getUint32(at)) {
    nals.push(unit.subarray(at + 4, at + 4 + view.getUint32(at)))
  }
  return nals
}

const header = (record: Uint8Array): Uint8Array =>
  printVideoTag({ kind: 'config', codec: 'h264', track: 0, data: record })
const slices = nalsOf(frames[0]?.data ?? new Uint8Array(0))
const [first] = slices.filter((nal) => ((nal[0] ?? 0) & 31) === 5) as [Uint8Array]

function setUp(): { publisher: FakePublisher; media: ReturnType<typeof createFlvToStream> } {
  const publisher = new FakePublisher()
  return { publisher, media: createFlvToStream(publisher, RTMP_LISTENER_LIMITS) }
}

describe('video', () => {
  test('a clip with B-frames keeps its decode and presentation times on the 90 kHz clock', () => {
    const { publisher, media } = setUp()
    media.video(0, videoTrack.header)
    for (const { time, body: bytes } of frames) media.video(time, bytes)
    assert.equal(publisher.configs.length, 1)
    assert.equal(publisher.configs[0]?.track, VIDEO_TRACK)
    assert.deepEqual(
      publisher.units.map(({ dts, pts, key }) => [dts, pts, key]),
      frames.map(({ time, compositionTime, key }) => [time * 90, (time + compositionTime) * 90, key]),
    )
    assert.ok(publisher.units.some(({ dts, pts }) => pts > dts))
  })

  test('an access unit that needs no change is passed on without a copy', () => {
    const { publisher, media } = setUp()
    media.video(0, videoTrack.header)
    media.video(0, frames[1]?.body as Uint8Array)
    assert.equal(publisher.units[0]?.data.buffer, frames[1]?.body.buffer)
  })

  test('a repeated sequence header is no new configuration, a different one is', () => {
    const { publisher, media } = setUp()
    media.video(0, videoTrack.header)
    media.video(10, videoTrack.header)
    assert.equal(publisher.configs.length, 1)
    media.video(20, header(withOtherPps(avcC)))
    assert.equal(publisher.configs.length, 2)
    assert.notDeepEqual(publisher.configs[0]?.config.decoderConfig, publisher.configs[1]?.config.decoderConfig)
  })

  test('units before the configuration are dropped and counted', () => {
    const { publisher, media } = setUp()
    for (const { time, data: unit } of frames.slice(1, 4)) media.video(time, body(nalsOf(unit), 4, false))
    assert.equal(publisher.units.length, 0)
    assert.equal(media.dropped.unconfigured, 3)
    assert.equal(publisher.facts['droppedUnconfigured'], 2)
    media.video(200, videoTrack.header)
    media.video(200, frames[0]?.body as Uint8Array)
    assert.equal(publisher.units.length, 1)
  })

  test('without any sequence header the parameter sets in the stream are enough', () => {
    const { publisher, media } = setUp()
    media.video(0, body([...sps, ...pps, first]))
    assert.equal(publisher.configs.length, 1)
    assert.deepEqual(nalsOf(publisher.units[0]?.data as Uint8Array), [first])
  })

  test('a sequence header without parameter sets still says how long the lengths are', () => {
    const { publisher, media } = setUp()
    media.video(0, header(Uint8Array.of(1, 100, 0, 9, 0xfd, 0xe0, 0)))
    assert.equal(publisher.configs.length, 0)
    media.video(0, body([...sps, ...pps, first], 2))
    assert.deepEqual(nalsOf(publisher.units[0]?.data as Uint8Array), [first])
  })

  test('parameter sets in the stream that are known already change nothing', () => {
    const { publisher, media } = setUp()
    media.video(0, videoTrack.header)
    media.video(0, body([...sps, ...pps, first]))
    assert.equal(publisher.configs.length, 1)
    assert.deepEqual(nalsOf(publisher.units[0]?.data as Uint8Array), [first])
  })

  test('a changed parameter set in the stream is a new configuration, before its unit', () => {
    const { publisher, media } = setUp()
    media.video(0, videoTrack.header)
    const other = parseAvcC(withOtherPps(avcC)).pps
    media.video(40, body([...other, first]))
    assert.equal(publisher.configs.length, 2)
    assert.deepEqual(parseAvcC(publisher.configs[1]?.config.decoderConfig as Uint8Array).pps, other)
    media.video(80, body([...other, first]))
    assert.equal(publisher.configs.length, 2)
  })

  test('two-byte lengths become four-byte lengths', () => {
    const { publisher, media } = setUp()
    const record = avcC.slice()
    record[4] = 0xfd
    media.video(0, header(record))
    media.video(0, body([first], 2))
    assert.deepEqual(nalsOf(publisher.units[0]?.data as Uint8Array), [first])
    assert.equal((publisher.configs[0]?.config.decoderConfig[4] ?? 0) & 3, 3)
  })

  test('empty NAL units and filler data are left out; a unit of nothing else is no unit', () => {
    const { publisher, media } = setUp()
    media.video(0, videoTrack.header)
    const filler = Uint8Array.of(12, 255, 255, 128)
    media.video(0, body([new Uint8Array(0), first, filler]))
    media.video(40, body([filler]))
    media.video(80, body([...sps, ...pps]))
    assert.equal(publisher.units.length, 1)
    assert.deepEqual(nalsOf(publisher.units[0]?.data as Uint8Array), [first])
  })

  test('malformed units and headers are counted, and what follows goes on', () => {
    const { publisher, media } = setUp()
    media.video(0, header(Uint8Array.of(1, 2)))
    media.video(0, videoTrack.header)
    media.video(
      0,
      printVideoTag({
        kind: 'frame',
        codec: 'h264',
        track: 0,
        key: true,
        compositionTime: 0,
        nanos: 0,
        data: Uint8Array.of(0, 0, 0, 1),
      }),
    )
    media.video(
      0,
      printVideoTag({
        kind: 'frame',
        codec: 'h264',
        track: 0,
        key: true,
        compositionTime: 0,
        nanos: 0,
        data: Uint8Array.of(0, 0, 9, 9, 1),
      }),
    )
    media.video(40, frames[0]?.body as Uint8Array)
    assert.equal(media.dropped.malformed, 3)
    assert.equal(publisher.units.length, 1)
    assert.equal(publisher.facts['droppedMalformed'], 2)
  })

  test('pictures with start codes in place of lengths (Annex B) are answered with what to set, good ones between them not', () => {
    const annexB = (nal: Uint8Array) => {
      const data = new Uint8Array([0, 0, 0, 1, ...nal])
      return printVideoTag({ kind: 'frame', codec: 'h264', track: 0, key: true, compositionTime: 0, nanos: 0, data })
    }
    const { malformedUnits } = RTMP_LISTENER_LIMITS
    const { media } = setUp()
    media.video(0, videoTrack.header)
    for (let i = 1; i < malformedUnits; i++) assert.equal(media.video(i * 33, annexB(first)), undefined)
    assert.match(media.video(4000, annexB(first)) ?? '', /Annex B/)
    const mixed = setUp().media
    mixed.video(0, videoTrack.header)
    for (let i = 1; i < 10 * malformedUnits; i++) {
      assert.equal(mixed.video(i * 33, i % malformedUnits === 0 ? body([first]) : annexB(first)), undefined)
    }
    assert.ok(mixed.dropped.malformed > malformedUnits)
  })

  test('other codecs are answered with what to set', () => {
    const { media } = setUp()
    assert.match(media.video(0, Uint8Array.of(0x90, 0x76, 0x76, 0x63, 0x31)) ?? '', /H\.266.*H\.264/)
    assert.match(media.audio(0, Uint8Array.of(0xbf, 1)) ?? '', /Speex.*AAC/)
    assert.equal(media.video(0, Uint8Array.of(0x17, 2, 0, 0, 0)), undefined)
  })
})

describe('audio', () => {
  test('frames follow their configuration, each a place to start', () => {
    const { publisher, media } = setUp()
    media.audio(0, audioTrack.frames[0]?.body as Uint8Array)
    media.audio(0, audioTrack.header)
    media.audio(0, audioTrack.header)
    media.audio(21, audioTrack.frames[0]?.body as Uint8Array)
    assert.equal(media.dropped.unconfigured, 1)
    assert.equal(publisher.configs.length, 1)
    const [unit] = publisher.units
    assert.deepEqual([unit?.track, unit?.dts, unit?.pts, unit?.key], [AUDIO_TRACK, 21 * 90, 21 * 90, true])
  })

  test('kinds of AAC that are not taken are answered with what to set', () => {
    // AudioSpecificConfigs of AAC Main (1), ELD (39) and xHE-AAC (42): ISO/IEC 14496-3 table 1.17.
    for (const [type, asc] of [
      [1, [0x09, 0x90]],
      [39, [0xf8, 0xe6, 0x40]],
      [42, [0xf9, 0x46, 0x40]],
    ] as const) {
      const { media } = setUp()
      assert.match(
        media.audio(0, Uint8Array.of(0xaf, 0, ...asc)) ?? '',
        new RegExp(`type ${type};.* to AAC-LC, HE-AAC, Opus, `),
      )
    }
  })

  test('empty frames are no units', () => {
    const { publisher, media } = setUp()
    media.audio(0, audioTrack.header)
    media.audio(0, Uint8Array.of(0xaf, 1))
    assert.equal(publisher.units.length, 0)
  })
})

/** The same record with the last byte of its last picture parameter set changed. */
function withOtherPps(record: Uint8Array): Uint8Array {
  const last = pps.at(-1) as Uint8Array
  const at = Buffer.from(record).indexOf(last)
  const changed = record.slice()
  const index = at + last.byteLength - 1
  changed[index] = (changed[index] ?? 0) ^ 0x10
  return changed
}
