import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concatBytes } from '@bandstand/media/bytes/bytes.ts'
import {
  AAC,
  AUDIO,
  adts,
  entry,
  H264,
  keyPicture,
  otherKeyPicture,
  picture,
  TsBuilder,
  VIDEO,
} from '@bandstand/media/containers/mpegts/testing/build.ts'
import { FakePublisher } from '../rtmp/testing/fake-port.ts'
import { MPEGTS_INGEST_LIMITS } from './limits.ts'
import { createTsToStream, type TsToStream } from './to-stream.ts'

function setUp(): { publisher: FakePublisher; media: TsToStream } {
  const publisher = new FakePublisher()
  return { publisher, media: createTsToStream({ publisher, now: 0 }) }
}

/** Reads all of it and its end. */
function feed(media: TsToStream, built: TsBuilder, now = 0): string | undefined {
  return media.receive(built.bytes, now) ?? media.flush(now)
}

const MPEG2 = entry(0x120, 0x02)
const MP2 = entry(0x121, 0x03)

describe('an encoder', () => {
  test('is announced, configured, and its units come on the 90 kHz clock', () => {
    const { publisher, media } = setUp()
    const built = new TsBuilder()
      .tables([H264, AAC])
      .openPes(VIDEO, { pts: 9000, dts: 3000 }, keyPicture(1))
      .pes(AUDIO, 0xc0, { pts: 3000 }, adts(1))
      .openPes(VIDEO, { pts: 6000 }, picture(2))
    assert.equal(feed(media, built), undefined)
    assert.deepEqual(publisher.announced, [{ video: true, audio: true }])
    assert.deepEqual(
      new Map(publisher.configs.map(({ track, config }) => [track, config.codec])),
      new Map([
        [2, 'aac'],
        [1, 'h264'],
      ]),
    )
    assert.deepEqual(
      publisher.of(1).map(({ dts, pts, key }) => [dts, pts, key]),
      [
        [3000, 9000, true],
        [6000, 6000, false],
      ],
    )
    assert.deepEqual(
      publisher.of(2).map(({ dts, pts, key }) => [dts, pts, key]),
      [[3000, 3000, true]],
    )
  })

  test('with changed parameter sets is configured anew, with repeated ones it is not', () => {
    const { publisher, media } = setUp()
    const built = new TsBuilder().tables([H264])
    for (const [i, unit] of [keyPicture(1), keyPicture(2), otherKeyPicture(3), otherKeyPicture(4)].entries()) {
      built.openPes(VIDEO, { pts: i * 3000 }, unit)
    }
    feed(media, built)
    assert.equal(publisher.configs.length, 2)
    assert.equal(media.configurations, 2)
    assert.equal(publisher.units.length, 4)
  })

  test('whose pictures move to another PID goes on without a new configuration', () => {
    const { publisher, media } = setUp()
    const built = new TsBuilder()
      .tables([H264])
      .openPes(VIDEO, { pts: 0 }, keyPicture(1))
      .tables([entry(0x110, 0x1b)], 1)
      .openPes(0x110, { pts: 3000 }, keyPicture(2))
    feed(media, built)
    assert.equal(publisher.configs.length, 1)
    assert.equal(publisher.units.length, 2)
  })
})

describe('lost packets', () => {
  test('drop pictures up to the next key frame, and are told', () => {
    const { publisher, media } = setUp()
    const built = new TsBuilder().tables([H264, AAC]).openPes(VIDEO, { pts: 0 }, keyPicture(1))
    const before = built.packets.length
    built.openPes(VIDEO, { pts: 3000 }, picture(2, 400))
    for (let i = 2; i < 7; i++) built.openPes(VIDEO, { pts: i * 3000 }, picture(i))
    built.openPes(VIDEO, { pts: 21_000 }, keyPicture(8)).openPes(VIDEO, { pts: 24_000 }, picture(9))
    // The second packet of the picture that has three.
    media.receive(new Uint8Array(Buffer.concat(built.packets.toSpliced(before + 1, 1))), 0)
    media.flush(0)
    assert.deepEqual(
      publisher.of(1).map(({ pts }) => pts),
      [0, 21_000, 24_000],
    )
    assert.deepEqual(media.dropped, { afterLoss: 5, damagedVideo: 1, damagedAudio: 0 })
    assert.equal(media.counters.lostPackets, 1)
    assert.deepEqual([publisher.facts['lostPackets'], publisher.facts['damagedPictures']], [1, 1])
    assert.equal(publisher.facts['droppedAfterLoss'], 5)
    assert.equal(publisher.facts['damagedUnits'], 6)
  })

  test('are of the past when nothing was lost for half a minute', () => {
    const { publisher, media } = setUp()
    const built = new TsBuilder().tables([H264, AAC]).openPes(VIDEO, { pts: 0 }, keyPicture(1))
    const before = built.packets.length
    built.openPes(VIDEO, { pts: 3000 }, picture(2, 400)).openPes(VIDEO, { pts: 6000 }, picture(3))
    media.receive(new Uint8Array(Buffer.concat(built.packets.toSpliced(before + 1, 1))), 0)
    media.flush(0)
    assert.equal(publisher.facts['damagedUnits'], 2)
    for (let now = 1000; now <= 31_000; now += 1000) media.receive(new Uint8Array(), now)
    assert.equal(publisher.facts['damagedUnits'], 0)
    assert.equal(publisher.facts['damagedPictures'], 1)
  })

  test('of the sound cost that sound alone', () => {
    const { publisher, media } = setUp()
    const built = new TsBuilder().tables([H264, AAC]).openPes(VIDEO, { pts: 0 }, keyPicture(1))
    built.pes(AUDIO, 0xc0, { pts: 0 }, adts(1))
    const lost = built.packets.length
    built.pes(AUDIO, 0xc0, { pts: 1920 }, adts(2))
    built.pes(AUDIO, 0xc0, { pts: 3840 }, adts(3)).openPes(VIDEO, { pts: 3000 }, picture(2))
    media.receive(new Uint8Array(Buffer.concat(built.packets.toSpliced(lost, 1))), 0)
    media.flush(0)
    assert.deepEqual(
      publisher.of(2).map(({ pts }) => pts),
      [0, 3840],
    )
    assert.equal(publisher.of(1).length, 2)
    assert.equal(media.dropped.damagedAudio, 1)
  })
})

describe('streams that are not taken', () => {
  test('are named to the studio', () => {
    const { publisher, media } = setUp()
    const german = entry(0x122, 0x0f, { tag: 0x0a, data: Uint8Array.of(0x64, 0x65, 0x75, 0) })
    feed(media, new TsBuilder().tables([H264, AAC, german, entry(0x123, 0x82)]).nulls(1))
    assert.equal(publisher.facts['audioTracks'], 3)
    assert.equal(publisher.facts['streamsLeftOut'], 'DTS')
  })

  test('pictures go on without a sound that cannot be read, and it is not waited for', () => {
    const { publisher, media } = setUp()
    const built = new TsBuilder().tables([H264, MP2])
    const frame = new Uint8Array(384)
    frame.set([0xff, 0xfd, 0x84])
    for (let i = 0; i < 4; i++) built.pes(0x121, 0xc0, { pts: i * 2160 }, frame)
    built.openPes(VIDEO, { pts: 0 }, keyPicture(1))
    assert.equal(feed(media, built), undefined)
    assert.deepEqual(publisher.announced, [
      { video: true, audio: true },
      { video: true, audio: false },
    ])
    assert.equal(publisher.facts['streamsLeftOut'], 'MPEG audio of layer II')
    assert.equal(publisher.units.length, 1)
  })

  test('pictures that are not spoken here are refused, with the way out', () => {
    const { media } = setUp()
    const refusal = 'The pictures cannot be taken (MPEG-2 video): set the encoder to H.264 or HEVC.'
    assert.equal(feed(media, new TsBuilder().tables([MPEG2, AAC]).nulls(1)), refusal)
    // Nothing is read after that.
    assert.equal(feed(media, new TsBuilder().tables([H264, AAC]).nulls(1)), refusal)
  })

  test('of several programmes are told by the number of the one that is taken', () => {
    const { publisher, media } = setUp()
    const built = new TsBuilder()
      .pat([
        { number: 3, mapPid: 0x30 },
        { number: 4, mapPid: 0x31 },
      ])
      .pmt(0x30, 3, [entry(0x130, 0x86)])
      .pmt(0x31, 4, [H264])
    feed(media, built)
    assert.equal(publisher.facts['program'], '4, the first of 2 with pictures or sound')
  })
})

describe('an encoder that is restless', () => {
  test('in its programme map is refused', () => {
    const { media } = setUp()
    let refusal: string | undefined
    let changes = 0
    for (; refusal === undefined && changes < 1000; changes++) {
      const streams = changes % 2 === 0 ? [H264] : [H264, AAC]
      refusal = media.receive(new TsBuilder().tables(streams, changes % 32).nulls(1).bytes, 0)
      media.flush(0)
    }
    assert.match(refusal ?? '', /changes its settings all the time/)
    assert.ok(changes <= MPEGTS_INGEST_LIMITS.changes + 2)
  })

  test('in its parameter sets is refused, unless it takes its time', () => {
    const changing = (secondsBetween: number): string | undefined => {
      const { media } = setUp()
      for (let i = 0; i < 100; i++) {
        const unit = i % 2 === 0 ? keyPicture(i) : otherKeyPicture(i)
        const built = new TsBuilder().tables([H264]).openPes(VIDEO, { pts: i * 3000 }, unit)
        const refusal = feed(media, built, i * secondsBetween * 1000)
        if (refusal !== undefined) return refusal
      }
      return undefined
    }
    assert.match(changing(0.1) ?? '', /changes its settings all the time/)
    assert.equal(changing(2), undefined)
  })
})

test('what is no transport stream is refused', () => {
  const { media } = setUp()
  let refusal: string | undefined
  for (let i = 0; refusal === undefined && i < 1000; i++) refusal = media.receive(new Uint8Array(1316), 0)
  assert.equal(refusal, 'What comes is no MPEG transport stream: set the encoder to MPEG-TS.')
})

describe('several sounds', () => {
  const language = (code: string) => ({ tag: 0x0a, data: new TextEncoder().encode(`${code}\0`) })
  const sounds = (...codes: readonly (string | undefined)[]) =>
    codes.map((code, i) => entry(AUDIO + i, 0x0f, ...(code === undefined ? [] : [language(code)])))
  const languageOf = ({ config }: FakePublisher['configs'][number]) =>
    config.kind === 'audio' ? config.language : undefined

  test('are the first track and further ones, each in the language that the table says', () => {
    const { publisher, media } = setUp()
    const built = new TsBuilder().tables([H264, ...sounds('eng', 'ger', undefined)])
    for (const i of [0, 1, 2]) built.pes(AUDIO + i, 0xc0, { pts: 3000 + i }, adts(i))
    assert.equal(feed(media, built), undefined)
    assert.deepEqual(publisher.announced, [{ video: true, audio: true, furtherSounds: 2 }])
    assert.deepEqual(
      publisher.configs.map((one) => [one.track, languageOf(one)]),
      [
        [2, 'eng'],
        [121, 'ger'],
        [122, undefined],
      ],
    )
    assert.deepEqual(
      [2, 121, 122].map((track) => publisher.of(track).map(({ dts }) => dts)),
      [[3000], [3001], [3002]],
    )
    assert.deepEqual([publisher.facts['audioTracks'], publisher.facts['audioTracksLeftOut']], [3, 0])
  })

  test('beyond what there is room for are counted and not taken', () => {
    const { publisher, media } = setUp()
    const many = sounds(...Array.from({ length: 25 }, () => undefined))
    const built = new TsBuilder().tables([H264, ...many])
    for (const i of many.keys()) built.pes(AUDIO + i, 0xc0, { pts: 3000 }, adts(i))
    feed(media, built)
    assert.equal(new Set(publisher.configs.map(({ track }) => track)).size, 8)
    assert.equal(publisher.facts['audioTracksLeftOut'], 17)
  })

  test('may name one packet identifier twice, also that of the pictures', () => {
    const { publisher, media } = setUp()
    const twice = entry(AUDIO, 0x0f, language('eng'))
    const built = new TsBuilder().tables([H264, twice, twice, entry(VIDEO, 0x0f)])
    built.openPes(VIDEO, { pts: 3000 }, keyPicture(1)).pes(AUDIO, 0xc0, { pts: 3000 }, adts(1))
    feed(media, built)
    assert.deepEqual(
      publisher.units.map(({ track }) => track).toSorted((a, b) => a - b),
      [1, 2],
    )
  })

  test('where the first is gone the next one is the first, and says again what it is', () => {
    const { publisher, media } = setUp()
    const [english, german] = sounds('eng', 'ger')
    assert.ok(english !== undefined && german !== undefined)
    const built = new TsBuilder()
      .tables([H264, english, german])
      .pes(AUDIO, 0xc0, { pts: 3000 }, adts(1))
      .pes(AUDIO + 1, 0xc0, { pts: 3000 }, adts(2))
      .tables([H264, german], 1)
      .pes(AUDIO + 1, 0xc0, { pts: 4920 }, adts(3))
    feed(media, built)
    assert.deepEqual(
      publisher.configs.map((one) => [one.track, languageOf(one)]),
      [
        [2, 'eng'],
        [121, 'ger'],
        [2, 'ger'],
      ],
    )
    assert.deepEqual(
      publisher.of(2).map(({ dts }) => dts),
      [3000, 4920],
    )
  })

  test('of another codec each come as they are', () => {
    const { publisher, media } = setUp()
    const built = new TsBuilder().tables([H264, AAC, MP2])
    built.pes(AUDIO, 0xc0, { pts: 3000 }, adts(1))
    feed(media, built)
    assert.deepEqual(
      publisher.configs.map(({ track, config }) => [track, config.codec]),
      [[2, 'aac']],
    )
  })
})

test('an encoder that sends ever so many tiny frames is refused; eight sounds of 2.5 ms frames are none too many', () => {
  /** A second of so many frames in packets of 100. */
  const second = (frames: number, size: number) => {
    const built = new TsBuilder().tables([AAC])
    const packet = concatBytes(Array.from({ length: 100 }, () => adts(0, size)))
    for (let i = 0; i < frames / 100; i++) built.pes(AUDIO, 0xc0, { pts: i * 1_000 }, packet)
    return built
  }
  const honest = setUp()
  for (let at = 0; at < 12; at++) assert.equal(feed(honest.media, second(3_300, 1), at * 1_000), undefined)
  // Empty ones cost as much, and none of them is passed on.
  for (const size of [1, 0]) {
    const { publisher, media } = setUp()
    let refusal: string | undefined
    for (let at = 0; at < 5 && refusal === undefined; at++) refusal = feed(media, second(12_000, size), at * 1_000)
    assert.match(refusal ?? '', /comes much faster than it plays/)
    assert.ok(publisher.units.length <= MPEGTS_INGEST_LIMITS.unitsPerWindow)
  }
})
