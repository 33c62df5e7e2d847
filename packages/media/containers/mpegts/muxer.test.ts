import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concatBytes } from '../../bytes/bytes.ts'
import { audioConfigFromAsc } from '../../codecs/aac/config.ts'
import { videoConfigFromAvcC } from '../../codecs/h264/config.ts'
import { AVCC } from '../../codecs/h264/fixtures.ts'
import { MediaError } from '../../error.ts'
import type { AudioTrackConfig, VideoTrackConfig } from '../../track.ts'
import { createTsDemuxer } from './demuxer.ts'
import type { TsEvent } from './event.ts'
import { createTsMuxer, type TsMuxer } from './muxer.ts'
import { emptyPacket, parsePacket } from './packet.ts'
import { idr, lengthPrefixed, rawAac, slice } from './testing/build.ts'

const PICTURES = { track: 1, config: videoConfigFromAvcC(AVCC.hd1080) }
const SOUND = { track: 2, config: audioConfigFromAsc(Uint8Array.of(0x11, 0x90)) }

function picture(muxer: TsMuxer, i: number, isKey = i % 30 === 0, size?: number): Uint8Array {
  const data = lengthPrefixed(isKey ? idr(i, size) : slice(i, size))
  return muxer.write({ track: 1, dts: i * 3000, pts: i * 3000 + 6000, key: isKey, data })
}

function sound(muxer: TsMuxer, i: number): Uint8Array {
  return muxer.write({ track: 2, dts: i * 1024, pts: i * 1024, key: true, data: rawAac(i) })
}

function begun(...tracks: Parameters<TsMuxer['begin']>[0]): TsMuxer {
  const muxer = createTsMuxer()
  muxer.begin(tracks)
  return muxer
}

/** Packets with payload or clock, in order. */
function packets(bytes: Uint8Array): { pid: number; pcr: number | undefined }[] {
  assert.equal(bytes.byteLength % 188, 0)
  return Array.from({ length: bytes.byteLength / 188 }, (_, i) => {
    const packet = emptyPacket()
    const at = i * 188
    parsePacket(bytes, at, packet)
    assert.equal(packet.damaged, false)
    const hasClock =
      ((bytes[at + 3] ?? 0) & 0x20) !== 0 && (bytes[at + 4] ?? 0) > 0 && ((bytes[at + 5] ?? 0) & 0x10) !== 0
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    return { pid: packet.pid, pcr: hasClock ? view.getUint32(at + 6) * 2 + ((bytes[at + 10] ?? 0) >> 7) : undefined }
  })
}

function demux(bytes: Uint8Array): TsEvent[] {
  const demuxer = createTsDemuxer()
  const events = [...demuxer.receive(bytes), ...demuxer.flush()]
  const { lostPackets, badTables, malformed } = demuxer.counters
  assert.deepEqual([lostPackets, badTables, malformed], [0, 0, 0])
  return events
}

describe('tables and clock', () => {
  test('come with the first picture, each key frame, and every 100 ms', () => {
    const muxer = begun(PICTURES)
    const withTables = Array.from({ length: 31 }, (_, i) => packets(picture(muxer, i)).some(({ pid }) => pid === 0))
    assert.deepEqual(
      withTables.flatMap((has, i) => (has ? [i] : [])),
      [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30],
    )
    assert.ok(packets(picture(muxer, 31, true)).some(({ pid }) => pid === 0))
  })

  test('the clock is before every picture, never goes back, and comes ten times a second from sound alone', () => {
    for (const tracks of [[PICTURES, SOUND], [SOUND], [PICTURES]]) {
      const muxer = begun(...tracks)
      const clocks: number[] = []
      for (let i = 0; i < 60; i++) {
        // Sound that runs ahead of the pictures by 80 ms and more; no pictures for a second in between.
        if (tracks.includes(PICTURES) && (i < 10 || i > 40)) clocks.push(...clocksOf(picture(muxer, i)))
        if (tracks.includes(SOUND)) {
          for (const j of [0, 1]) clocks.push(...clocksOf(sound(muxer, i * 2 + j + 4)))
        }
      }
      assert.ok(clocks.length > 10)
      for (let i = 1; i < clocks.length; i++) {
        const step = (clocks[i] ?? 0) - (clocks[i - 1] ?? 0)
        assert.ok(step >= 0, `${step}`)
        if (tracks.includes(SOUND)) assert.ok(step <= 9000, `${step}`)
      }
    }
    function clocksOf(bytes: Uint8Array): number[] {
      return packets(bytes).flatMap(({ pcr }) => (pcr === undefined ? [] : [pcr]))
    }
  })

  test('another set of tracks is another version of the map, the same one is not', () => {
    const muxer = begun(PICTURES)
    const pieces = [picture(muxer, 0)]
    muxer.begin([PICTURES])
    pieces.push(picture(muxer, 30))
    muxer.begin([PICTURES, SOUND])
    pieces.push(picture(muxer, 60), sound(muxer, 100))
    const tracks = demux(concatBytes(pieces)).flatMap((event) =>
      event.type === 'tracks' ? [event.streams.length] : [],
    )
    assert.deepEqual(tracks, [1, 2])
  })
})

describe('units', () => {
  test('of every size come back as they were', () => {
    const muxer = begun(PICTURES, SOUND)
    const sizes = [2, 3, 100, 150, 151, 152, 183, 184, 185, 368, 5000, 70_000]
    const bytes = concatBytes(sizes.map((size, i) => picture(muxer, i, i === 0, size)))
    const found = demux(bytes).flatMap((event) => (event.type === 'unit' ? [event] : []))
    assert.deepEqual(
      found.map(({ data }) => data),
      sizes.map((size, i) => lengthPrefixed(i === 0 ? idr(i, size) : slice(i, size))),
    )
    // 400 ms behind the clock, and as far apart as they were.
    assert.deepEqual(
      found.map(({ dts, pts }) => [dts - 36_000, pts - 36_000]),
      sizes.map((_, i) => [i * 3000, i * 3000 + 6000]),
    )
  })

  test('of sound have their times at 90 kHz, across the border of the counter', () => {
    const muxer = begun(SOUND)
    const start = Math.round((2 ** 33 * 48_000) / 90_000) - 40 * 1024
    const bytes = concatBytes(
      Array.from({ length: 100 }, (_, i) => {
        const dts = start + i * 1024
        return muxer.write({ track: 2, dts, pts: dts, key: true, data: rawAac(i) })
      }),
    )
    const found = demux(bytes).flatMap((event) => (event.type === 'unit' ? [event.pts] : []))
    assert.equal(found.length, 100)
    for (let i = 1; i < found.length; i++) assert.equal((found[i] ?? 0) - (found[i - 1] ?? 0), 1920)
  })

  test('of tracks that were not begun give nothing', () => {
    assert.equal(sound(begun(PICTURES), 0).byteLength, 0)
  })
})

test('codecs that transport streams do not carry are refused', () => {
  const others = [
    { ...PICTURES.config, codec: 'av1' },
    { ...PICTURES.config, codec: 'vp9' },
    { ...SOUND.config, codec: 'flac' },
  ] as (VideoTrackConfig | AudioTrackConfig)[]
  for (const config of others) {
    assert.throws(
      () => begun({ track: 1, config }),
      (error) => error instanceof MediaError && error.code === 'unsupported',
    )
  }
})
