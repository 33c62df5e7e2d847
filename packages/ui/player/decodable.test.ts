import assert from 'node:assert/strict'
import { test } from 'node:test'
import type Hls from 'hls.js'
import { type LevelDetails, M3U8Parser, type MediaFragment, type Part, PlaylistLevelType } from 'hls.js'
import { FakeVideo, ranges } from '../testing/fake-player.ts'
import { decodableStream, neededFirst } from './decodable.ts'

const no = '#BANDSTAND-INDEPENDENT:NO\n'
const segment = (n: number, before = '', seconds = 4) => `${before}#EXTINF:${seconds},\ns${n}.m4s\n`
const listed = (...segments: string[]): LevelDetails =>
  M3U8Parser.parseLevelPlaylist(
    `#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXT-X-PART-INF:PART-TARGET=2\n#EXT-X-MEDIA-SEQUENCE:10\n${segments.join('')}`,
    ...(['http://host/index.m3u8', 0, PlaylistLevelType.MAIN, 0, null] as const),
  )

/** Number of what is loaded first for one of the segments. */
function first(
  details: LevelDetails,
  sn: number,
  last?: { level: number; sn: number },
  target = 0,
): number | undefined {
  const wanted = details.fragments[sn - 10]
  return wanted && neededFirst(wanted, details, target, last && { ...last, cc: 0 }).sn
}

const auto = () => listed(segment(10), segment(11, no), segment(12, no), segment(13), segment(14, no))

test('a segment without a key frame comes after the one with the key frame before it, and those between, in order', () => {
  const details = auto()
  assert.equal(first(details, 12), 10)
  assert.equal(first(details, 12, { level: 0, sn: 10 }), 11)
  assert.equal(first(details, 12, { level: 0, sn: 11 }), 12)
  assert.equal(first(details, 14), 13)
})

test('one with a key frame comes at once, and one that goes on being appended too', () => {
  const details = auto()
  assert.equal(first(details, 13), 13)
  assert.equal(first(details, 11, { level: 0, sn: 11 }), 11)
})

test('what was appended of another rendition, before or behind, is nothing to go on from', () => {
  const details = auto()
  assert.equal(first(details, 12, { level: 1, sn: 11 }), 10)
  assert.equal(first(details, 12, { level: 0, sn: 14 }), 10)
  assert.equal(first(details, 14, { level: 0, sn: 12 }), 13)
})

test('nothing is fetched from before a gap or a discontinuity, or from far back', () => {
  assert.equal(first(listed(segment(10), segment(11, '#EXT-X-GAP\n'), segment(12, no)), 12), 12)
  assert.equal(first(listed(segment(10), segment(11, `#EXT-X-DISCONTINUITY\n${no}`), segment(12, no)), 12), 12)
  assert.equal(first(listed(segment(10, '', 12), ...[11, 12, 13].map((n) => segment(n, no, 12))), 13), 13)
  assert.equal(first(listed(segment(10, no), segment(11, no)), 11), 11)
})

test('a part with a key frame before the place is a beginning', () => {
  const parts = '#EXT-X-PART:DURATION=2,URI="p1"\n#EXT-X-PART:DURATION=2,URI="p2",INDEPENDENT=YES\n'
  const details = listed(segment(10), segment(11, parts + no))
  assert.equal(first(details, 11, undefined, 6.5), 11)
  assert.equal(first(details, 11, undefined, 5), 10)
})

test('one goes on from what has just left the playlist', () => {
  const details = listed(...[10, 11, 12, 13].map((n) => segment(n, no)))
  assert.equal(first(details, 13, { level: 0, sn: 9 }), 10)
  assert.equal(first(details, 10, { level: 0, sn: 9 }), 10)
  assert.equal(first(details, 13, { level: 0, sn: 8 }), 13)
})

type Listener = (name: string, data: object) => void

/** What the loading of pictures uses of hls.js, with a browser that keeps all that it is given. */
class FakeStream {
  readonly config = { lowLatencyMode: true }
  readonly fragmentTracker = { getState: () => 'NOT_LOADED', removeFragment: () => {} }
  readonly media = new FakeVideo()
  readonly mediaBuffer = { buffered: ranges() }
  startPosition = 0
  loadingParts = true
  /** The part that hls.js would choose. */
  nextPart = -1
  /** Segments that were loaded, and how. */
  readonly loads: string[] = []
  readonly #listeners: Map<string, Listener[]>

  constructor(hls: { listeners: Map<string, Listener[]> }) {
    this.#listeners = hls.listeners
  }
  get couldBacktrack(): boolean {
    return true
  }
  getNextPart(): number {
    return this.nextPart
  }
  loadFragment({ sn }: MediaFragment): void {
    this.loads.push(`${sn}${this.config.lowLatencyMode ? '' : ' whole'}`)
  }
  tell(name: string, data: object): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(name, data)
  }
}

function stream(details: LevelDetails) {
  const listeners = new Map<string, Listener[]>()
  const hls = {
    listeners,
    on: (name: string, one: Listener) => listeners.set(name, [...(listeners.get(name) ?? []), one]),
  }
  const Events = Object.fromEntries(
    ['BUFFER_APPENDING', 'BUFFER_APPENDED', 'MEDIA_ATTACHED', 'MEDIA_DETACHING', 'ERROR'].map((name) => [name, name]),
  )
  const Fake = { Events, ErrorDetails: {}, DefaultConfig: { streamController: FakeStream } }
  const Stream = decodableStream(Fake as unknown as typeof Hls) as unknown as new (of: typeof hls) => FakeStream
  const made = new Stream(hls)
  made.tell('MEDIA_ATTACHED', { media: made.media })
  return {
    ...{ made, media: made.media, loads: made.loads },
    /** Has it load a segment, and says with which it begins. */
    want(sn: number) {
      const [wanted] = details.fragments.filter((one) => one.sn === sn)
      if (wanted) made.loadFragment(wanted, ...([{ details }, wanted.start] as unknown as []))
      return made.loads.at(-1)
    },
    /** The browser takes a segment, or a part of it. @param kept false if it drops it */
    append(sn: number, part: Partial<Part> | null = null, kept = true) {
      const [frag] = details.fragments.filter((one) => one.sn === sn)
      const data = { type: 'video', frag, part }
      made.tell('BUFFER_APPENDING', data)
      if (kept) made.mediaBuffer.buffered = ranges([0, part?.end ?? frag?.end ?? 0])
      made.tell('BUFFER_APPENDED', data)
    },
  }
}

/** Has the video stand at `at`, and notes where it is sent. */
function seeksOf(media: FakeVideo, at: number): number[] {
  const seeks: number[] = []
  Object.defineProperty(media, 'currentTime', {
    get: () => at,
    set: (to: number) => {
      seeks.push(to)
    },
  })
  return seeks
}

test('what is buffered is gone on from, whatever the tracker says, and what was removed is not', () => {
  const { want, append, made } = stream(auto())
  assert.equal(want(12), '10')
  append(10)
  assert.match(want(12) ?? '', /^11/)
  made.mediaBuffer.buffered = ranges([0, 1])
  assert.equal(want(12), '10')
})

test('pictures go on with the part at the place, not with the first of its segment', () => {
  const { want, append, media } = stream(auto())
  const seeks = seeksOf(media, 11)
  want(12)
  append(12, { index: 0, end: 10 })
  assert.equal(seeks.length, 0)
  append(12, { index: 1, end: 12 })
  assert.equal(seeks.length, 1)
  append(12, { index: 1, end: 12 })
  assert.equal(seeks.length, 1)
})

test('behind a segment that came whole others come whole, until one has a part to begin with', () => {
  const parts = '#EXT-X-PART:DURATION=2,URI="a"\n#EXT-X-PART:DURATION=2,URI="b"\n'
  const details = listed(segment(10), segment(11, parts + no), segment(12, parts + no), segment(13, no))
  const { want, append, made } = stream(details)
  assert.equal(want(12), '10 whole')
  append(10)
  // One at the live edge.
  made.nextPart = 3
  assert.equal(want(12), '11 whole')
  append(11)
  made.nextPart = -1
  assert.equal(want(12), '12 whole')
  assert.equal(made.config.lowLatencyMode, true)
  append(12, { index: 1, end: 12 })
  assert.equal(want(13), '13')
})

test('where the playlist says where key frames are, nothing earlier is fetched because some segment began without', () => {
  const says = (details: LevelDetails) =>
    Object.assign(stream(details).made, { getLevelDetails: () => details }).couldBacktrack
  assert.equal(says(auto()), false)
  assert.equal(says(listed(segment(10), segment(11))), true)
})

test('a place that is come back to is fetched each time, one that stays without pictures three times', () => {
  const { want, append, media, made } = stream(auto())
  const arrive = (kept = true) => {
    for (const sn of [10, 11, 12]) append(sn, null, kept)
    made.mediaBuffer.buffered = ranges()
  }
  for (let i = 0; i < 5; i++) {
    assert.equal(want(12), '10', 'after it had come')
    arrive()
  }
  for (let i = 0; i < 5; i++) {
    assert.equal(want(12), '10', 'after a seek')
    media.dispatchEvent(new Event('seeking'))
  }
  for (let i = 0; i < 3; i++) {
    assert.equal(want(12), '10', 'the first times')
    arrive(false)
  }
  assert.equal(want(12), '12')
})

/** Seeks that are made when the segment at 9 s comes, which was wanted. */
function seeksWhen(before: (media: FakeVideo, fragment: MediaFragment | undefined) => void): number {
  const details = auto()
  const { want, append, media } = stream(details)
  const seeks = seeksOf(media, 9)
  assert.equal(want(12), '10')
  details.fragments = details.fragments.map((one) => Object.create(one) as MediaFragment)
  before(media, details.fragments[2])
  append(12)
  return seeks.length
}

test('no seek comes of what was wanted before the viewer went elsewhere, or in another rendition', () => {
  assert.equal(
    seeksWhen(() => {}),
    1,
  )
  assert.equal(
    seeksWhen((media) => media.dispatchEvent(new Event('seeking'))),
    0,
  )
  assert.equal(
    seeksWhen((_, fragment) => fragment && Object.assign(fragment, { level: 1 })),
    0,
  )
})
