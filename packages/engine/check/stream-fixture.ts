import { audioConfigFromAsc } from '@bandstand/media/codecs/aac/config.ts'
import { videoConfigFromAvcC } from '@bandstand/media/codecs/h264/config.ts'
import { AVCC } from '@bandstand/media/codecs/h264/fixtures.ts'
import { writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import { writeInitSegment } from '@bandstand/media/containers/isobmff/init.ts'
import type { MediaPlaylist, MediaSegment, MultivariantPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { printMediaPlaylist, printMultivariant } from '@bandstand/media/manifests/hls/print.ts'
import type { Fetch } from './client.ts'
import type { VirtualClock } from './clock-fixture.ts'

/** What is asked of the fake server. */
export interface FakeRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** `top`, or rendition and file name. */
  readonly rendition: 'top' | 'v1' | 'a2'
  readonly file: string
  readonly query: URLSearchParams
  /** How often this path has been asked before. */
  readonly before: number
}

export interface FakeAnswer {
  status: number
  headers: Record<string, string>
  body: Uint8Array
}

/** What a playlist is made from; `parts` are those there are. */
export interface FakeState {
  readonly rendition: 'v1' | 'a2'
  readonly parts: number
  readonly reading: number
  readonly delta: boolean
}

/** Each of them changes one thing of a stream that is right. */
export interface Mutation {
  readonly lowLatency?: boolean
  readonly model?: (p: MediaPlaylist, state: FakeState) => MediaPlaylist
  readonly text?: (text: string, state: FakeState) => string
  readonly top?: (p: MultivariantPlaylist) => MultivariantPlaylist
  readonly topText?: (text: string) => string
  /** File name of the address to check, in place of `index.m3u8`. */
  readonly topName?: string
  readonly fragment?: (f: FragmentPlan) => FragmentPlan
  /** Decoder configuration of the video's initialisation segment. */
  readonly avcC?: (initNumber: number) => Uint8Array
  readonly answer?: (answer: FakeAnswer, request: FakeRequest) => FakeAnswer
  /** Milliseconds that this request takes longer. */
  readonly delay?: (request: FakeRequest) => number
  /** The stream says that it is at this part, instead of where time is. */
  readonly position?: (parts: number, request: FakeRequest) => number
  /** Does not wait for what is asked for. */
  readonly impatient?: boolean
}

export interface FragmentPlan {
  readonly rendition: 'v1' | 'a2'
  readonly part: number
  /** Ticks. */
  readonly start: number
  readonly sampleDuration: number
  readonly sampleSize: number
  readonly key: boolean
  /** A key frame in place of the second frame. */
  readonly lateKey?: boolean
  readonly bytes?: Uint8Array
}

const partSeconds = 1 / 3
const perSegment = 6
const window = 15
/** Segment at which another encoder took over: discontinuity, other initialisation segment, other times. */
export const takeover = 8
/** Parts that are there when the check begins: segment 20 is in the making. */
const startParts = 20 * perSegment + 2
const gzipped = { 'content-encoding': 'gzip' }
const shared = { 'access-control-allow-origin': '*' }

/** A server of a live stream of 30 frames a second and sound, in 2 s segments of 6 parts; time is the clock's. */
export function createFakeStream(
  clock: VirtualClock,
  m: Mutation = {},
): { readonly url: string; readonly fetch: Fetch } {
  const asked = new Map<string, number>()
  const readings = { v1: 0, a2: 0 }
  const lowLatency = m.lowLatency ?? true
  const video = (init: number) => videoConfigFromAvcC(m.avcC?.(init) ?? AVCC.hd1080)
  const audio = audioConfigFromAsc(Uint8Array.of(0x11, 0x90))
  const partsNow = () => startParts + Math.floor((clock.now() + 1) / 1000 / partSeconds)
  const untilPart = (part: number) => Math.max(0, (part + 1 - startParts) * partSeconds * 1000 - clock.now())
  const segmentOf = (part: number) => Math.floor(part / perSegment)
  const segmentName = (msn: number) => `s${msn * perSegment}-${msn * perSegment + perSegment - 1}.m4s`

  function fragment(rendition: 'v1' | 'a2', part: number): Uint8Array {
    const isVideo = rendition === 'v1'
    const ticks = isVideo ? 30_000 : 16_000
    const jump = segmentOf(part) >= takeover ? 300 * ticks : 0
    const plan: FragmentPlan = {
      rendition,
      part,
      start: part * ticks + jump,
      sampleDuration: isVideo ? 3_000 : 1_000,
      sampleSize: isVideo ? 400 : 32,
      key: !isVideo || part % perSegment === 0,
    }
    const f = m.fragment?.(plan) ?? plan
    if (f.bytes !== undefined) return f.bytes
    const samples = Array.from({ length: isVideo ? 10 : 16 }, (_, i) => ({
      data: new Uint8Array(f.sampleSize).fill(part & 255),
      duration: f.sampleDuration,
      compositionOffset: 0,
      key: isVideo ? (i === 0 && f.key) || (i === 1 && f.lateKey === true) : true,
    }))
    return writeFragment({ sequence: part, track: isVideo ? 1 : 2, baseDecodeTime: f.start, samples })
  }

  function model(rendition: 'v1' | 'a2', parts: number, delta: boolean): MediaPlaylist {
    const making = segmentOf(parts)
    const first = Math.max(0, making - window)
    const part = (n: number) => ({
      uri: `p${n}.m4s`,
      duration: partSeconds,
      independent: rendition === 'a2' || n % perSegment === 0,
      gap: false,
    })
    const partsOf = (msn: number, to: number) =>
      Array.from({ length: to - msn * perSegment }, (_, i) => part(msn * perSegment + i))
    const segments: MediaSegment[] = []
    for (let msn = first; msn < making; msn++) {
      segments.push({
        uri: segmentName(msn),
        duration: perSegment * partSeconds,
        gap: false,
        discontinuity: msn === takeover,
        ...((msn === first || msn === takeover) && { map: { uri: msn < takeover ? 'i0.mp4' : 'i1.mp4' } }),
        programDateTime: Date.UTC(2026, 0, 1) + msn * 2_000,
        parts: lowLatency && msn >= making - 3 ? partsOf(msn, (msn + 1) * perSegment) : [],
      })
    }
    const seconds = segments.length * 2 + (parts - making * perSegment) * partSeconds
    const skipped = delta ? Math.max(0, Math.floor((seconds - 12) / 2)) : 0
    const base: MediaPlaylist = {
      version: 9,
      targetDuration: 2,
      mediaSequence: first,
      // A discontinuity tag that left with its segment is counted.
      discontinuitySequence: first > takeover ? 1 : 0,
      independentSegments: false,
      iFramesOnly: false,
      segments: segments.slice(skipped),
      trailingParts: [],
      renditionReports: [],
      endList: false,
    }
    if (!lowLatency) return base
    const other = rendition === 'v1' ? 'a2' : 'v1'
    const last = parts - 1
    return {
      ...base,
      partTarget: 0.35,
      serverControl: { canBlockReload: true, holdBack: 6, partHoldBack: 1.05, canSkipUntil: 12 },
      ...(skipped > 0 && { skippedSegments: skipped }),
      trailingParts: partsOf(making, parts),
      preloadHint: { type: 'PART', uri: `p${parts}.m4s` },
      renditionReports: [{ uri: `../${other}/index.m3u8`, lastMsn: segmentOf(last), lastPart: last % perSegment }],
    }
  }

  async function playlist(rendition: 'v1' | 'a2', request: FakeRequest): Promise<FakeAnswer> {
    const msn = request.query.get('_HLS_msn')
    const part = request.query.get('_HLS_part')
    const delta = request.query.get('_HLS_skip') !== null
    const bad = { status: 400, headers: { ...shared, 'cache-control': 'no-store' }, body: new Uint8Array() }
    if (part !== null && msn === null) return bad
    if (msn !== null) {
      if (Number(msn) > segmentOf(partsNow()) + 2) return bad
      const wanted =
        Number(msn) * perSegment + (part === null ? perSegment - 1 : Math.min(Number(part), perSegment - 1))
      if (m.impatient !== true) await clock.sleep(untilPart(wanted))
    }
    const state: FakeState = {
      rendition,
      delta,
      parts: m.position?.(partsNow(), request) ?? partsNow(),
      reading: readings[rendition]++,
    }
    const value = model(rendition, state.parts, delta)
    const text = printMediaPlaylist(m.model?.(value, state) ?? value)
    return {
      status: 200,
      headers: {
        ...shared,
        ...gzipped,
        'content-type': 'application/vnd.apple.mpegurl',
        'cache-control': `max-age=${msn === null ? 1 : 12}`,
      },
      body: new TextEncoder().encode(m.text?.(text, state) ?? text),
    }
  }

  async function media(rendition: 'v1' | 'a2', request: FakeRequest): Promise<FakeAnswer> {
    const { file } = request
    const init = /^i(\d)\.mp4$/.exec(file)
    const part = /^p(\d+)\.m4s$/.exec(file)
    const segment = /^s(\d+)-(\d+)\.m4s$/.exec(file)
    let body: Uint8Array | undefined
    if (init !== null) {
      body = rendition === 'v1' ? writeInitSegment(1, video(Number(init[1]))) : writeInitSegment(2, audio)
    } else if (part !== null) {
      const n = Number(part[1])
      if (n <= partsNow() + 1) {
        await clock.sleep(untilPart(n))
        body = fragment(rendition, n)
      }
    } else if (segment !== null) {
      const [from, to] = [Number(segment[1]), Number(segment[2])]
      body = Buffer.concat(Array.from({ length: to - from + 1 }, (_, i) => fragment(rendition, from + i)))
    }
    if (body === undefined) {
      return { status: 404, headers: { ...shared, 'cache-control': 'max-age=1' }, body: new Uint8Array() }
    }
    const headers = { ...shared, 'content-type': 'video/mp4', 'cache-control': 'max-age=86400, immutable' }
    const length = { 'content-length': String(body.byteLength) }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers['range'] ?? '')
    if (range === null) return { status: 200, headers: { ...headers, ...length }, body }
    const some = body.subarray(Number(range[1]), Number(range[2]) + 1)
    const contentRange = { 'content-range': `bytes ${range[1]}-${range[2]}/${body.byteLength}` }
    return { status: 206, headers: { ...headers, ...contentRange }, body: some }
  }

  function top(): FakeAnswer {
    const value: MultivariantPlaylist = {
      version: 9,
      independentSegments: false,
      renditions: [
        { type: 'AUDIO', groupId: 'audio', name: 'Sound', uri: 'as/a2/index.m3u8', default: true, autoselect: true },
      ],
      variants: [
        {
          uri: 'as/v1/index.m3u8',
          bandwidth: 130_000,
          codecs: [video(0).codecString, audio.codecString],
          resolution: { width: 1920, height: 1080 },
          frameRate: 30,
          audio: 'audio',
        },
      ],
    }
    const text = printMultivariant(m.top?.(value) ?? value)
    return {
      status: 200,
      headers: { ...shared, ...gzipped, 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'max-age=1' },
      body: new TextEncoder().encode(m.topText?.(text) ?? text),
    }
  }

  const fetch: Fetch = async (url, { method, headers }) => {
    const { pathname, searchParams, protocol } = new URL(url)
    if (protocol !== 'http:') throw new TypeError('unknown scheme')
    const path = /^\/live\/main\/(?:as\/(v1|a2)\/([^/]+)|[a-z0-9.]+)$/.exec(pathname)
    const rendition = path === null ? 'top' : ((path[1] ?? 'top') as FakeRequest['rendition'])
    const before = asked.get(pathname) ?? 0
    asked.set(pathname, before + 1)
    const request = { method, headers, rendition, file: path?.[2] ?? '', query: searchParams, before }
    let answer: FakeAnswer
    if (rendition === 'top') answer = top()
    else if (request.file === 'index.m3u8') answer = await playlist(rendition, request)
    else answer = await media(rendition, request)
    answer = m.answer?.(answer, request) ?? answer
    await clock.sleep(2 + (m.delay?.(request) ?? 0))
    const body = method === 'HEAD' ? new Uint8Array() : answer.body
    const chunks = (async function* () {
      yield body
    })()
    return { url, status: answer.status, headers: new Headers(answer.headers), body: chunks } as unknown as Response
  }
  return { url: `http://origin.test/live/main/${m.topName ?? 'index.m3u8'}`, fetch }
}
