import type { MediaPlaylist, MediaSegment, PartialSegment } from '@bandstand/media/manifests/hls/model.ts'
import { printMediaPlaylist, printMultivariant } from '@bandstand/media/manifests/hls/print.ts'
import type {
  AwaitedMedia,
  LiveBroadcast,
  LiveRendition,
  MediaAnswer,
  PlaylistAnswer,
  RenderedText,
} from '../packager/live.ts'
import { names } from '../packager/model.ts'
import { rendered as createRendered } from '../packager/window/rendered.ts'

/**
 * A broadcast without an encoder, for tests and benches of delivery: parts of arbitrary bytes that come when `advance`
 * is called. Playlists are true to RFC 8216bis, media is not.
 */
export interface FakeBroadcast {
  readonly broadcast: LiveBroadcast
  /** One more part in every rendition. */
  advance(): void
  end(): void
  /** How often the broadcast was asked, by rendition and file (with the directives). */
  readonly asked: Map<string, number>
  /** Makes every answer `busy`. */
  full: boolean
}

interface FakePart {
  readonly number: number
  readonly bytes: Uint8Array
}

interface FakeSegment {
  readonly msn: number
  readonly parts: FakePart[]
}

export function createFakeBroadcast(
  options: {
    readonly assetId?: string
    readonly targetDuration?: number
    /** Bytes of a part, by rendition. */
    readonly partBytes?: Readonly<Record<string, number>>
    readonly partsPerSegment?: number
  } = {},
): FakeBroadcast {
  const { assetId = 'as_1', targetDuration = 2, partBytes = { v1: 1_000, a2: 100 }, partsPerSegment = 6 } = options
  const window = 15
  const partDuration = 1 / 3
  const asked = new Map<string, number>()
  let ended = false
  let version = 0
  let next = 0
  let wakers: (() => void)[] = []
  const fake: FakeBroadcast = {
    asked,
    full: false,
    advance() {
      for (const r of renditions.values()) r.add(next)
      next++
      wake()
    },
    end() {
      ended = true
      wake()
    },
    broadcast: {
      assetId,
      targetDuration,
      get ended() {
        return ended
      },
      multivariant: () => (next === 0 ? undefined : multivariant),
      // Has no media times: manifests are tested with the real window.
      manifest: () => undefined,
      manifestSoon: () => undefined,
      rendition: (name) => renditions.get(name)?.live,
      keyFrame: () => undefined,
    },
  }
  function wake(): void {
    version++
    const woken = wakers
    wakers = []
    for (const w of woken) w()
  }
  const count = (what: string) => asked.set(what, (asked.get(what) ?? 0) + 1)

  function createRendition(name: string, size: number) {
    const segments: FakeSegment[] = []
    const init = new Uint8Array(700).fill(1)
    const rendered = new Map<string, RenderedText>()
    let renderedVersion = -1
    /** Those who wait for the next part share one promise, as in a real window. */
    let awaited: Promise<AwaitedMedia | undefined> | undefined
    const open = () => segments.at(-1) as FakeSegment
    const isClosed = (s: FakeSegment) => s.parts.length === partsPerSegment || (ended && s === open())

    function add(number: number): void {
      if (segments.length === 0 || isClosed(open())) segments.push({ msn: (segments.at(-1)?.msn ?? -1) + 1, parts: [] })
      open().parts.push({ number, bytes: new Uint8Array(size).fill(number & 255) })
      if (segments.length > window) segments.shift()
    }

    function render(skip: boolean): RenderedText {
      if (renderedVersion !== version) rendered.clear()
      renderedVersion = version
      const key = skip ? 'delta' : 'full'
      let playlist = rendered.get(key)
      if (playlist === undefined) {
        playlist = createRendered(printMediaPlaylist(model(skip)), `"${assetId}-${name}-${version}-${key}"`)
        rendered.set(key, playlist)
      }
      return playlist
    }

    function model(skip: boolean): MediaPlaylist {
      const part = (p: FakePart, i: number): PartialSegment => ({
        uri: names.part(p.number),
        duration: partDuration,
        independent: i === 0,
        gap: false,
      })
      const closed = segments.filter(isClosed)
      const all = closed.map(
        (s, i): MediaSegment => ({
          uri: names.segment(s.parts[0]?.number ?? 0, s.parts.at(-1)?.number ?? 0),
          duration: s.parts.length * partDuration,
          gap: false,
          discontinuity: false,
          ...(i === 0 && { map: { uri: names.init(0) }, programDateTime: Date.UTC(2026, 0, 1) + s.msn * 2_000 }),
          parts: i >= closed.length - 3 && !ended ? s.parts.map(part) : [],
        }),
      )
      const last = segments.at(-1)
      const trailing = last === undefined || isClosed(last) ? [] : last.parts
      const skipped = skip ? Math.max(0, all.length - 12) : 0
      return {
        version: 9,
        targetDuration,
        partTarget: 0.35,
        serverControl: { canBlockReload: true, partHoldBack: 1.05, canSkipUntil: targetDuration * 6 },
        mediaSequence: segments[0]?.msn ?? 0,
        discontinuitySequence: 0,
        independentSegments: false,
        iFramesOnly: false,
        ...(skipped > 0 && { skippedSegments: skipped }),
        segments: all.slice(skipped),
        ...(all.length === 0 && { trailingHead: { discontinuity: false, map: { uri: names.init(0) } } }),
        trailingParts: ended ? [] : trailing.map(part),
        ...(!ended && { preloadHint: { type: 'PART' as const, uri: names.part(next) } }),
        renditionReports: ended
          ? []
          : [...renditions.keys()]
              .filter((other) => other !== name)
              .map((other) => ({
                uri: `../${other}/index.m3u8`,
                lastMsn: open().msn,
                lastPart: open().parts.length - 1,
              })),
        endList: ended,
      }
    }

    const holds = (msn: number, part: number | undefined): boolean => {
      const last = segments.at(-1)
      if (ended) return true
      if (last === undefined) return false
      if (msn < last.msn) return true
      if (msn > last.msn) return false
      return part === undefined ? isClosed(last) : part < last.parts.length || isClosed(last)
    }

    const live: LiveRendition = {
      name,
      playlist(d): PlaylistAnswer {
        count(`${name}/index.m3u8 ${d.msn ?? ''} ${d.part ?? ''} ${d.skip ?? ''}`)
        if (fake.full) return { kind: 'busy' }
        const { msn, part } = d
        const skip = d.skip === true
        if (msn === undefined && part !== undefined && !ended) {
          return { kind: 'bad-request', reason: '_HLS_part needs _HLS_msn.' }
        }
        if (msn === undefined || ended) return { kind: 'now', playlist: render(skip), blocking: false }
        if (msn > (segments.at(-1)?.msn ?? 0) + 2) return { kind: 'bad-request', reason: '_HLS_msn is too far ahead.' }
        if (holds(msn, part)) return { kind: 'now', playlist: render(skip), blocking: true }
        return {
          kind: 'wait',
          blocking: true,
          ready: new Promise((resolve) => {
            const timer = setTimeout(() => resolve(undefined), targetDuration * 3_000)
            const check = () => {
              if (!holds(msn, part)) return void wakers.push(check)
              clearTimeout(timer)
              resolve(render(skip))
            }
            wakers.push(check)
          }),
        }
      },
      media(file): MediaAnswer {
        count(`${name}/${file}`)
        if (fake.full) return { kind: 'busy' }
        if (file === names.init(0)) return { kind: 'now', chunks: [init], total: init.byteLength }
        const [, kind, first, last] = /^([ps])(\d{10})(?:-(\d{10}))?\.m4s$/.exec(file) ?? []
        for (const { parts } of segments) {
          const part = kind === 'p' ? parts.find(({ number }) => number === Number(first)) : undefined
          if (part !== undefined) return { kind: 'now', chunks: [part.bytes], total: part.bytes.byteLength }
          if (kind !== 's' || parts[0]?.number !== Number(first) || parts.at(-1)?.number !== Number(last)) continue
          return { kind: 'now', chunks: parts.map((p) => p.bytes), total: parts.length * size }
        }
        if (file !== names.part(next) || ended) return { kind: 'not-found' }
        awaited ??= new Promise((resolve) => {
          wakers.push(() => {
            awaited = undefined
            const p = open().parts.at(-1)
            resolve(p && { chunks: [p.bytes], total: p.bytes.byteLength, closedAt: Date.now() })
          })
        })
        return { kind: 'wait', ready: awaited }
      },
    }
    return { live, add }
  }

  const renditions = new Map(Object.entries(partBytes).map(([name, size]) => [name, createRendition(name, size)]))
  const multivariant = createRendered(
    printMultivariant({
      version: 9,
      independentSegments: false,
      renditions: [
        {
          type: 'AUDIO',
          groupId: 'audio',
          name: 'Audio',
          uri: `${assetId}/a2/index.m3u8`,
          default: true,
          autoselect: true,
        },
      ],
      variants: [
        {
          uri: `${assetId}/v1/index.m3u8`,
          bandwidth: 3_000_000,
          codecs: ['avc1.64001f', 'mp4a.40.2'],
          resolution: { width: 1280, height: 720 },
          frameRate: 30,
          audio: 'audio',
        },
      ],
    }),
    `"${assetId}-m"`,
  )
  return fake
}
