import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from './entry.ts'
import { createIntake, type Intake, type IntakeOptions } from './intake.ts'
import { HLS_LIMITS } from './limits.ts'
import { resolvePath } from './name.ts'
import type { FileBody } from './rendition.ts'
import {
  mediaPlaylist,
  PICTURES,
  pictureInit,
  picturePart,
  pictureSegment,
  soundInit,
  soundSegment,
} from './testing/media.ts'

/** An intake with files beside it, as a folder or an encoder's memory is. */
function stage(options: Partial<IntakeOptions> = {}) {
  const intake = createIntake({
    resolve: resolvePath,
    begin: 'listed',
    isOrdered: true,
    maxBitrate: 1e9,
    root: 'out.m3u8',
    ...options,
  })
  const files = new Map<string, FileBody>()
  let stamp = 0
  let now = 0
  const put = (name: string, bytes: Uint8Array, more: Partial<FileBody> = {}) => {
    stamp++
    files.set(name, { bytes, version: String(stamp), stamp, isWhole: true, ...more })
  }
  const list = (text: string, name = 'out.m3u8') => intake.playlist(name, text, now, ++stamp)
  /** Reads what is wanted and there. @returns names that were read. */
  const pump = () => {
    const read: string[] = []
    for (let more = true; more; ) {
      more = false
      for (const want of intake.wants(now, 0)) {
        const file = files.get(want.name)
        if (file === undefined) intake.missing(want, now, false)
        else {
          const { start = 0, length = file.bytes.byteLength } = want.range ?? {}
          if (!intake.file(want, { ...file, bytes: file.bytes.subarray(start, start + length) }, now)) continue
          read.push(want.name)
          more = true
        }
      }
    }
    return read
  }
  return { intake, put, list, pump, pass: (ms: number) => (now += ms), files }
}

function units(intake: Intake): Extract<Entry, { kind: 'unit' }>[] {
  return intake.take().flatMap(({ entries }) => entries.flatMap((entry) => (entry.kind === 'unit' ? [entry] : [])))
}

test('segments of fragmented MP4 become pictures, each once and in order', () => {
  const { intake, put, list, pump } = stage()
  put('init.mp4', pictureInit)
  for (let i = 0; i < 3; i++) put(`s${i}.m4s`, pictureSegment(i))
  list(mediaPlaylist(0, 2))
  assert.deepEqual(pump(), ['init.mp4', 's0.m4s', 's1.m4s'])
  list(mediaPlaylist(1, 3, { end: true }))
  assert.deepEqual(pump(), ['s2.m4s'])
  const read = units(intake)
  assert.equal(read.length, 3 * PICTURES)
  assert.deepEqual(
    read.map(({ dts }) => dts),
    read.map((_, i) => i * 3000),
  )
  assert.equal(read.filter(({ key }) => key).length, 3)
  assert.equal(intake.ended, true)
  assert.deepEqual(intake.tracks, { video: true, audio: false })
  const { format, lost, renditions, trouble } = intake.facts
  assert.deepEqual([format, lost, renditions, trouble], ['fmp4', 0, 1, undefined])
})

test('a file that is half written is read when it is whole', () => {
  const { intake, put, list, pump, pass } = stage()
  const whole = pictureSegment(0)
  put('init.mp4', pictureInit.subarray(0, 100), { isWhole: false })
  list(mediaPlaylist(0, 1))
  assert.deepEqual(pump(), [])
  put('init.mp4', pictureInit, { isWhole: false })
  for (const length of [0, 7, 100, whole.byteLength - 1]) {
    put('s0.m4s', whole.subarray(0, length), { isWhole: false })
    assert.deepEqual(pump(), length === 0 ? ['init.mp4'] : [], `${length}`)
    pass(100)
  }
  put('s0.m4s', whole, { isWhole: false })
  assert.deepEqual(pump(), ['s0.m4s'])
  assert.equal(units(intake).length, PICTURES)
  assert.equal(intake.facts.lost, 0)
})

test('a file that does not come is left out after a while, and said to be', () => {
  const { intake, put, list, pump, pass } = stage()
  put('init.mp4', pictureInit)
  put('s1.m4s', pictureSegment(1))
  list(mediaPlaylist(0, 2))
  assert.deepEqual(pump(), ['init.mp4'])
  pass(HLS_LIMITS.patienceLeastMs)
  assert.deepEqual(pump(), [])
  assert.match(intake.facts.trouble ?? '', /s0\.m4s is listed in the playlist but did not come/)
  assert.deepEqual(pump(), ['s1.m4s'])
  assert.equal(intake.facts.lost, 1)
  assert.equal(intake.facts.trouble, undefined)
})

test('after a restart under the same names nothing of before is read', () => {
  const { intake, put, list, pump } = stage()
  put('init.mp4', pictureInit)
  for (let i = 0; i < 3; i++) put(`s${i}.m4s`, pictureSegment(i))
  list(mediaPlaylist(0, 3))
  pump()
  put('s3.m4s', pictureSegment(3))
  list(mediaPlaylist(0, 4))
  intake.take()
  // The encoder is started anew while s3 has not been read; its first playlist comes before its second segment.
  put('init.mp4', pictureInit)
  put('s0.m4s', pictureSegment(100))
  list(mediaPlaylist(0, 2))
  assert.deepEqual(pump(), ['init.mp4', 's0.m4s'])
  assert.equal(units(intake)[0]?.dts, 100 * 90_000)
  put('s1.m4s', pictureSegment(101))
  assert.deepEqual(pump(), ['s1.m4s'])
  assert.equal(units(intake)[0]?.dts, 101 * 90_000)
})

test('names that come round again are read only when there is something new under them', () => {
  const { intake, put, list, pump } = stage()
  put('init.mp4', pictureInit)
  const ring = (from: number, to: number) =>
    mediaPlaylist(from, to).replace(/s(\d+)\.m4s/g, (_, i: string) => `s${Number(i) % 2}.m4s`)
  put('s0.m4s', pictureSegment(0))
  put('s1.m4s', pictureSegment(1))
  list(ring(0, 2))
  pump()
  list(ring(1, 3))
  assert.deepEqual(pump(), [])
  put('s0.m4s', pictureSegment(2))
  assert.deepEqual(pump(), ['s0.m4s'])
  assert.equal(units(intake).at(-1)?.dts, 3 * 90_000 - 3000)
})

test('parts are read as they are listed, and what is missing of a segment with the whole of it', () => {
  const { intake, put, list, pump } = stage()
  const head = ['#EXTM3U', '#EXT-X-VERSION:9', '#EXT-X-TARGETDURATION:1', '#EXT-X-PART-INF:PART-TARGET=0.334']
  const part = (third: number) => `#EXT-X-PART:DURATION=0.333,URI="p${third}.m4s"`
  put('init.mp4', pictureInit)
  for (let third = 0; third < 3; third++) put(`p${third}.m4s`, picturePart(0, third))
  list([...head, '#EXT-X-MAP:URI="init.mp4"', part(0), ''].join('\n'))
  assert.deepEqual(pump(), ['init.mp4', 'p0.m4s'])
  assert.equal(units(intake).length, 10)
  assert.equal(intake.facts.partTarget, 0.334)
  put('s0.m4s', pictureSegment(0))
  put('s1.m4s', pictureSegment(1))
  const rest = ['#EXT-X-MAP:URI="init.mp4"', '#EXTINF:1,', 's0.m4s', '#EXTINF:1,', 's1.m4s', '']
  list([...head, ...rest].join('\n'))
  assert.deepEqual(pump(), ['s0.m4s', 's1.m4s'])
  const read = units(intake)
  assert.equal(read.length, 2 * PICTURES - 10)
  assert.equal(read[0]?.dts, 30_000)
})

test('a ladder is one stream with the pictures that are brought, and sound of its own', () => {
  const { intake, put, list, pump } = stage({ root: 'master.m3u8' })
  list(
    [
      '#EXTM3U',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",DEFAULT=YES,URI="a/out.m3u8"',
      ...[
        '#EXT-X-STREAM-INF:BANDWIDTH=500000,RESOLUTION=160x90,AUDIO="a",CODECS="avc1.42c00b,mp4a.40.2"',
        'low/out.m3u8',
      ],
      ...[
        '#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=320x180,AUDIO="a",CODECS="avc1.42c00b,mp4a.40.2"',
        'high/out.m3u8',
        '',
      ],
    ].join('\n'),
    'master.m3u8',
  )
  assert.deepEqual(
    intake.lanes.map(({ role, playlist, bandwidth }) => [role, playlist, bandwidth]),
    [
      ['main', 'high/out.m3u8', 900_000],
      ['audio', 'a/out.m3u8', 0],
      ['brought', 'low/out.m3u8', 372_000],
    ],
  )
  for (const folder of ['high', 'low', 'a']) {
    put(`${folder}/init.mp4`, folder === 'a' ? soundInit : pictureInit)
    put(`${folder}/s0.m4s`, folder === 'a' ? soundSegment(0) : pictureSegment(0))
    list(mediaPlaylist(0, 1), `${folder}/out.m3u8`)
  }
  assert.equal(pump().length, 6)
  assert.deepEqual(
    intake.take().map(({ lane, leads, entries }) => [lane, leads, entries[0]?.slot]),
    [
      [0, true, 'video'],
      [1, true, 'audio'],
      [2, false, 'video'],
    ],
  )
  assert.deepEqual(intake.tracks, { video: true, audio: true })
  assert.equal(intake.facts.renditions, 2)
})

test('without a root the multivariant playlist is waited for, and a media playlist alone is taken without it', () => {
  const alone = stage({ root: undefined as never })
  alone.put('init.mp4', pictureInit)
  alone.put('s0.m4s', pictureSegment(0))
  alone.list(mediaPlaylist(0, 1), 'any.m3u8')
  assert.deepEqual(alone.pump(), [])
  alone.pass(HLS_LIMITS.rootGraceMs)
  assert.deepEqual(alone.pump(), ['init.mp4', 's0.m4s'])

  const ladder = stage({ root: undefined as never })
  ladder.put('init.mp4', pictureInit)
  ladder.put('s0.m4s', pictureSegment(0))
  ladder.list(mediaPlaylist(0, 1), 'low.m3u8')
  ladder.list('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhigh.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nlow.m3u8\n', 'm.m3u8')
  assert.deepEqual(ladder.pump(), ['init.mp4', 's0.m4s'])
  assert.deepEqual(
    ladder.intake.lanes.map(({ playlist }) => playlist),
    ['low.m3u8', 'high.m3u8'],
  )
})

test('what cannot be followed is told in words', () => {
  const table: [string, RegExp][] = [
    ['hello', /does not begin with #EXTM3U/],
    [
      mediaPlaylist(0, 1).replace('#EXT-X-MAP', '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXT-X-MAP'),
      /encrypted.*switch encryption off/,
    ],
    ['#EXTM3U\n#EXT-X-I-FRAMES-ONLY\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n', /key frames alone/],
    ['#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="a.m3u8"\n', /lists nothing/],
    ['#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://elsewhere.example/a.m3u8\n', /a file elsewhere/],
    [`#EXTM3U\n${'x'.repeat(20_000)}`, /cannot be read/],
  ]
  for (const [text, reason] of table) {
    const { list, intake } = stage()
    const report = list(text)
    assert.ok(report.kind === 'refused' && reason.test(report.reason), JSON.stringify(report))
    assert.match(intake.facts.trouble ?? '', reason)
  }
})

test('segments elsewhere, or outside, are left out and said to be', () => {
  for (const uri of ['http://elsewhere.example/s0.m4s', '../s0.m4s', '/etc/passwd', '..%2f..%2fsecret']) {
    const { list, intake, pump } = stage()
    list(mediaPlaylist(0, 1).replace('s0.m4s', uri).replace('#EXT-X-MAP:URI="init.mp4"\n', ''))
    assert.deepEqual(pump(), [])
    assert.equal(intake.facts.lost, 1)
    assert.match(intake.facts.trouble ?? '', /elsewhere|leads out|absolute path|no file may have/)
  }
})

test('sound as bare frames, text and what is nothing are refused with what to change', () => {
  const table: [Uint8Array, RegExp][] = [
    [Buffer.from('ID3\x04aaaaaaaaaaaaaaaaa'), /packed audio/],
    [Buffer.from('WEBVTT\n\n00:00.000 --> 00:01.000\nhi'), /neither MPEG-TS nor fragmented MP4/],
    [Buffer.from('<html>Not found</html>'), /neither MPEG-TS nor fragmented MP4/],
  ]
  for (const [bytes, reason] of table) {
    const { list, intake, put, pump } = stage()
    put('s0.m4s', bytes)
    list(mediaPlaylist(0, 1).replace('#EXT-X-MAP:URI="init.mp4"\n', ''))
    pump()
    assert.match(intake.facts.trouble ?? '', reason)
  }
})

test('wrong durations and dates move nothing: media have their own times', () => {
  const { intake, put, list, pump } = stage()
  put('init.mp4', pictureInit)
  for (let i = 0; i < 2; i++) put(`s${i}.m4s`, pictureSegment(i))
  const wrong = mediaPlaylist(0, 2)
    .replace('#EXTINF:1.000,', '#EXT-X-PROGRAM-DATE-TIME:1971-01-01T00:00:00Z\n#EXTINF:999.000,')
    .replace('#EXTINF:1.000,', '#EXTINF:0,')
  list(wrong)
  pump()
  const loads = intake.take()
  assert.deepEqual(
    loads.map(({ start }) => start),
    [0, 90_000],
  )
  assert.deepEqual(
    loads.map(({ end }) => end),
    [90_000, 180_000],
  )
})

test('nothing is read ahead while much waits to be passed on', () => {
  const { intake, list } = stage()
  list(mediaPlaylist(0, 3))
  assert.equal(intake.wants(0, HLS_LIMITS.aheadLeastMs - 1).length, 1)
  assert.equal(intake.wants(0, HLS_LIMITS.aheadLeastMs).length, 0)
})

test('what other settings bring is read with their EXT-X-MAP, once', () => {
  const { intake, put, list, pump } = stage()
  put('init.mp4', pictureInit)
  put('s0.m4s', pictureSegment(0))
  list(mediaPlaylist(0, 1))
  pump()
  put('init.mp4', pictureInit)
  put('s1.m4s', pictureSegment(7))
  list(mediaPlaylist(0, 2).replace('#EXTINF:1.000,\ns1', '#EXT-X-DISCONTINUITY\n#EXTINF:1.000,\ns1'))
  assert.deepEqual(pump(), ['init.mp4', 's1.m4s'])
  assert.equal(units(intake).length, 2 * PICTURES)
})

test('segments of more than the highest bitrate are left out, and said to be', () => {
  const { intake, put, list, pump } = stage({ maxBitrate: 10_000 })
  put('init.mp4', pictureInit)
  put('s0.m4s', pictureSegment(0))
  list(mediaPlaylist(0, 1))
  pump()
  assert.equal(units(intake).length, 0)
  assert.match(intake.facts.trouble ?? '', /Mbit\/s, at most 0\.0 Mbit\/s are taken: lower the bitrate/)
})

test('numbers beyond those that can be counted, and target durations of hours, are refused', () => {
  const { intake, list, pump } = stage()
  const gaps = '#EXTINF:1.4,\n#EXT-X-GAP\na\n'.repeat(3)
  const refused = list(
    `#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:9007199254740991\n${gaps}`,
  )
  assert.deepEqual(pump(), [])
  assert.match(refused.kind === 'refused' ? refused.reason : '', /media sequence number/)
  const long = list(mediaPlaylist(0, 2).replace('TARGETDURATION:1', 'TARGETDURATION:86400'))
  assert.match(long.kind === 'refused' ? long.reason : '', /86400 s/)
  assert.equal(intake.facts.targetDuration, 0)
})

test('what is secret in a name is not said', () => {
  const { intake, put, list, pump, pass } = stage({
    shown: (name) => name.replace(/\?.*/, ''),
    resolve: (_base, uri) => ({ name: uri }),
  })
  list(mediaPlaylist(0, 2).replaceAll('.m4s', '.m4s?token=abcdef'))
  put('init.mp4', pictureInit)
  pump()
  pass(HLS_LIMITS.patienceMostMs)
  pump()
  assert.match(intake.facts.trouble ?? '', /^s0\.m4s is listed/)
})

test('an encoder that begins anew with its clock set back is read', () => {
  const { intake, pump, files } = stage()
  const year = 365 * 86_400_000
  intake.playlist('out.m3u8', mediaPlaylist(10, 13), 0, 60 * year)
  intake.playlist('out.m3u8', mediaPlaylist(0, 2), 1_000, 56 * year)
  files.set('init.mp4', { bytes: pictureInit, version: '1', stamp: 56 * year - 900, isWhole: true })
  for (const i of [0, 1]) {
    files.set(`s${i}.m4s`, { bytes: pictureSegment(i), version: `2${i}`, stamp: 56 * year - 500 + i, isWhole: true })
  }
  assert.deepEqual(pump(), ['init.mp4', 's0.m4s', 's1.m4s'])
})

test('an encoder that began later under another name is taken, and of the one before it is said that it still sends', () => {
  const { intake, list, put, pump, pass } = stage({ root: undefined as never })
  put('init.mp4', pictureInit)
  put('s0.m4s', pictureSegment(0))
  list(mediaPlaylist(0, 1), 'first.m3u8')
  pass(HLS_LIMITS.rootGraceMs)
  assert.deepEqual(pump(), ['init.mp4', 's0.m4s'])
  pass(HLS_LIMITS.rivalQuietMs)
  put('s1.m4s', pictureSegment(1))
  list(mediaPlaylist(0, 2), 'first.m3u8')
  assert.deepEqual(pump(), ['s1.m4s'])
  put('t0.m4s', pictureSegment(50))
  list(mediaPlaylist(0, 1).replace('s0', 't0'), 'second.m3u8')
  assert.deepEqual(pump(), ['init.mp4', 't0.m4s'])
  put('s2.m4s', pictureSegment(2))
  const report = list(mediaPlaylist(0, 3), 'first.m3u8')
  assert.ok(report.kind === 'rival' && /two encoders/.test(report.reason))
  assert.deepEqual(pump(), [])
  assert.match(intake.facts.trouble ?? '', /two encoders/)
  // It goes on with the first where the second has fallen silent.
  pass(HLS_LIMITS.rivalQuietMs + 1)
  assert.equal(list(mediaPlaylist(0, 3), 'first.m3u8').kind, 'media')
  assert.ok(pump().includes('s2.m4s'))
})

test('who begins anew again and again is told to be two encoders', () => {
  const { intake, list, pass } = stage()
  for (let i = 0; i <= HLS_LIMITS.restarts; i++) {
    assert.equal(intake.facts.trouble, undefined)
    list(mediaPlaylist(0, 2).replaceAll('.m4s', `-${i}.m4s`))
    pass(1_000)
  }
  assert.match(intake.facts.trouble ?? '', /two encoders/)
  pass(HLS_LIMITS.contestedMs)
  intake.wants(1e9, 0)
  assert.doesNotMatch(intake.facts.trouble ?? '', /two encoders/)
})

/** A multivariant playlist of these media playlists, highest first. */
function master(names: readonly string[], bandwidth = 1_000_000): string {
  const variants = names.map((name, i) => `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth - i},RESOLUTION=640x360\n${name}\n`)
  return `#EXTM3U\n${variants.join('')}`
}

test('a multivariant playlist that is written anew with other numbers is read on where it is', () => {
  const { intake, put, list, pump } = stage({ root: 'master.m3u8' })
  list(master(['a.m3u8', 'b.m3u8']), 'master.m3u8')
  put('init.mp4', pictureInit)
  for (const i of [0, 1]) put(`s${i}.m4s`, pictureSegment(i))
  for (const name of ['a.m3u8', 'b.m3u8']) list(mediaPlaylist(0, 2), name)
  pump()
  // What it costs is measured as it goes, and a smaller rendition may be left out.
  list(master(['a.m3u8', 'b.m3u8'], 2_000_000), 'master.m3u8')
  assert.deepEqual(
    intake.lanes.map(({ bandwidth }) => bandwidth),
    [2_000_000, 1_871_999],
  )
  list(master(['a.m3u8'], 2_000_000), 'master.m3u8')
  put('s2.m4s', pictureSegment(2))
  list(mediaPlaylist(0, 3), 'a.m3u8')
  assert.deepEqual(pump(), ['s2.m4s'])
})

test('a rendition that is listed later, or goes, leaves the others where they are', () => {
  const { intake, put, list, pump, files } = stage({ root: 'master.m3u8' })
  /** All that is read is deleted, as what was put is. */
  const come = (names: readonly string[], to: number) => {
    for (const name of names) {
      put(`init-${name}.mp4`, pictureInit)
      put(`${name}${to - 1}.m4s`, pictureSegment(to - 1))
      list(
        mediaPlaylist(0, to)
          .replaceAll(/s(\d)\.m4s/g, `${name}$1.m4s`)
          .replace('init', `init-${name}`),
        `${name}.m3u8`,
      )
    }
    const read = pump().toSorted()
    for (const name of read) files.delete(name)
    const lanes = intake.take().map(({ lane }) => lane)
    return [read.filter((name) => name.endsWith('.m4s')), lanes.toSorted((a, b) => a - b)]
  }
  list(master(['a.m3u8', 'c.m3u8']), 'master.m3u8')
  assert.deepEqual(come(['a', 'c'], 1), [
    ['a0.m4s', 'c0.m4s'],
    [0, 2],
  ])
  list(master(['a.m3u8', 'b.m3u8', 'c.m3u8']), 'master.m3u8')
  assert.deepEqual(
    intake.lanes.map(({ playlist, number }) => [playlist, number]),
    [
      ['a.m3u8', 0],
      ['b.m3u8', 3],
      ['c.m3u8', 2],
    ],
  )
  assert.deepEqual(come(['a', 'c'], 2), [
    ['a1.m4s', 'c1.m4s'],
    [0, 2],
  ])
  list(master(['a.m3u8', 'b.m3u8']), 'master.m3u8')
  list(master(['a.m3u8', 'c.m3u8', 'b.m3u8']), 'master.m3u8')
  put('b0.m4s', pictureSegment(0))
  assert.deepEqual(come(['b'], 2), [
    ['b0.m4s', 'b1.m4s'],
    [3, 3],
  ])
  list(master(['a.m3u8', 'b.m3u8']), 'master.m3u8')
  assert.deepEqual(come(['a', 'b'], 3), [
    ['a2.m4s', 'b2.m4s'],
    [0, 3],
  ])
})

test('a rendition that is another part of the stream now is read on where it was', () => {
  const { intake, put, list, pump, files } = stage({ root: 'master.m3u8' })
  /** All that is read is deleted, as what was put is. */
  const come = (names: readonly string[], to: number) => {
    for (const name of names) {
      put(`${name}${to - 1}.m4s`, pictureSegment(to - 1))
      list(mediaPlaylist(0, to).replaceAll(/s(\d)\.m4s/g, `${name}$1.m4s`), `${name}.m3u8`)
    }
    const read = pump().filter((name) => name.endsWith('.m4s'))
    for (const name of read) files.delete(name)
    return read.toSorted()
  }
  put('init.mp4', pictureInit)
  list(master(['b.m3u8', 'c.m3u8']), 'master.m3u8')
  for (const to of [1, 2]) come(['b', 'c'], to)
  put('a2.m4s', pictureSegment(2))
  // It was left out until it was known what it costs.
  list(master(['a.m3u8', 'b.m3u8', 'c.m3u8']), 'master.m3u8')
  assert.deepEqual(come(['b', 'c'], 3), ['b2.m4s', 'c2.m4s'])
  list(master(['b.m3u8', 'c.m3u8']), 'master.m3u8')
  assert.deepEqual(come(['b', 'c'], 4), ['b3.m4s', 'c3.m4s'])
  assert.equal(intake.facts.lost, 0)
  // Sound comes to have a playlist of its own.
  const sound = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="x",NAME="x",URI="x.m3u8"\n'
  list(master(['b.m3u8']).replace('RESOLUTION', 'AUDIO="x",RESOLUTION') + sound, 'master.m3u8')
  assert.deepEqual(come(['b'], 5), ['b4.m4s'])
})

test('two encoders that write one multivariant playlist in turn are told to be two', () => {
  const { intake, list, pass } = stage({ root: 'master.m3u8' })
  for (let i = 0; i <= HLS_LIMITS.restarts; i++) {
    assert.equal(intake.facts.trouble, undefined)
    list(master([i % 2 === 0 ? 'a.m3u8' : 'b.m3u8']), 'master.m3u8')
    pass(1_000)
  }
  assert.match(intake.facts.trouble ?? '', /two encoders/)
})

test('what an older encoder listed while the newer one stood still is read when it goes on', () => {
  const { list, put, pump, pass } = stage()
  const newer = mediaPlaylist(0, 1).replace('s0', 't0')
  put('init.mp4', pictureInit)
  for (let i = 0; i < 6; i++) put(`s${i}.m4s`, pictureSegment(i))
  list(mediaPlaylist(0, 6))
  pump()
  put('init.mp4', pictureInit)
  put('t0.m4s', pictureSegment(50))
  list(newer)
  assert.deepEqual(pump(), ['init.mp4', 't0.m4s'])
  for (let i = 6; i < 12; i++) {
    put(`s${i}.m4s`, pictureSegment(i))
    assert.equal(list(mediaPlaylist(i - 5, i + 1)).kind, 'rival')
    pass(1_000)
    // It lists nothing new, again and again.
    list(newer)
  }
  pass(1)
  put('s12.m4s', pictureSegment(12))
  assert.equal(list(mediaPlaylist(7, 13)).kind, 'media')
  assert.deepEqual(pump(), ['init.mp4', 's10.m4s', 's11.m4s', 's12.m4s'])
})

test('where the newer of two encoders ends under a name of its own, the older one goes on at once', () => {
  const { intake, list, put, pump, pass } = stage({ root: undefined as never })
  put('init.mp4', pictureInit)
  for (const [i, name] of ['s0', 's1', 's2', 't0', 't1'].entries()) put(`${name}.m4s`, pictureSegment(i))
  const first = (to: number) => list(mediaPlaylist(0, to), 'first.m3u8').kind
  const second = (to: number, end = false) =>
    list(mediaPlaylist(0, to, { end }).replace(/s(\d)\.m4s/g, 't$1.m4s'), 'second.m3u8').kind
  first(1)
  pass(HLS_LIMITS.rivalQuietMs + 1)
  pump()
  assert.equal(second(1), 'media')
  assert.equal(first(2), 'rival')
  assert.equal(second(2, true), 'media')
  pump()
  assert.equal(intake.ended, false)
  assert.equal(first(3), 'media')
  assert.ok(pump().includes('s2.m4s'))
  // Nobody is beside it now.
  pass(4 * HLS_LIMITS.rivalQuietMs)
  list(mediaPlaylist(0, 3, { end: true }), 'first.m3u8')
  pump()
  assert.equal(intake.ended, true)
})

test('an encoder that is soon started anew under another name is taken when nothing more comes under the first', () => {
  const { list, put, pump, pass } = stage({ root: undefined as never })
  const second = (to: number) => list(mediaPlaylist(0, to).replaceAll(/s(\d)\.m4s/g, 't$1.m4s'), 'second.m3u8')
  for (const name of ['s0', 't0', 't1', 't2']) put(`${name}.m4s`, pictureSegment(0))
  put('init.mp4', pictureInit)
  list(mediaPlaylist(0, 1), 'first.m3u8')
  pass(HLS_LIMITS.rootGraceMs)
  assert.deepEqual(pump(), ['init.mp4', 's0.m4s'])
  second(1)
  pass(HLS_LIMITS.rivalQuietMs / 2)
  second(2)
  assert.deepEqual(pump(), [])
  pass(HLS_LIMITS.rivalQuietMs / 2 - 1)
  second(2)
  pass(2)
  second(3)
  assert.deepEqual(pump(), ['init.mp4', 't0.m4s', 't1.m4s', 't2.m4s'])
})

test('of media playlists that belong together the first stays the stream behind an outage', () => {
  const { intake, list, pump, pass } = stage({ root: undefined as never })
  for (const name of ['first.m3u8', 'second.m3u8']) list(mediaPlaylist(0, 2), name)
  pass(HLS_LIMITS.rootGraceMs)
  pump()
  for (const name of ['first.m3u8', 'second.m3u8']) list(mediaPlaylist(0, 3), name)
  pass(10 * HLS_LIMITS.rivalQuietMs)
  list(mediaPlaylist(0, 5), 'second.m3u8')
  assert.equal(list(mediaPlaylist(0, 5), 'first.m3u8').kind, 'media')
  assert.deepEqual(intake.playlists, ['first.m3u8'])
})

test('where both of two encoders say goodbye under names of their own, the stream ends', () => {
  const { intake, list, put, pump, pass } = stage({ root: undefined as never })
  put('init.mp4', pictureInit)
  for (const [i, name] of ['s0', 't0', 't1'].entries()) put(`${name}.m4s`, pictureSegment(i))
  const first = (to: number, end = false) => list(mediaPlaylist(0, to, { end }), 'first.m3u8').kind
  const second = (to: number, end = false) =>
    list(mediaPlaylist(0, to, { end }).replace(/s(\d)\.m4s/g, 't$1.m4s'), 'second.m3u8').kind
  first(1)
  pass(HLS_LIMITS.rivalQuietMs + 1)
  pump()
  assert.equal(second(1), 'media')
  assert.equal(first(2), 'rival')
  assert.equal(first(3, true), 'rival')
  assert.equal(second(2, true), 'media')
  pump()
  assert.equal(intake.ended, true)
})

test('of media playlists that belong together the first is not refused when another went on without it', () => {
  const { intake, list, put, pump, pass } = stage({ root: undefined as never })
  put('init.mp4', pictureInit)
  for (let i = 0; i < 6; i++) for (const name of ['s', 't']) put(`${name}${i}.m4s`, pictureSegment(i))
  const high = (to: number, end = false) => list(mediaPlaylist(0, to, { end }), 'high.m3u8').kind
  const low = (to: number, end = false) =>
    list(mediaPlaylist(0, to, { end }).replaceAll(/s(\d)\.m4s/g, 't$1.m4s'), 'low.m3u8').kind
  high(1)
  low(1)
  pass(HLS_LIMITS.rootGraceMs)
  pump()
  // The uplink holds up the larger one.
  for (const to of [2, 3]) {
    pass(HLS_LIMITS.rivalQuietMs / 2 + 1)
    low(to)
  }
  assert.deepEqual(intake.playlists, ['low.m3u8'])
  assert.equal(high(2), 'media')
  assert.deepEqual(intake.playlists, ['low.m3u8'])
  // And then the other one.
  for (const to of [3, 4]) {
    pass(HLS_LIMITS.rivalQuietMs / 2 + 1)
    assert.equal(high(to), 'media')
  }
  assert.deepEqual(intake.playlists, ['high.m3u8'])
  assert.equal(low(5), 'media')
  pump()
  assert.doesNotMatch(intake.facts.trouble ?? '', /two encoders/)
  assert.equal(low(6, true), 'media')
  assert.equal(high(6, true), 'media')
  pump()
  assert.equal(intake.ended, true)
})

test('at an address a multivariant playlist that names other playlists is gone on with where it was', () => {
  const { intake, put, list, pump } = stage({ root: 'master.m3u8', isOrdered: false })
  const within = (folder: string, from: number, to: number) => list(mediaPlaylist(from, to), `${folder}/live.m3u8`)
  for (const folder of ['w1', 'w2']) {
    put(`${folder}/init.mp4`, pictureInit)
    for (let i = 0; i < 5; i++) put(`${folder}/s${i}.m4s`, pictureSegment(i))
  }
  list(master(['w1/live.m3u8']), 'master.m3u8')
  within('w1', 0, 3)
  assert.equal(pump().length, 4)
  list(master(['w2/live.m3u8']), 'master.m3u8')
  assert.deepEqual(intake.playlists, ['w2/live.m3u8'])
  assert.deepEqual(pump(), [])
  within('w2', 1, 5)
  assert.deepEqual(pump(), ['w2/init.mp4', 'w2/s3.m4s', 'w2/s4.m4s'])
  assert.equal(units(intake).length, 5 * PICTURES)
  assert.deepEqual([intake.facts.lost, intake.facts.trouble], [0, undefined])
})

/** An intake that is not told which playlist is the stream. */
const rootless = () => createIntake({ resolve: resolvePath, begin: 'listed', isOrdered: true, maxBitrate: 1e9 })

test('of many large playlists that come early no more are remembered than there is room for', () => {
  const early = (text: string) => {
    const intake = rootless()
    for (let i = 0; i < HLS_LIMITS.playlists; i++) intake.playlist(`${i}.m3u8`, text, 0)
    intake.wants(HLS_LIMITS.rootGraceMs, 0)
    // All but the one that is taken.
    return { left: intake.facts.leftOut, taken: intake.playlists }
  }
  const count = 10_000
  const { left, taken } = early(mediaPlaylist(0, count))
  assert.equal(taken.length, 1)
  assert.ok(left > 0 && (left + 1) * count * HLS_LIMITS.listedBytes <= HLS_LIMITS.rememberedBytes, `${left}`)
  assert.deepEqual(early(mediaPlaylist(0, 6)), { left: HLS_LIMITS.playlists - 1, taken: ['0.m3u8'] })
})

test('a playlist as large as may be is remembered until it is known that it is the stream', () => {
  const intake = rootless()
  const text = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n${'a\n'.repeat(HLS_LIMITS.playlistLines - 10)}`
  intake.playlist('out.m3u8', text, 0)
  intake.wants(HLS_LIMITS.rootGraceMs, 0)
  assert.deepEqual(intake.playlists, ['out.m3u8'])
})

test('what is taken of a file that is mostly something else does not hold the file', () => {
  const { intake, put, list, pump } = stage()
  const other = Buffer.alloc(100_000)
  other.writeUInt32BE(other.byteLength)
  other.write('mdat', 4, 'latin1')
  put('init.mp4', soundInit)
  put('s0.m4s', Buffer.concat([soundSegment(0), other]))
  list(mediaPlaylist(0, 1))
  assert.deepEqual(pump(), ['init.mp4', 's0.m4s'])
  const read = units(intake)
  assert.ok(read.length > 0)
  const held = new Set(read.map(({ data }) => data.buffer))
  assert.ok([...held].reduce((sum, { byteLength }) => sum + byteLength, 0) < soundSegment(0).byteLength)
})
