import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concatBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import { createTsDemuxer, type TsDemuxer } from './demuxer.ts'
import type { TsEvent } from './event.ts'
import { MPEGTS_LIMITS } from './limits.ts'
import {
  AAC,
  AUDIO,
  adts,
  entry,
  H264,
  idr,
  keyPicture,
  lengthPrefixed,
  otherKeyPicture,
  picture,
  rawAac,
  slice,
  TsBuilder,
  VIDEO,
} from './testing/build.ts'

type Unit = Extract<TsEvent, { type: 'unit' }>

function demux(bytes: Uint8Array, demuxer: TsDemuxer = createTsDemuxer()): TsEvent[] {
  return [...demuxer.receive(bytes), ...demuxer.flush()]
}

function units(events: readonly TsEvent[], kind: 'video' | 'audio'): Unit[] {
  return events.filter((event): event is Unit => event.type === 'unit' && event.kind === kind)
}

/** `video loss`, `video 3000`, `tracks` …, in order. */
function story(events: readonly TsEvent[]): string[] {
  return events.map((event) => {
    if (event.type === 'tracks')
      return `tracks ${event.streams.flatMap(({ pid, isTaken }) => (isTaken ? [pid] : [])).join()}`
    return event.type === 'unit' ? `${event.kind} ${event.pts}` : `${event.kind} ${event.type}`
  })
}

/** Four pictures, the first and third of them key frames, and sound between them. */
function film(): TsBuilder {
  return new TsBuilder()
    .tables([H264, AAC])
    .openPes(VIDEO, { pts: 9000, dts: 3000 }, keyPicture(1))
    .pes(AUDIO, 0xc0, { pts: 3000 }, concatBytes([adts(1), adts(2)]))
    .openPes(VIDEO, { pts: 6000 }, picture(2, 700))
    .openPes(VIDEO, { pts: 12_000, dts: 9000 }, keyPicture(3))
    .pes(AUDIO, 0xc0, { pts: 6840 }, adts(3))
    .openPes(VIDEO, { pts: 12_000 }, picture(4))
}

const FILM = [
  `tracks ${VIDEO},${AUDIO}`,
  'audio config',
  'audio 3000',
  'audio 4920',
  'video config',
  'video 9000',
  'video 6000',
  'audio 6840',
  'video 12000',
  'video 12000',
]

describe('a programme of pictures and sound', () => {
  test('comes out as access units with their times, parameter sets apart', () => {
    const events = demux(film().bytes)
    assert.deepEqual(story(events), FILM)
    const [first, second] = units(events, 'video')
    assert.deepEqual([first?.dts, first?.key, second?.dts, second?.key], [3000, true, 6000, false])
    assert.deepEqual(first?.data, lengthPrefixed(idr(1)))
    assert.deepEqual(second?.data, lengthPrefixed(slice(2, 700)))
    assert.deepEqual(
      units(events, 'audio').map(({ data }) => data),
      [rawAac(1), rawAac(2), rawAac(3)],
    )
    const configs = events.flatMap((event) => (event.type === 'config' ? [event.config.codecString] : []))
    assert.deepEqual(configs, ['mp4a.40.2', 'avc1.42c028'])
  })

  test('the same in any pieces', () => {
    const { bytes } = film()
    const whole = demux(bytes)
    const demuxer = createTsDemuxer()
    const single = [...bytes].flatMap((byte) => demuxer.receive(Uint8Array.of(byte)))
    assert.deepEqual([...single, ...demuxer.flush()], whole)
    for (let cut = 0; cut <= bytes.byteLength; cut += 1) {
      const one = createTsDemuxer()
      assert.deepEqual([...one.receive(bytes.subarray(0, cut)), ...demux(bytes.subarray(cut), one)], whole)
    }
  })

  test('cut off anywhere gives the beginning of it', () => {
    const { bytes } = film()
    for (let cut = 0; cut <= bytes.byteLength; cut += 47) {
      const part = story(demux(bytes.subarray(0, cut))).filter((what) => !what.endsWith('loss'))
      for (const kind of ['video', 'audio']) {
        const own = part.filter((what) => what.startsWith(kind))
        assert.deepEqual(own, FILM.filter((what) => what.startsWith(kind)).slice(0, own.length), `${cut}`)
      }
    }
  })

  test('units do not change when more is read', () => {
    const demuxer = createTsDemuxer()
    const { packets } = film()
    const given = packets.flatMap((packet) => [...demuxer.receive(packet)])
    const copy = structuredClone(given)
    demuxer.receive(film().bytes)
    assert.deepEqual(given, copy)
  })
})

describe('sound', () => {
  test('a frame over two packets has the time of the packet that it began in', () => {
    const stream = concatBytes([adts(1), adts(2), adts(3)])
    for (let cut = 1; cut < stream.byteLength; cut++) {
      const built = new TsBuilder()
        .tables([AAC])
        .pes(AUDIO, 0xc0, { pts: 90_000 }, stream.subarray(0, cut))
        .pes(AUDIO, 0xc0, { pts: 500_000 }, stream.subarray(cut))
      const found = units(demux(built.bytes), 'audio')
      assert.deepEqual(
        found.map(({ data }) => data),
        [rawAac(1), rawAac(2), rawAac(3)],
      )
      // 37 bytes each: those that begin behind the cut are on the second packet's time.
      const times = [0, 1, 2].map((i) => {
        const behind = Math.ceil(cut / 37)
        return i < behind ? 90_000 + i * 1920 : 500_000 + (i - behind) * 1920
      })
      assert.deepEqual(
        found.map(({ pts }) => pts),
        times,
        `${cut}`,
      )
    }
  })

  test('a packet without a time goes on counting', () => {
    const built = new TsBuilder()
      .tables([AAC])
      .pes(AUDIO, 0xc0, { pts: 90_000 }, adts(1))
      .timeless(AUDIO, 0xc0, concatBytes([adts(2), adts(3)]))
    assert.deepEqual(story(demux(built.bytes)).slice(2), ['audio 90000', 'audio 91920', 'audio 93840'])
  })

  test('of the second stream is taken where the first is not spoken here, or turns out to be layer II', () => {
    const DTS = entry(0x105, 0x82)
    assert.equal(story(demux(new TsBuilder().tables([H264, DTS, AAC]).nulls(1).bytes))[0], `tracks ${VIDEO},${AUDIO}`)
    const MP2 = entry(0x105, 0x03)
    const built = new TsBuilder().tables([H264, MP2, AAC])
    // fffd: MPEG-1 layer II; 84: 128 kbit/s, 48 kHz
    const frame = concatBytes([Uint8Array.of(0xff, 0xfd, 0x84, 0), new Uint8Array(380)])
    for (let i = 0; i < 4; i++) built.pes(0x105, 0xc0, { pts: i * 2160 }, frame)
    built.pes(AUDIO, 0xc0, { pts: 9000 }, adts(1))
    const events = demux(built.bytes)
    assert.deepEqual(story(events), [`tracks ${VIDEO},261`, `tracks ${VIDEO},${AUDIO}`, 'audio config', 'audio 9000'])
    const last = events.findLast((event) => event.type === 'tracks')
    assert.equal(last?.streams.find(({ pid }) => pid === 0x105)?.trouble, 'MPEG audio of layer II')
  })

  test('is not given up for one packet that looks like what is not taken, but for a row of them', () => {
    // What a false sync behind a loss may read: number_of_raw_data_blocks_in_frame 1.
    const strange = adts(9).with(6, 0xfd)
    const built = new TsBuilder().tables([AAC])
    for (let i = 0; i < 10; i++) {
      built.pes(AUDIO, 0xc0, { pts: i * 3840 }, strange).pes(AUDIO, 0xc0, { pts: i * 3840 + 1920 }, adts(i))
    }
    const demuxer = createTsDemuxer()
    const told = story(demux(built.bytes, demuxer))
    assert.deepEqual(told, [
      `tracks ${AUDIO}`,
      'audio config',
      ...Array.from({ length: 10 }, (_, i) => `audio ${i * 3840 + 1920}`),
    ])
    assert.equal(demuxer.counters.malformed, 10)

    const always = new TsBuilder().tables([AAC])
    for (let i = 0; i < MPEGTS_LIMITS.unsupportedRow; i++) always.pes(AUDIO, 0xc0, { pts: i * 1920 }, strange)
    const last = demux(always.bytes).findLast((event) => event.type === 'tracks')
    assert.equal(last?.streams[0]?.trouble, 'AAC with several blocks in one frame')
  })

  test('without any frames is given up', () => {
    const built = new TsBuilder().tables([H264, AAC, entry(0x106, 0x0f)])
    for (let i = 0; i < MPEGTS_LIMITS.unreadablePes; i++) built.pes(AUDIO, 0xc0, { pts: i }, new Uint8Array(100))
    assert.equal(story(demux(built.bytes)).at(-1), `tracks ${VIDEO},262`)
  })
})

describe('pictures', () => {
  test('cut into several PES packets are put together', () => {
    const bytes = keyPicture(1, 300)
    const built = new TsBuilder().tables([H264])
    const cut = (pts: number): void => {
      built.pes(VIDEO, 0xe0, { pts }, bytes.subarray(0, 200)).timeless(VIDEO, 0xe0, bytes.subarray(200))
    }
    cut(3000)
    cut(6000)
    cut(9000)
    const events = demux(built.bytes)
    // The first shows that this encoder cuts: it was given out when its first packet was whole.
    assert.deepEqual(story(events).slice(2), ['video 3000', 'video loss', 'video 6000', 'video 9000'])
    assert.deepEqual(units(events, 'video')[1]?.data, lengthPrefixed(idr(1, 300)))
  })

  test('that begin without a time are as good as lost', () => {
    const built = new TsBuilder()
      .tables([H264])
      .openPes(VIDEO, { pts: 3000 }, keyPicture(1))
      .timeless(VIDEO, 0xe0, picture(2), false)
      .openPes(VIDEO, { pts: 9000 }, picture(3))
    assert.deepEqual(story(demux(built.bytes)).slice(2), ['video 3000', 'video loss', 'video 9000'])
  })

  test('before their parameter sets are counted and left out', () => {
    const demuxer = createTsDemuxer()
    const built = new TsBuilder()
      .tables([H264])
      .openPes(VIDEO, { pts: 1 }, picture(1))
      .openPes(VIDEO, { pts: 2 }, keyPicture(2))
    assert.deepEqual(story(demux(built.bytes, demuxer)), [`tracks ${VIDEO}`, 'video config', 'video 2'])
    assert.equal(demuxer.counters.unconfigured, 1)
  })

  test('with other parameter sets come behind another configuration, with the same ones they do not', () => {
    const built = new TsBuilder().tables([H264])
    for (const [i, unit] of [keyPicture(1), keyPicture(2), otherKeyPicture(3)].entries()) {
      built.openPes(VIDEO, { pts: i }, unit)
    }
    assert.deepEqual(story(demux(built.bytes)).slice(1), [
      'video config',
      'video 0',
      'video 1',
      'video config',
      'video 2',
    ])
  })

  test('of more NAL units than any encoder makes are left out as one', () => {
    const tiny = new Uint8Array(6 * 1024 * 1024)
    for (let i = 0; i + 4 <= tiny.byteLength; i += 4) tiny.set([0, 0, 1, 0x41], i)
    const built = new TsBuilder()
      .tables([H264])
      .openPes(VIDEO, { pts: 1 }, tiny)
      .openPes(VIDEO, { pts: 2 }, keyPicture(1))
    assert.deepEqual(story(demux(built.bytes)), [`tracks ${VIDEO}`, 'video loss', 'video config', 'video 2'])
  })

  test('larger than the limit are left out', () => {
    const limits = { ...MPEGTS_LIMITS, videoBytes: 100_000 }
    const built = new TsBuilder()
      .tables([H264])
      .openPes(VIDEO, { pts: 1 }, keyPicture(1, 200_000))
      .openPes(VIDEO, { pts: 2 }, keyPicture(2))
    const events = demux(built.bytes, createTsDemuxer({ limits }))
    assert.deepEqual(story(events), [`tracks ${VIDEO}`, 'video loss', 'video config', 'video 2'])
  })
})

describe('lost packets', () => {
  test('damage the unit that they belong to, whichever is lost', () => {
    const { packets } = film()
    const whole = demux(concatBytes(packets))
    for (let i = 2; i < packets.length; i++) {
      const demuxer = createTsDemuxer()
      const events = demux(concatBytes(packets.toSpliced(i, 1)), demuxer)
      // Whatever came out came out right.
      for (const event of events) {
        if (event.type === 'unit')
          assert.ok(
            whole.some((one) => sameUnit(one, event)),
            `packet ${i}`,
          )
      }
      const isMissed = units(events, 'video').length + units(events, 'audio').length < 7
      // Nothing tells of a stream's last packet, nor of those before its first.
      if (isMissed && demuxer.counters.lostPackets > 0) assert.ok(events.some(({ type }) => type === 'loss'))
    }
  })

  test('packets that came twice are taken once', () => {
    const { packets } = film()
    const twice = concatBytes(packets.flatMap((packet) => [packet, packet]))
    const demuxer = createTsDemuxer()
    assert.deepEqual(story(demux(twice, demuxer)), FILM)
    assert.equal(demuxer.counters.lostPackets, 0)
  })

  test('packets that are marked as damaged count as lost', () => {
    const { packets } = film()
    const at = packets.findIndex((packet) => packet[2] === 0 && packet[1] === 0x41) + 1
    const damaged = packets.with(at, (packets[at] as Uint8Array).with(1, (packets[at]?.[1] ?? 0) | 0x80))
    const demuxer = createTsDemuxer()
    assert.ok(story(demux(concatBytes(damaged), demuxer)).includes('video loss') || demuxer.counters.lostPackets === 1)
  })

  test('counters that begin anew where that is announced are no loss', () => {
    const demuxer = createTsDemuxer()
    demuxer.receive(film().bytes)
    const [pat, pmt, ...rest] = film().packets as [Uint8Array, Uint8Array, ...Uint8Array[]]
    const first = rest.findIndex((packet) => ((packet[1] ?? 0) & 0x1f) === 1 && packet[2] === 0)
    // Its first packet of pictures gets the flag: it has an adaptation field for its stuffing.
    const flagged = rest.map((packet, i) => {
      if (i !== first) return packet
      return packet.with(5, (packet[5] ?? 0) | 0x80)
    })
    demuxer.receive(concatBytes([pat, pmt, ...flagged.filter((packet) => packet[2] === 0)]))
    assert.equal(demuxer.counters.discontinuities, 1)
    assert.equal(demuxer.counters.lostPackets, 0)
  })

  test('behind a border of segments counters may begin anew', () => {
    const demuxer = createTsDemuxer()
    const first = demux(film().bytes, demuxer)
    const second = demux(film().bytes, demuxer)
    assert.equal(demuxer.counters.lostPackets, 0)
    assert.equal(units(second, 'video').length, units(first, 'video').length)
  })
})

describe('programmes', () => {
  test('the first with media is taken, whichever map comes first', () => {
    const built = new TsBuilder()
      .pat([
        { number: 5, mapPid: 0x20 },
        { number: 6, mapPid: 0x21 },
        { number: 7, mapPid: 0x22 },
      ])
      .pmt(0x22, 7, [entry(0x300, 0x1b)])
      .pmt(0x20, 5, [entry(0x301, 0x86)])
      .pmt(0x21, 6, [H264])
      .openPes(VIDEO, { pts: 1 }, keyPicture(1))
    const events = demux(built.bytes)
    assert.deepEqual(story(events), [`tracks ${VIDEO}`, 'video config', 'video 1'])
    const [tracks] = events
    assert.ok(tracks?.type === 'tracks')
    assert.deepEqual([tracks.program, tracks.programs], [6, 3])
  })

  test('a map that never comes is waited for a few times only', () => {
    const programs = [
      { number: 5, mapPid: 0x20 },
      { number: 6, mapPid: 0x21 },
    ]
    const built = new TsBuilder().pat(programs).pmt(0x21, 6, [H264])
    for (let i = 0; i < 3; i++) built.pat(programs)
    assert.deepEqual(story(demux(built.bytes)), [`tracks ${VIDEO}`])
  })

  test('a map with other streams changes the tracks, its repetition does not', () => {
    const built = new TsBuilder()
      .tables([H264])
      .tables([H264])
      .openPes(VIDEO, { pts: 1 }, keyPicture(1))
      .tables([H264, AAC], 1)
      .openPes(VIDEO, { pts: 2 }, picture(2))
      .pes(AUDIO, 0xc0, { pts: 2 }, adts(1))
      .tables([entry(0x200, 0x1b), AAC], 2)
      .openPes(0x200, { pts: 3 }, keyPicture(3))
      .pes(AUDIO, 0xc0, { pts: 3 }, adts(2))
    assert.deepEqual(story(demux(built.bytes)), [
      `tracks ${VIDEO}`,
      // A picture without length is whole when the next one begins.
      `tracks ${VIDEO},${AUDIO}`,
      'video config',
      'video 1',
      'audio config',
      'audio 2',
      'video 2',
      `tracks 512,${AUDIO}`,
      'audio 3',
      'video config',
      'video 3',
    ])
  })

  test('that change all the time are refused, however they come', () => {
    const built = new TsBuilder()
    for (let i = 0; i < 200; i++) built.tables(i % 2 === 0 ? [H264] : [H264, AAC], i % 32)
    assert.throws(() => demux(built.bytes), refusal('changes its programmes all the time'))
    const slow = new TsBuilder()
    for (let i = 0; i < 100; i++)
      slow.tables(i % 2 === 0 ? [H264] : [H264, AAC], i % 32).nulls(MPEGTS_LIMITS.packetsPerChange)
    assert.equal(demux(slow.bytes).length, 100)
  })

  test('a table that is to count later, or has a wrong CRC, changes nothing', () => {
    const built = film()
    const [, pmt] = new TsBuilder().tables([entry(0x200, 0x1b)], 1).packets as [Uint8Array, Uint8Array]
    const wrong = pmt.with(20, (pmt[20] ?? 0) ^ 1)
    const demuxer = createTsDemuxer()
    assert.deepEqual(story(demux(concatBytes([built.bytes, wrong]), demuxer)), FILM)
  })

  test('the language of a sound is told', () => {
    const german = entry(AUDIO, 0x0f, { tag: 0x0a, data: Uint8Array.of(0x64, 0x65, 0x75, 0) })
    const [tracks] = demux(new TsBuilder().tables([german]).nulls(1).bytes)
    assert.ok(tracks?.type === 'tracks')
    assert.equal(tracks.streams[0]?.language, 'deu')
  })

  test('what is encrypted is said to be', () => {
    const { packets } = film().pes(AUDIO, 0xc0, { pts: 8760 }, adts(4))
    const scrambled = packets.map((packet) =>
      packet[1] === 0x41 && packet[2] === 1 ? packet.with(3, (packet[3] ?? 0) | 0x80) : packet,
    )
    const events = demux(concatBytes(scrambled))
    const last = events.findLast((event) => event.type === 'tracks')
    assert.equal(last?.streams.find(({ pid }) => pid === AUDIO)?.trouble, 'it is encrypted')
    assert.equal(units(events, 'video').length, 4)
  })

  test('one packet that only says it is encrypted is a lost one', () => {
    const built = new TsBuilder().tables([H264])
    for (let i = 0; i < 8; i++) built.openPes(VIDEO, { pts: i * 3000 }, keyPicture(i))
    const packets = built.packets.map((packet, i) => (i % 3 === 2 ? packet.with(3, (packet[3] ?? 0) | 0xc0) : packet))
    const demuxer = createTsDemuxer()
    const events = demux(concatBytes(packets), demuxer)
    assert.equal(events.filter(({ type }) => type === 'tracks').length, 1)
    assert.deepEqual(
      units(events, 'video').map(({ pts }) => pts),
      // The one before it has no length: its end is not known either.
      [3000, 12_000, 21_000],
    )
    assert.equal(demuxer.counters.lostPackets, 3)
  })

  test('a stream without tables, and one without media, are refused', () => {
    const limits = { ...MPEGTS_LIMITS, tablelessPackets: 50 }
    const [, , ...rest] = film().packets
    const bare = concatBytes(Array.from({ length: 10 }, () => concatBytes(rest)))
    assert.throws(() => demux(bare, createTsDemuxer({ limits })), refusal('no programme table'))
    const data = new TsBuilder().tables([entry(0x300, 0x86)])
    for (let i = 0; i < 60; i++) data.tables([entry(0x300, 0x86)])
    assert.throws(() => demux(data.bytes, createTsDemuxer({ limits })), refusal('no programme with pictures or sound'))
  })
})

function refusal(text: string): (error: unknown) => boolean {
  return (error) => error instanceof MediaError && error.message.includes(text)
}

function sameUnit(a: TsEvent, b: Unit): boolean {
  return a.type === 'unit' && a.pts === b.pts && a.dts === b.dts && Buffer.from(a.data).equals(b.data)
}

test('a picture in ever more PES packets, empty ones, is given up: each costs memory', () => {
  const demuxer = createTsDemuxer()
  const built = new TsBuilder().tables([H264]).openPes(VIDEO, { pts: 3000 }, keyPicture(1))
  for (let i = 0; i < MPEGTS_LIMITS.picturePieces; i++) built.timeless(VIDEO, 0xe0, new Uint8Array(0))
  const events = demux(built.bytes, demuxer)
  assert.equal(units(events, 'video').length, 0)
  assert.equal(demuxer.counters.malformed, 1)
})

test('an Opus unit that says it has megabytes is not waited for', () => {
  // Registration "Opus": type 6 alone would say nothing.
  const opus = entry(AUDIO, 0x06, { tag: 5, data: Uint8Array.of(0x4f, 0x70, 0x75, 0x73) })
  const endless = new Uint8Array(60_000).fill(0xff)
  endless.set([0x7f, 0xe0])
  endless.set([0], 59_999)
  // TOC 0xfc: CELT, 20 ms, stereo, one frame.
  const unit = Uint8Array.of(0x7f, 0xe0, 3, 0xfc, 1, 2)
  const built = new TsBuilder().tables([opus]).pes(AUDIO, 0xbd, { pts: 0 }, endless)
  for (let i = 1; i <= 4; i++) built.pes(AUDIO, 0xbd, { pts: 1800 * i }, concatBytes([unit, unit]))
  assert.ok(units(demux(built.bytes), 'audio').length >= 6)
})

test('reading stops where one call has more units than its owner takes, also of frames that are empty', () => {
  for (const size of [1, 0]) {
    const frames = concatBytes(Array.from({ length: 100 }, () => adts(0, size)))
    const built = new TsBuilder().tables([AAC])
    for (let i = 0; i < 20; i++) built.pes(AUDIO, 0xc0, { pts: 9_000 * i }, frames)
    const demuxer = createTsDemuxer({ unitsAtOnce: 1_000 })
    assert.throws(() => demux(built.bytes, demuxer), refusal('more than 1000 pictures and frames'))
    assert.ok(demuxer.counters.units <= 1_100, `${demuxer.counters.units} were looked at`)
    const whole = createTsDemuxer({ unitsAtOnce: 2_000 })
    assert.equal(units(demux(built.bytes, whole), 'audio').length, 2_000 * size)
    // In another call it counts anew.
    assert.equal(units(demux(built.bytes, whole), 'audio').length, 2_000 * size)
  }
})

test('bytes of sound in which no frame begins count too: looking at each takes time', () => {
  const demuxer = createTsDemuxer({ unitsAtOnce: 1_000 })
  const built = new TsBuilder().tables([entry(AUDIO, 0x03)])
  // Does not begin as another layer does, which would be given up.
  const noise = new Uint8Array(30_000).fill(0xff).fill(0, 0, 1)
  for (let i = 0; i < 10; i++) built.pes(AUDIO, 0xc0, { pts: 9_000 * i }, noise)
  assert.throws(() => demux(built.bytes, demuxer), refusal('more than 1000 pictures and frames'))
  assert.ok(demuxer.counters.units < 1_500, `${demuxer.counters.units} were looked at`)
})
