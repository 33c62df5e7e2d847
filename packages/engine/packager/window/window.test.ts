import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import type { AssetIndex } from '../../store/port.ts'
import { encode, videoConfig } from '../fixtures/encoder.ts'
import { createStudio, type Studio } from '../fixtures/studio.ts'
import { everything, manualScheduler, text, type WatchedOptions, watchedWindow } from '../fixtures/watched.ts'
import { PACKAGER_LIMITS } from '../limits.ts'
import type { PlaylistDirectives } from '../live.ts'
import type { Part } from '../model.ts'
import { createMemoryBudget } from './budget.ts'
import { resumePoint } from './recovered.ts'
import type { LiveWindow } from './window.ts'

function live(seconds: number, options: WatchedOptions = {}, encoder = {}): { studio: Studio; window: LiveWindow } {
  const window = watchedWindow({ older: everything, ...options })
  const studio = createStudio({ sinks: () => [window] })
  studio.connect()
  studio.send(encode({ seconds, ...encoder }))
  return { studio, window }
}

const lines = (playlist: string, tag: string) => playlist.split('\n').filter((line) => line.startsWith(tag))

test('a rendition whose first part is still in the making is reported with the gaps it will open with', () => {
  const window = watchedWindow({ older: everything })
  const studio = createStudio()
  studio.connect()
  studio.send(encode({ seconds: 1.1 }))
  const [epoch] = studio.recorded.epochs
  const [first] = studio.parts(1)
  assert.ok(epoch !== undefined && first !== undefined)
  window.epoch(epoch)
  window.part(first)
  assert.deepEqual(lines(text(window, 'v1'), '#EXT-X-RENDITION-REPORT'), [
    '#EXT-X-RENDITION-REPORT:URI="../a2/index.m3u8",LAST-MSN=2',
  ])
})

test('what a report of a rendition without a part points at may be asked for, and no more than one beyond', () => {
  const window = watchedWindow({ older: everything })
  const studio = createStudio()
  studio.connect()
  studio.send(encode({ seconds: 1.1 }))
  const [epoch] = studio.recorded.epochs
  const [first] = studio.parts(1)
  assert.ok(epoch !== undefined && first !== undefined)
  window.epoch(epoch)
  window.part(first)
  const kind = (directives: PlaylistDirectives) => window.rendition('a2')?.playlist(directives).kind
  assert.equal(kind({ msn: 3 }), 'wait')
  assert.equal(kind({ msn: 3, part: 0 }), 'wait')
  assert.equal(kind({ msn: 4 }), 'wait')
  assert.equal(kind({ msn: 5 }), 'bad-request')
  assert.equal(kind({ msn: 3, part: 50 }), 'bad-request')
})

test('a comment says which segments of pictures do not begin with a key frame, where parts are no longer listed too', () => {
  const { studio, window } = live(60, {}, { gop: 250 })
  const isMarked = (playlist: string) =>
    playlist
      .split('#EXTINF')
      .slice(0, -1)
      .map((s) => s.endsWith('#BANDSTAND-INDEPENDENT:NO\n'))
  const whole = text(window, 'v1')
  // 4, 4 and 0.33 s.
  assert.match(isMarked(whole).join(), /false,true,true,false,true,true,false/)
  const delta = text(window, 'v1', { skip: true })
  assert.match(delta, /EXT-X-SKIP/)
  const left = isMarked(delta)
  assert.deepEqual(left, isMarked(whole).slice(-left.length))
  assert.doesNotMatch(text(window, 'a2'), /BANDSTAND/)
  const restarted = watchedWindow({ older: everything, recovered: indexOf(studio) })
  const marked = (of: LiveWindow) => text(of, 'v1').match(/(?<=#BANDSTAND-INDEPENDENT:NO\n#EXTINF.*\n)s.*/g) ?? []
  const recovered = marked(restarted)
  assert.ok(recovered.length > 3)
  assert.deepEqual(marked(window).slice(-recovered.length), recovered)
  assert.doesNotMatch(text(live(20, {}, { gop: 60 }).window, 'v1'), /BANDSTAND/)
})

test('directives mean nothing after the end, not even those that contradict each other', () => {
  const { window } = live(8)
  assert.equal(window.rendition('v1')?.playlist({ part: 1 }).kind, 'bad-request')
  window.end()
  assert.equal(window.rendition('v1')?.playlist({ part: 1 }).kind, 'now')
})

const gapParts = (msn: number) =>
  Array.from({ length: 12 }, (_, i) => {
    return `#EXT-X-PART:DURATION=0.333333,URI="g000000000${msn}-${i}.m4s",GAP=YES\n`
  }).join('')

test('golden: the first playlist of a broadcast opens with gaps over 3 targets', () => {
  const { window } = live(1.1)
  assert.equal(
    text(window, 'v1'),
    `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=12,PART-HOLD-BACK=1.05,CAN-SKIP-UNTIL=24
#EXT-X-PART-INF:PART-TARGET=0.35
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-START:TIME-OFFSET=12.1
#EXT-X-MAP:URI="i0000000000.mp4"
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:08.000Z
#EXT-X-GAP
#EXTINF:4.000000,
g0000000000.m4s
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:12.000Z
${gapParts(1)}#EXT-X-GAP
#EXTINF:4.000000,
g0000000001.m4s
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:16.000Z
${gapParts(2)}#EXT-X-GAP
#EXTINF:4.000000,
g0000000002.m4s
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.000Z
#EXT-X-PART:DURATION=0.333000,URI="p0000000000.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.334000,URI="p0000000001.m4s"
#EXT-X-PART:DURATION=0.333000,URI="p0000000002.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p0000000003.m4s"
#EXT-X-RENDITION-REPORT:URI="../a2/index.m3u8",LAST-MSN=3,LAST-PART=2
`,
  )
})

test('a playlist says where to begin as long as HOLD-BACK from its end is a gap: at a key frame', () => {
  const start = (seconds: number) => /#EXT-X-START:.*/.exec(text(live(seconds).window, 'v1'))?.[0]
  // Key frames every 2 s, behind 12 s of gaps. What ended less than two parts ago may not be whole in the other track.
  assert.deepEqual([1.1, 2.5, 4.5, 5.1, 11.7].map(start), [
    '#EXT-X-START:TIME-OFFSET=12.1',
    '#EXT-X-START:TIME-OFFSET=12.1',
    '#EXT-X-START:TIME-OFFSET=12.1',
    '#EXT-X-START:TIME-OFFSET=14.1',
    '#EXT-X-START:TIME-OFFSET=20.1',
  ])
  assert.equal(start(14), undefined)
})

test('golden: the multivariant playlist has sound as a group, its bandwidth as declared until measured', () => {
  const { window } = live(1.1)
  window.declare({ bitrate: 2_000_000, frameRate: 30 })
  assert.equal(
    window.multivariant()?.plain.toString(),
    `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Main",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="as_test/a2/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2500000,CODECS="avc1.64000b,mp4a.40.2",RESOLUTION=160x90,FRAME-RATE=30.000,AUDIO="audio"
as_test/v1/index.m3u8
`,
  )
})

test('sound alone is a variant of its own', () => {
  const window = watchedWindow()
  const studio = createStudio({ sinks: () => [window] })
  studio.stream({ fps: 0, seconds: 2 })
  const playlist = window.multivariant()?.plain.toString() ?? ''
  assert.deepEqual(lines(playlist, '#EXT-X-MEDIA:'), [])
  assert.match(playlist, /CODECS="mp4a.40.2"\nas_test\/a2\/index.m3u8/)
})

test('the playlist lists a minute, parts for the last 3 targets, and every file it lists is there', async () => {
  const { window } = live(100)
  for (const name of ['v1', 'a2']) {
    const { playlist, issues } = parsed(text(window, name))
    assert.deepEqual(issues, [])
    const total = playlist.segments.reduce((sum, s) => sum + s.duration, 0)
    assert.ok(total >= 56 && total < 66, `${total} s listed`)
    const withParts = playlist.segments.filter((s) => s.parts.length > 0).reduce((sum, s) => sum + s.duration, 0)
    assert.ok(withParts >= 8 && withParts <= 12, `${withParts} s with parts`)
    for (const segment of playlist.segments) {
      const answer = window.rendition(name)?.media(segment.uri)
      assert.ok(answer?.kind === 'now' || (answer?.kind === 'wait' && (await answer.ready) !== undefined), segment.uri)
    }
    for (const segment of playlist.segments) {
      const sum = segment.parts.reduce((s, p) => s + p.duration, 0)
      if (segment.parts.length > 0) assert.ok(Math.abs(sum - segment.duration) < 1e-4)
    }
  }
})

for (const gop of [60, 120, 125]) {
  test(`what has left the playlist is still there for as long as it and that playlist last (§6.2.2); a key frame every ${gop}`, () => {
    const window = watchedWindow({ older: everything })
    /** Seconds of each segment listed so far, of the longest playlist that it stood in, and when it was last listed. */
    const seen = new Map<string, { seconds: number; longest: number; listedAt: number }>()
    const studio = createStudio({ sinks: () => [window, { epoch() {}, reserve() {}, part: look }] })
    let left = 0
    function look({ track }: Part): void {
      if (track !== 1) return
      const { segments, trailingParts } = parsed(text(window, 'v1')).playlist
      const longest = [...segments, ...trailingParts].reduce((sum, { duration }) => sum + duration, 0)
      for (const { uri, duration } of segments) {
        const before = seen.get(uri)?.longest ?? 0
        seen.set(uri, { seconds: duration, longest: Math.max(before, longest), listedAt: studio.now })
      }
      left = 0
      for (const [uri, { seconds, longest, listedAt }] of seen) {
        const isGap = uri.startsWith('g')
        if (isGap || listedAt === studio.now || studio.now > listedAt + (seconds + longest) * 1000) continue
        left++
        assert.notEqual(
          window.rendition('v1')?.media(uri).kind,
          'not-found',
          `${uri} ${studio.now - listedAt} ms later`,
        )
      }
    }
    studio.connect()
    studio.send(encode({ seconds: 220, gop }))
    assert.ok(left > 10)
  })
}

test('a delta update leaves out only what is wholly older than the skip boundary, and says the map again', () => {
  const { window } = live(100)
  const full = parsed(text(window, 'v1')).playlist
  const delta = parsed(text(window, 'v1', { skip: true })).playlist
  assert.ok(delta.skippedSegments !== undefined && delta.skippedSegments > 5)
  assert.equal(delta.mediaSequence, full.mediaSequence)
  assert.equal(delta.discontinuitySequence, full.discontinuitySequence)
  assert.deepEqual(
    delta.segments.map((s) => s.uri),
    full.segments.slice(delta.skippedSegments).map((s) => s.uri),
  )
  const kept = delta.segments.reduce((sum, s) => sum + s.duration, 0)
  const first = delta.segments[0]?.duration ?? 0
  assert.ok(kept > 24 && kept - first <= 24, `${kept} s kept`)
  assert.ok(delta.segments[0]?.map !== undefined)
})

test('a delta update of a short playlist is the playlist', () => {
  const { window } = live(5)
  assert.equal(text(window, 'v1', { skip: true }), text(window, 'v1'))
})

test('the discontinuity sequence counts what has left the playlist', () => {
  const window = watchedWindow({ older: everything })
  const studio = createStudio({ sinks: () => [window] })
  let discontinuities = 0
  for (let i = 0; i < 8; i++) {
    studio.stream({ seconds: 13, base: i * 500 })
    const v = parsed(text(window, 'v1')).playlist
    const a = parsed(text(window, 'a2')).playlist
    assert.equal(v.discontinuitySequence + v.segments.filter((s) => s.discontinuity).length, i)
    assert.deepEqual(
      [v.discontinuitySequence, v.mediaSequence, v.segments.length],
      [a.discontinuitySequence, a.mediaSequence, a.segments.length],
    )
    assert.deepEqual(
      v.segments.map((s) => s.discontinuity),
      a.segments.map((s) => s.discontinuity),
    )
    discontinuities = v.discontinuitySequence
  }
  assert.ok(discontinuities > 0)
})

test('directives: what is there comes at once, what is next is waited for, what is too far is refused', async () => {
  const { studio, window } = live(10.5)
  const v1 = window.rendition('v1')
  assert.ok(v1 !== undefined)
  const { playlist } = parsed(text(window, 'v1'))
  const open = playlist.mediaSequence + playlist.segments.length
  const parts = playlist.trailingParts.length
  assert.equal(v1.playlist({ part: 0 }).kind, 'bad-request')
  assert.equal(v1.playlist({ msn: open + 2 }).kind, 'bad-request')
  assert.equal(v1.playlist({ msn: open, part: parts + 9 }).kind, 'bad-request')
  assert.equal(v1.playlist({ msn: 0 }).kind, 'now')
  assert.equal(v1.playlist({ msn: open - 1, part: 2 }).kind, 'now')
  assert.equal(v1.playlist({ msn: open, part: parts - 1 }).kind, 'now')
  // Past a segment's end means part 0 of the next, which is there.
  assert.equal(v1.playlist({ msn: open - 1, part: 60 }).kind, 'now')
  const one = v1.playlist({ msn: open, part: parts })
  const same = v1.playlist({ msn: open, part: parts })
  const delta = v1.playlist({ msn: open, part: parts, skip: true })
  const whole = v1.playlist({ msn: open })
  const far = v1.playlist({ msn: open, part: parts + 8 })
  assert.ok(
    one.kind === 'wait' &&
      same.kind === 'wait' &&
      delta.kind === 'wait' &&
      whole.kind === 'wait' &&
      far.kind === 'wait',
  )
  studio.now -= 10_500
  studio.send([...encode({ seconds: 14 })].filter((s) => s.at >= 10.5))
  const first = await one.ready
  assert.equal(await same.ready, first, 'those who wait for the same thing share one buffer')
  const then = parsed(first?.plain.toString() ?? '').playlist
  assert.equal(then.trailingParts.length, parts + 1)
  assert.equal(
    parsed((await whole.ready)?.plain.toString() ?? '').playlist.segments.length,
    playlist.segments.length + 1,
  )
  // The segment ended before that part: it is part 0 of the next.
  const after = parsed((await far.ready)?.plain.toString() ?? '').playlist
  assert.equal(after.segments.length, playlist.segments.length + 1)
  assert.ok(after.trailingParts.length >= 1)
})

test('a part too far past the end of the newest whole segment is refused, before the next one begins too', () => {
  const window = watchedWindow({ older: everything })
  const studio = createStudio()
  studio.connect()
  studio.send(encode({ seconds: 5 }))
  const [epoch] = studio.recorded.epochs
  const made = studio.parts(1)
  const whole = made.slice(0, made.findIndex(({ last }) => last) + 1)
  const [first] = whole
  assert.ok(epoch !== undefined && first !== undefined)
  window.epoch(epoch)
  for (const part of whole) window.part(part)
  const kind = (part: number) => window.rendition('v1')?.playlist({ msn: first.msn, part }).kind
  assert.deepEqual([whole.length - 1, whole.length, whole.length + 8].map(kind), ['now', 'wait', 'wait'])
  assert.deepEqual([whole.length + 9, 999_999].map(kind), ['bad-request', 'bad-request'])
})

test('who waits is let go after 3 target durations, and the end answers everyone', async () => {
  const scheduler = manualScheduler()
  const { window } = live(5, { scheduler })
  const v1 = window.rendition('v1')
  const { playlist } = parsed(text(window, 'v1'))
  const open = playlist.mediaSequence + playlist.segments.length
  const waiting = v1?.playlist({ msn: open })
  const hinted = v1?.media(playlist.preloadHint?.uri ?? '')
  assert.ok(waiting?.kind === 'wait' && hinted?.kind === 'wait')
  scheduler.advance(12_000)
  assert.equal(await waiting.ready, undefined)
  assert.equal(await hinted.ready, undefined)
  const again = v1?.playlist({ msn: open + 1, part: 2 })
  assert.ok(again?.kind === 'wait')
  window.end()
  const last = await again.ready
  assert.match(last?.plain.toString() ?? '', /#EXT-X-ENDLIST\n$/)
  assert.doesNotMatch(last?.plain.toString() ?? '', /PRELOAD-HINT|RENDITION-REPORT/)
  assert.equal(v1?.playlist({ part: 3 }).kind, 'now')
  assert.equal(v1?.playlist({ msn: 10_000 }).kind, 'now')
  assert.equal(scheduler.pending, 0)
})

test('the hinted part is the next part, also where a key frame cuts the segment early', async () => {
  const { studio, window } = live(6.1, {}, { gop: (n: number) => n % 47 === 0 })
  const v1 = window.rendition('v1')
  const all = [...encode({ seconds: 20, gop: (n) => n % 47 === 0 })].filter((s) => s.at >= 6.1)
  studio.now -= 6100
  for (let i = 0; i < 30; i++) {
    const hint = parsed(text(window, 'v1')).playlist.preloadHint?.uri ?? ''
    const answer = v1?.media(hint)
    assert.ok(answer?.kind === 'wait')
    const had = studio.parts(1).length
    while (studio.parts(1).length === had) {
      const next = all.shift()
      assert.ok(next !== undefined)
      const now = studio.now
      studio.send([next])
      studio.now = now
    }
    const bytes = await answer.ready
    assert.equal(bytes?.chunks[0], studio.parts(1).at(-1)?.bytes)
  }
})

test('a segment is its parts, without a copy', () => {
  const { studio, window } = live(8)
  const segment = parsed(text(window, 'v1')).playlist.segments.at(-1)
  const answer = window.rendition('v1')?.media(segment?.uri ?? '')
  assert.ok(answer?.kind === 'now')
  const parts = studio.parts(1).filter((p) => answer.chunks.includes(p.bytes))
  assert.equal(parts.length, answer.chunks.length)
  assert.equal(
    answer.total,
    parts.reduce((sum, p) => sum + p.bytes.byteLength, 0),
  )
})

test('memory holds 12 s of what is watched and 6 s of what nobody asks for', () => {
  const budget = createMemoryBudget(1 << 30)
  const { studio, window } = live(0, { budget })
  const perSecond = (30 * 60 + 47 * 20) * 0.8
  const holds = (seconds: number) =>
    assert.ok(Math.abs(budget.used / perSecond - seconds) < 1, `${budget.used / perSecond} s`)
  studio.stream({ seconds: 20 })
  holds(6)
  for (const name of ['v1', 'a2']) window.rendition(name)?.playlist({})
  studio.stream({ seconds: 20 })
  holds(12)
  studio.stream({ seconds: 20 })
  holds(6)
})

test('those who ask at the same time for what has left memory share one read', async () => {
  let reads = 0
  const older = {
    available: () => true,
    read: async () => {
      reads++
      return [new Uint8Array(1)]
    },
  }
  const { window } = live(40, { older })
  const oldest = parsed(text(window, 'v1')).playlist.segments.at(-8)
  const ask = async () => {
    const answer = window.rendition('v1')?.media(oldest?.uri ?? '')
    assert.ok(answer?.kind === 'wait')
    return (await answer.ready)?.total
  }
  assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [1, 1, 1])
  assert.equal(reads, 1)
  await ask()
  assert.equal(reads, 2)
})

test('what is read from the store for those who ask is told from what is in memory', async () => {
  const { window } = live(100)
  const { segments } = parsed(text(window, 'v1')).playlist
  const find = (uri: string | undefined) => window.rendition('v1')?.media(uri ?? '')
  const [older, newest] = [find(segments[0]?.uri), find(segments.at(-1)?.uri)]
  assert.ok(older?.kind === 'wait' && newest?.kind === 'now')
  assert.equal((await older.ready)?.isStored, true)
  assert.ok(!('isStored' in newest))
})

test('a store that does not answer is waited for as long as everything else, and not asked again meanwhile', async () => {
  const scheduler = manualScheduler()
  let reads = 0
  const answered = Promise.withResolvers<readonly Uint8Array[]>()
  const read = () => (reads++, answered.promise)
  const { window } = live(100, { scheduler, older: { available: () => true, read } })
  const { segments } = parsed(text(window, 'v1')).playlist
  const ask = () => {
    const answer = window.rendition('v1')?.media(segments[0]?.uri ?? '')
    assert.ok(answer?.kind === 'wait')
    return answer.ready
  }
  const first = assert.rejects(ask(), { code: 'timeout' })
  scheduler.advance(12_000)
  await first
  await assert.rejects(ask(), { code: 'timeout' })
  assert.equal(reads, 1)
  answered.resolve([new Uint8Array(7)])
  await new Promise(setImmediate)
  assert.equal((await ask())?.total, 7)
  assert.equal(reads, 2)
})

test('the budget holds over all broadcasts', async () => {
  const budget = createMemoryBudget(1 << 30)
  const { window } = live(60, { budget })
  const small = createMemoryBudget(8_000)
  const tight = live(30, { budget: small })
  assert.ok(small.used <= 8_000)
  const oldest = parsed(text(tight.window, 'v1')).playlist.segments.at(-3)
  const answer = tight.window.rendition('v1')?.media(oldest?.uri ?? '')
  assert.ok(answer?.kind === 'wait')
  assert.match(Buffer.from((await answer.ready)?.chunks[0] ?? []).toString(), /^1:\d+-\d+$/)
  window.close()
  assert.equal(budget.used, 0)
})

test('without a recording only what is in memory is listed', () => {
  const { window } = live(100, { older: { available: () => false, read: () => Promise.resolve(undefined) } })
  for (const segment of parsed(text(window, 'v1')).playlist.segments) {
    assert.equal(window.rendition('v1')?.media(segment.uri).kind, 'now')
  }
})

for (const gop of [60, 250]) {
  test(`without a recording all that is listed is there, behind the gaps at the begin too; a key frame every ${gop}`, () => {
    const { window, studio } = live(0, { older: { available: () => false, read: () => Promise.resolve(undefined) } })
    const sent = [...encode({ seconds: 70, gop })]
    const begun = studio.now
    for (let at = 0; at < 70; at += 0.3) {
      studio.now = begun
      studio.send(sent.filter((unit) => unit.at >= at && unit.at < at + 0.3))
      if (at < 5) continue
      const { segments } = parsed(text(window, 'v1')).playlist
      assert.ok(segments.reduce((sum, { duration }) => sum + duration, 0) >= 12)
      for (const { uri, gap } of segments) {
        if (!gap) assert.equal(window.rendition('v1')?.media(uri).kind, 'now', `${uri} at ${at}`)
      }
    }
  })
}

test('names that are not listed are not found', () => {
  const { window } = live(8)
  for (const name of [
    'p1.m4s',
    'p0000000999.m4s',
    's0000000000-0000000001.m4s',
    'g0000000000.m4s',
    'i0000000009.mp4',
    '../x',
  ]) {
    assert.equal(window.rendition('v1')?.media(name).kind, 'not-found', name)
  }
})

test('a late track opens with silence, a changed track set is a new generation', () => {
  const generations: number[] = []
  const window = watchedWindow({ older: everything, onGeneration: (g) => generations.push(g) })
  const studio = createStudio({ sinks: () => [window] })
  studio.connect()
  studio.send([...encode({ seconds: 30 })].filter((s) => s.unit.track === 1 || s.at > 20))
  assert.deepEqual(generations, [2])
  const v = parsed(text(window, 'v1'))
  const a = parsed(text(window, 'a2'))
  assert.deepEqual(a.issues, [])
  assert.equal(
    a.playlist.mediaSequence + a.playlist.segments.length,
    v.playlist.mediaSequence + v.playlist.segments.length,
  )
  // The opening gaps of the broadcast, as the pictures have them.
  assert.equal(a.playlist.segments.filter((s) => s.gap).length, 3)
  const silent = a.playlist.segments.filter((s) => s.uri.startsWith('q'))
  assert.ok(silent.length > 3)
  for (const { uri, parts } of silent) {
    for (const file of [uri, ...parts.map((part) => part.uri)]) {
      assert.equal(window.rendition('a2')?.media(file).kind, 'now', file)
    }
  }
})

test('CODECS names what any listed segment needs, until it has left the playlist', () => {
  const window = watchedWindow({ older: everything })
  const studio = createStudio({ sinks: () => [window] })
  const codecs = () => /CODECS="(.*?)"/.exec(String(window.multivariant()?.plain))?.[1]
  const encoder = (codecString: string) => ({ video: { ...videoConfig(codecString.length), codecString } })
  studio.connect()
  studio.send(encode({ seconds: 10 }))
  assert.equal(codecs(), 'avc1.64000b,mp4a.40.2')
  const before = window.multivariant()?.etag
  studio.stop()
  studio.connect(encoder('avc1.4d0029'))
  studio.send(encode({ seconds: 10 }))
  assert.equal(codecs(), 'avc1.4d0029,mp4a.40.2,avc1.64000b')
  assert.notEqual(window.multivariant()?.etag, before)
  // Until nothing of the first encoder is listed.
  studio.send(encode({ seconds: 90, base: 10 }))
  assert.equal(codecs(), 'avc1.4d0029,mp4a.40.2')
})

test('a track that is gone goes on as gaps with the same numbers', () => {
  const window = watchedWindow({ older: everything })
  const studio = createStudio({ sinks: () => [window] })
  studio.stream({ seconds: 15 })
  studio.stream({ seconds: 15, audioRate: 0 })
  studio.stream({ seconds: 15 })
  const v = parsed(text(window, 'v1')).playlist
  const a = parsed(text(window, 'a2')).playlist
  assert.equal(v.segments.length, a.segments.length)
  assert.deepEqual(
    v.segments.map((s) => s.discontinuity),
    a.segments.map((s) => s.discontinuity),
  )
})

test('processes that are killed before they record anything leave nothing behind', () => {
  const recorded = indexOf(live(30).studio)
  let before = parsed(text(watchedWindow({ older: everything, recovered: recorded }), 'v1')).playlist
  for (let life = 1; life <= 10; life++) {
    const next = { ...recorded.next, msn: recorded.next.msn + life * 2 * PACKAGER_LIMITS.reserveSegments }
    const index = { ...recorded, next }
    assert.equal(resumePoint(index).msn, next.msn, `life ${life}`)
    const { playlist } = parsed(text(watchedWindow({ older: everything, recovered: index }), 'v1'))
    assert.ok(playlist.mediaSequence >= before.mediaSequence)
    const known = before.segments.slice(playlist.mediaSequence - before.mediaSequence)
    for (const [i, { uri, gap }] of known.entries()) if (!gap) assert.equal(playlist.segments[i]?.uri, uri)
    before = playlist
  }
})

test('after a restart the recorded segments stay, missing numbers are gaps, a new epoch goes on', () => {
  const before = live(30)
  const { recorded } = before.studio
  const index = indexOf(before.studio)
  const window = watchedWindow({ older: everything, recorded: undefined, recovered: index } as WatchedOptions)
  assert.match(text(window, 'v1'), /#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p\d{10}.m4s"/)
  const old = parsed(text(window, 'v1')).playlist
  assert.ok(old.segments.length >= 13)
  const point = resumePoint(index)
  assert.equal(point.epoch, 1)
  const last = recorded.parts.at(-1)
  assert.ok(last !== undefined)
  window.epoch({
    ...(index.epochs[0] as AssetIndex['epochs'][number]),
    id: 1,
    start: point.start,
    wallClock: point.notBefore,
  })
  for (const track of [1, 2]) {
    window.part({
      ...last,
      track,
      number: index.next.part,
      msn: index.next.msn,
      epoch: 1,
      start: track === 1 ? point.start : Math.ceil((point.start * 48) / 90),
      last: false,
      bytes: new Uint8Array(9),
    })
  }
  const { playlist, issues } = parsed(text(window, 'v1'))
  assert.deepEqual(issues, [])
  assert.equal(playlist.mediaSequence, old.mediaSequence)
  assert.equal(playlist.mediaSequence + playlist.segments.length, index.next.msn)
  assert.ok(playlist.segments.at(-1)?.gap)
  assert.equal(playlist.trailingHead?.discontinuity, true)
})

test('no number falls where the newest segments were listed but not recorded', () => {
  const before = live(100)
  const whole = indexOf(before.studio)
  const tracks = whole.tracks.map((track) => ({ ...track, segments: [...track.segments].slice(0, -2) }))
  const window = watchedWindow({ older: everything, recovered: { ...whole, tracks } })
  for (const name of ['v1', 'a2']) {
    const [old, now] = [parsed(text(before.window, name)).playlist, parsed(text(window, name)).playlist]
    assert.ok(now.mediaSequence >= old.mediaSequence, `${name}: ${now.mediaSequence} after ${old.mediaSequence}`)
    assert.ok(now.segments.length > 12)
  }
})

for (const left of [5, 13, 40]) {
  test(`no number falls over many restarts, each of which leaves out ${left} numbers`, () => {
    const studio = live(10).studio
    const whole = indexOf(studio)
    const [first] = whole.epochs
    const [like] = studio.parts(1)
    assert.ok(first !== undefined && like !== undefined)
    let index: AssetIndex = { ...whole, tracks: whole.tracks.slice(0, 1) }
    let front = 0
    let discontinuities = 0
    for (let i = 0; i < 100; i++) {
      const window = watchedWindow({ older: everything, recovered: index })
      const point = resumePoint(index)
      const epoch = { ...first, id: point.epoch, start: point.start, wallClock: point.notBefore }
      // A block of numbers was reserved, a little of it used.
      const next = { number: index.next.part + 100, msn: index.next.msn + left }
      const part = { ...like, ...next, epoch: epoch.id, start: point.start, duration: 90_000, last: true }
      window.epoch(epoch)
      for (const step of ['restarted', 'went on']) {
        if (step === 'went on') window.part(part)
        const { mediaSequence, discontinuitySequence } = parsed(text(window, 'v1')).playlist
        assert.ok(mediaSequence >= front, `${step} ${i}: ${mediaSequence} after ${front}`)
        assert.ok(discontinuitySequence >= discontinuities, `${step} ${i}`)
        front = mediaSequence
        discontinuities = discontinuitySequence
      }
      const [track] = index.tracks
      const [segment] = track?.segments ?? []
      assert.ok(track !== undefined && segment !== undefined)
      const numbers = { msn: next.msn, firstPart: next.number, lastPart: next.number }
      const recorded = { ...segment, ...numbers, epoch: epoch.id, start: point.start, duration: 90_000 }
      index = {
        ...index,
        epochs: [...index.epochs, epoch],
        tracks: [{ ...track, segments: [...track.segments, recorded] }],
        next: { msn: next.msn + 1, part: next.number + 1 },
      }
    }
    assert.ok(front > 100)
  })
}

test('an epoch of which nothing was recorded is no discontinuity that players have to count', () => {
  const before = live(30)
  const whole = indexOf(before.studio)
  const first = whole.epochs[0] as AssetIndex['epochs'][number]
  const index = { ...whole, epochs: [first, { ...first, id: 1, start: resumePoint(whole).start }] }
  const window = watchedWindow({ older: everything, recovered: index })
  const point = resumePoint(index)
  window.epoch({ ...first, id: point.epoch, start: point.start, wallClock: point.notBefore })
  const like = before.studio.parts(1).at(-1)
  assert.ok(like !== undefined)
  // Until the new epoch's first segment has left the playlist.
  for (let i = 0; i < 40; i++) {
    window.part({
      ...like,
      number: index.next.part + i,
      msn: index.next.msn + i,
      epoch: point.epoch,
      start: Math.round(point.start) + i * 360_000,
      duration: 360_000,
      last: true,
    })
    const { playlist } = parsed(text(window, 'v1'))
    const tags = playlist.segments.filter((segment) => segment.discontinuity).length
    assert.equal(playlist.discontinuitySequence + tags, 1)
  }
})

test('whoever asks before the first part waits for it: players give up on playlists without segments', async () => {
  const window = watchedWindow()
  const studio = createStudio({ sinks: () => [window] })
  studio.connect()
  const media = [...encode({ seconds: 0.7 })]
  const begun = studio.now
  while (window.multivariant() === undefined) {
    studio.send(media.splice(0, 1))
    studio.now = begun
  }
  const early = window.rendition('v1')?.playlist({})
  assert.ok(early?.kind === 'wait' && !early.blocking)
  studio.send(media)
  const { playlist, issues } = parsed((await early.ready)?.plain.toString() ?? '')
  assert.deepEqual(issues, [])
  assert.equal(playlist.segments.length, 3)
  assert.equal(playlist.trailingParts.length, 1)
})

test('recovered segments are measured: the bandwidth is as before the restart', () => {
  const before = live(20)
  const window = watchedWindow({ older: everything, recovered: indexOf(before.studio) })
  const bandwidth = (of: LiveWindow) => lines(String(of.multivariant()?.plain), '#EXT-X-STREAM-INF')[0]?.split(',')[0]
  assert.equal(bandwidth(window), bandwidth(before.window))
})

test('recovered segments list their parts, which are read from the store, but not where some may be missing', async () => {
  const before = live(30)
  const whole = indexOf(before.studio)
  const index: AssetIndex = {
    ...whole,
    tracks: whole.tracks.map((track) => ({
      ...track,
      recent: before.studio
        .parts(track.track)
        .map(({ bytes, ...part }) => ({ ...part, size: bytes.byteLength }))
        .slice(-40),
    })),
  }
  const window = watchedWindow({ older: everything, recovered: index })
  for (const name of ['v1', 'a2']) {
    const { playlist, issues } = parsed(text(window, name))
    assert.deepEqual(issues, [])
    const media = playlist.segments.filter(({ gap }) => !gap)
    const parts = media.slice(-3).flatMap((segment) => segment.parts)
    assert.ok(parts.length > 5, `${parts.length} parts of ${name}`)
    assert.deepEqual(media.at(-1)?.parts, [])
    const answer = window.rendition(name)?.media(parts[0]?.uri ?? '')
    assert.ok(answer?.kind === 'wait')
    assert.match(Buffer.from((await answer.ready)?.chunks[0] ?? []).toString(), /^\d:(\d+)-\1$/)
  }
  // Who was shown all parts of the newest segment asks for the next of it.
  const msn = Math.max(...index.tracks.map(({ segments }) => segments.at(-1)?.msn ?? 0))
  const inOrder = watchedWindow({ older: everything, recovered: { ...index, next: { ...index.next, msn: msn + 1 } } })
  assert.equal(inOrder.rendition('v1')?.playlist({ msn, part: 12 }).kind, 'wait')
})

test('validators of multivariant playlists tell broadcasts of one channel apart', () => {
  const etags = ['as_one', 'as_two'].map((assetId) => {
    const window = watchedWindow({ assetId })
    createStudio({ sinks: () => [window] }).stream({ seconds: 2 })
    return window.multivariant()?.etag
  })
  assert.notEqual(etags[0], etags[1])
})

test('generations go on after a restart: the same track set is no change, another one is', () => {
  const first = watchedWindow({ older: everything })
  const studio = createStudio({ sinks: () => [first] })
  studio.stream({ seconds: 5, audioRate: 0 })
  studio.stream({ seconds: 5 })
  assert.equal(first.generation, 2)
  const told: number[] = []
  const index = { ...indexOf(studio), epochs: studio.recorded.epochs }
  const window = watchedWindow({ older: everything, recovered: index, onGeneration: (g) => told.push(g) })
  assert.equal(window.generation, 2)
  const [alone, both] = studio.recorded.epochs
  assert.ok(alone !== undefined && both !== undefined)
  window.epoch({ ...both, id: 2 })
  assert.deepEqual(told, [])
  window.epoch({ ...alone, id: 3 })
  assert.deepEqual(told, [], 'not before there is something to see')
  const part = studio.recorded.parts.findLast(({ track }) => track === 1)
  assert.ok(part !== undefined)
  window.part({ ...part, epoch: 3, msn: index.next.msn, number: index.next.part })
  assert.deepEqual(told, [4])
})

test('a playlist is compressed once a version', async () => {
  const { window } = live(8)
  const answer = window.rendition('v1')?.playlist({})
  assert.ok(answer?.kind === 'now')
  const zipped = await answer.playlist.gzip()
  assert.equal(await answer.playlist.gzip(), zipped)
  assert.deepEqual(gunzipSync(zipped), answer.playlist.plain)
})

function parsed(playlist: string) {
  const value = parsePlaylist(playlist)
  assert.ok(value.kind === 'media', playlist)
  return { playlist: value.playlist, issues: value.issues.map((i) => `${i.rule}: ${i.message}`) }
}

/** As the store would have it after a crash: whole segments, numbers reserved ahead. */
function indexOf(studio: Studio): AssetIndex {
  const { recorded, timing } = studio
  const tracks = ([1, 2] as const).map((track) => {
    const msns = [...new Set(studio.parts(track).map((p) => p.msn))]
    const segments = msns.map((msn) => {
      const parts = studio.parts(track).filter((p) => p.msn === msn)
      const duration = parts.reduce((sum, p) => sum + p.duration, 0)
      const size = parts.reduce((sum, p) => sum + p.bytes.byteLength, 0)
      return {
        msn,
        epoch: 0,
        firstPart: parts[0]?.number ?? 0,
        lastPart: parts.at(-1)?.number ?? 0,
        start: parts[0]?.start ?? 0,
        duration,
        size,
        independent: parts[0]?.independent ?? false,
        gap: false,
        closedAt: 0,
        timescale: track === 1 ? 90_000 : 48_000,
      }
    })
    const kind: 'video' | 'audio' = track === 1 ? 'video' : 'audio'
    return { track, kind, segments }
  })
  const reserved = recorded.reserved.at(-1)
  assert.ok(reserved !== undefined && timing !== undefined)
  return {
    assetId: 'as_test',
    timing,
    epochs: recorded.epochs,
    tracks,
    ended: false,
    shed: false,
    removed: { segments: 0, discontinuities: 0 },
    version: 1,
    next: { msn: reserved.msn + 1, part: reserved.part + 1 },
    bytes: 0,
  }
}

test('the newest key frame is named by its part, and is to be had under that name', () => {
  const { window } = live(9)
  const place = window.keyFrame()
  assert.ok(place !== undefined)
  const listed = text(window, place.rendition)
  const independent = lines(listed, '#EXT-X-PART:').filter((line) => line.includes('INDEPENDENT=YES'))
  assert.ok(independent.at(-1)?.includes(place.part), `${place.part} is not in ${independent.at(-1)}`)
  const rendition = window.rendition(place.rendition)
  for (const file of [place.init, place.part]) assert.equal(rendition?.media(file).kind, 'now')
  assert.equal(live(0).window.keyFrame(), undefined)
})
