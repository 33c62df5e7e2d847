import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { RenditionReport } from '@bandstand/media/manifests/hls/model.ts'
import { printMediaPlaylist } from '@bandstand/media/manifests/hls/print.ts'
import { WINDOW_LIMITS } from '../limits.ts'
import type {
  AwaitedMedia,
  LiveRendition,
  MediaAnswer,
  PlaylistAnswer,
  PlaylistDirectives,
  RenderedPlaylist,
} from '../live.ts'
import { type BroadcastTiming, type Epoch, nameNumber, names, type Part } from '../model.ts'
import { advancePartLimit } from '../timing.ts'
import type { MemoryBudget, MemoryHolder } from './budget.ts'
import { livePlaylist } from './print-live.ts'
import { rendered } from './rendered.ts'
import { gapSegment, holeDuration, seconds, type WindowPart, type WindowSegment } from './segments.ts'
import { createWaitingRoom, type Scheduler } from './waiting-room.ts'

/** Segments that have left memory. */
export interface OlderParts {
  /** False while nothing is being recorded: then only what is in memory is listed. */
  available(): boolean
  read(track: TrackId, firstPart: number, lastPart: number): Promise<Uint8Array | undefined>
}

export interface RenditionOptions {
  readonly name: string
  readonly track: TrackId
  readonly kind: 'video' | 'audio'
  readonly timing: BroadcastTiming
  readonly budget: MemoryBudget
  readonly scheduler: Scheduler
  readonly older: OlderParts | undefined
  /** Distinguishes this process' validators from those of others. */
  readonly nonce: string
  /** Reports of the other renditions. */
  readonly reports: () => readonly RenditionReport[]
  /** First part number that may come. */
  readonly nextPart: number | undefined
}

interface Wanted {
  readonly msn: number
  readonly part: number | undefined
  readonly skip: boolean
}

type Chunks = Omit<AwaitedMedia, 'closedAt'>

/** One rendition's window: segments as lists of parts, playlists, and those who wait for them. */
export interface Rendition extends LiveRendition {
  readonly track: TrackId
  readonly kind: 'video' | 'audio'
  readonly segments: readonly WindowSegment[]
  addInit(initNumber: number, bytes: Uint8Array): void
  /** Entries that were recorded, or that stand for numbers without media. */
  restore(segments: readonly WindowSegment[]): void
  add(part: Part, epoch: Epoch, initNumber: number | undefined): void
  end(): void
  /** Lets go of memory and of everyone who waits. */
  close(): void
  /** `undefined` while it has nothing: a report without LAST-MSN is none (§4.4.5.4). */
  report(): RenditionReport | undefined
  /** Peak bits a second over its segments, and whether enough of them are known. */
  readonly peak: { readonly bitrate: number; readonly segments: number }
}

export function createRendition(options: RenditionOptions): Rendition {
  const { name, track, timing, budget } = options
  let segments: WindowSegment[] = []
  /** Left the playlist, still to be had. */
  let lingering: WindowSegment[] = []
  const byPart = new Map<number, WindowPart>()
  /** Parts with bytes, oldest first. */
  const inMemory: WindowPart[] = []
  /** What is being read from the store: a crowd that comes at once reads it once. */
  const reading = new Map<string, Promise<Chunks | undefined>>()
  const inits = new Map<number, Uint8Array>()
  let bytes = 0
  let memorySeconds = 0
  /** Seconds of media since anyone asked for something. */
  let unasked = Number.POSITIVE_INFINITY
  let nextPart = options.nextPart
  let ended = false
  let version = 0
  let peak = 0
  let measured = 0
  let shown: { version: number; full?: RenderedPlaylist; delta?: RenderedPlaylist } = { version: -1 }
  const timeout = WINDOW_LIMITS.waitTargets * timing.targetDuration * 1000
  const playlists = createWaitingRoom<Wanted, RenderedPlaylist>(
    options.scheduler,
    timeout,
    (w) => `${w.msn}.${w.part ?? ''}.${w.skip}`,
  )
  const media = createWaitingRoom<number, AwaitedMedia>(options.scheduler, timeout, String)

  const holder: MemoryHolder = {
    get bytes() {
      return bytes
    },
    release: () => release(),
  }
  budget.join(holder)

  /** The newest part stays whatever the budget says: it is what everyone is about to read. */
  function release(): boolean {
    if (inMemory.length <= 1) return false
    const part = inMemory.shift()
    if (part === undefined) return false
    bytes -= part.size
    memorySeconds -= part.seconds
    part.bytes = undefined
    return true
  }

  function mostSeconds(): number {
    const { targetDuration } = timing
    if (options.older?.available() !== true) return Math.max(3 * targetDuration, WINDOW_LIMITS.memorySeconds)
    if (unasked > WINDOW_LIMITS.unwatchedAfter) return Math.max(1.5 * targetDuration, WINDOW_LIMITS.unwatchedSeconds)
    return Math.max(3 * targetDuration, WINDOW_LIMITS.watchedSeconds)
  }

  function remember(part: WindowPart): void {
    byPart.set(part.number, part)
    if (part.bytes === undefined || part.size === 0) return
    inMemory.push(part)
    bytes += part.size
    memorySeconds += part.seconds
    unasked += part.seconds
    while (memorySeconds > mostSeconds() || bytes > WINDOW_LIMITS.memoryBytes) if (!release()) break
    budget.settle()
  }

  function slide(): void {
    let total = segments.reduce((sum, s) => sum + seconds(s), 0)
    const least = 3 * timing.targetDuration
    for (;;) {
      const first = segments[0]
      if (first === undefined || total - seconds(first) < least) break
      const gone = options.older?.available() !== true && !first.gap && chunksOf(first.parts) === undefined
      if (total - seconds(first) < WINDOW_LIMITS.listed && segments.length <= WINDOW_LIMITS.segments && !gone) break
      total -= seconds(first)
      segments.shift()
      lingering.push(first)
    }
    let kept = lingering.reduce((sum, s) => sum + seconds(s), 0)
    while (lingering.length > 0 && kept > WINDOW_LIMITS.lingering) {
      const oldest = lingering.shift()
      kept -= oldest === undefined ? 0 : seconds(oldest)
      for (const part of oldest?.parts ?? []) byPart.delete(part.number)
    }
    const needed = new Set([...lingering, ...segments].map((s) => s.initNumber))
    const newest = Math.max(...inits.keys())
    for (const number of inits.keys()) if (!needed.has(number) && number !== newest) inits.delete(number)
  }

  /** Numbers without media between what is listed and `msn`, and before the very first one. */
  function bridge(msn: number, like: WindowSegment): void {
    const last = segments.at(-1)
    if (last === undefined) {
      const duration = timing.targetDuration * like.timescale
      for (let back = Math.min(3, msn); back > 0; back--) {
        segments.push(gapSegment(msn - back, { ...like, start: like.start - back * duration, duration }))
      }
      return
    }
    // What a crash or restart cut short is over.
    last.complete = true
    const duration = holeDuration(last, like, timing.partTarget)
    for (let hole = last.msn + 1; hole < msn; hole++) {
      const before = segments.at(-1) ?? last
      segments.push(gapSegment(hole, { ...before, start: before.start + before.duration, duration }))
    }
  }

  function open(part: Part, epoch: Epoch, initNumber: number | undefined): WindowSegment {
    // The sample rate, and with it the timescale, may be another one after an encoder came back.
    const config = epoch.tracks.find((t) => t.track === track)?.config
    const timescale = config?.timescale ?? segments.at(-1)?.timescale ?? 1
    const fresh: WindowSegment = {
      ...gapSegment(part.msn, { epoch, start: part.start, duration: 0, timescale, initNumber }),
      firstPart: part.number,
      lastPart: part.number,
      complete: false,
    }
    bridge(part.msn, fresh)
    const before = segments.at(-1)
    const segment = { ...fresh, discontinuity: before !== undefined && before.epoch.id !== epoch.id }
    segments.push(segment)
    return segment
  }

  function add(part: Part, epoch: Epoch, initNumber: number | undefined): void {
    if (ended) return
    const last = segments.at(-1)
    const segment = last === undefined || last.complete || last.msn !== part.msn ? open(part, epoch, initNumber) : last
    const kept: WindowPart = {
      number: part.number,
      seconds: part.duration / segment.timescale,
      independent: part.independent,
      gap: part.gap,
      size: part.bytes.byteLength,
      bytes: part.gap ? undefined : part.bytes,
    }
    segment.parts.push(kept)
    segment.lastPart = part.number
    segment.duration += part.duration
    segment.size += kept.size
    segment.gap &&= part.gap
    segment.complete = part.last
    nextPart = part.number + 1
    remember(kept)
    if (part.last) {
      if (!segment.gap && seconds(segment) >= 1) {
        peak = Math.max(peak, (segment.size * 8) / seconds(segment))
        measured++
      }
    }
    // Without a store a segment that leaves memory must leave the playlist at once.
    if (part.last || options.older?.available() !== true) slide()
    changed()
    media.answer(
      (n) => n <= part.number,
      (n) => {
        const there = inHand(n)
        return there && { ...there, closedAt: part.closedAt }
      },
    )
  }

  function changed(): void {
    version++
    playlists.answer(satisfied, (w) => show(w.skip))
  }

  function satisfied(wanted: Wanted): boolean {
    const last = segments.at(-1)
    if (ended) return true
    if (last === undefined || wanted.msn > last.msn) return false
    if (wanted.msn < last.msn) {
      const segment = segments.find((s) => s.msn === wanted.msn)
      const past = segment !== undefined && wanted.part !== undefined && !segment.gap && segment.parts.length > 0
      // A part past a segment's end means part 0 of the next (§6.2.5.2).
      return (
        !past || (wanted.part ?? 0) < segment.parts.length || satisfied({ ...wanted, msn: wanted.msn + 1, part: 0 })
      )
    }
    if (wanted.part === undefined) return last.complete
    return wanted.part < last.parts.length || (last.complete && last.gap)
  }

  function show(skip: boolean): RenderedPlaylist {
    if (shown.version !== version) shown = { version }
    const delta = skip && !ended
    const cached = delta ? shown.delta : shown.full
    if (cached !== undefined) return cached
    const reports = options.reports()
    const value = livePlaylist({ timing, segments, nextPart, reports, ended, delta })
    const tag = `${options.nonce}-${name}-${version}`
    // Where nothing can be skipped the delta update is the playlist itself.
    const out =
      delta && value.skippedSegments === undefined
        ? show(false)
        : rendered(printMediaPlaylist(value), delta ? `${tag}d` : tag)
    if (delta) shown.delta = out
    else shown.full = out
    return out
  }

  function tooFar({ msn, part }: Wanted): boolean {
    const last = segments.at(-1)
    const complete = last === undefined ? 0 : last.complete ? last.msn : last.msn - 1
    if (msn > complete + 2) return true
    if (part === undefined) return false
    const known = last !== undefined && last.msn === msn && !last.complete ? last.parts.length - 1 : -1
    return msn > complete && part > known + advancePartLimit(timing)
  }

  function playlist(directives: PlaylistDirectives): PlaylistAnswer {
    unasked = 0
    const skip = directives.skip === true
    if (directives.msn === undefined && directives.part !== undefined && !ended) {
      return { kind: 'bad-request', reason: '_HLS_part needs _HLS_msn' }
    }
    if (ended || (directives.msn === undefined && segments.length > 0)) {
      return { kind: 'now', playlist: show(skip), blocking: false }
    }
    // A broadcast is live from its first key frame on, and players give up on a playlist without segments: whoever comes
    // before the first part waits for it.
    const wanted: Wanted = { msn: directives.msn ?? -1, part: directives.part, skip }
    if (satisfied(wanted)) return { kind: 'now', playlist: show(skip), blocking: true }
    if (tooFar(wanted)) return { kind: 'bad-request', reason: '_HLS_msn or _HLS_part is too far ahead of the playlist' }
    const ready = playlists.wait(wanted)
    return ready === undefined ? { kind: 'busy' } : { kind: 'wait', ready, blocking: directives.msn !== undefined }
  }

  function chunksOf(parts: readonly WindowPart[]): Chunks | undefined {
    const chunks: Uint8Array[] = []
    let total = 0
    for (const part of parts) {
      if (part.gap) continue
      if (part.bytes === undefined) return undefined
      chunks.push(part.bytes)
      total += part.size
    }
    return total === 0 ? undefined : { chunks, total }
  }

  function inHand(number: number): Chunks | undefined {
    const part = byPart.get(number)
    return part === undefined ? undefined : chunksOf([part])
  }

  function fromStore(first: number, last: number): MediaAnswer {
    if (options.older === undefined) return { kind: 'not-found' }
    const key = `${first}-${last}`
    let ready = reading.get(key)
    if (ready === undefined) {
      ready = options.older
        .read(track, first, last)
        .then((data) => (data === undefined ? undefined : { chunks: [data], total: data.byteLength }))
        .finally(() => reading.delete(key))
      reading.set(key, ready)
    }
    return { kind: 'wait', ready }
  }

  function partAnswer(number: number): MediaAnswer {
    const part = byPart.get(number)
    if (part?.gap === true) return { kind: 'not-found' }
    const there = inHand(number)
    if (there !== undefined) return { kind: 'now', ...there }
    if (part !== undefined) return fromStore(number, number)
    if (ended || number !== nextPart) return { kind: 'not-found' }
    const ready = media.wait(number)
    return ready === undefined ? { kind: 'busy' } : { kind: 'wait', ready }
  }

  function segmentAnswer(first: number, last: number): MediaAnswer {
    const is = (s: WindowSegment) => s.complete && !s.gap && s.firstPart === first && s.lastPart === last
    const segment = segments.findLast(is) ?? lingering.findLast(is)
    if (segment === undefined) return { kind: 'not-found' }
    const there = segment.parts.length > 0 ? chunksOf(segment.parts) : undefined
    return there === undefined ? fromStore(first, last) : { kind: 'now', ...there }
  }

  return {
    name,
    track,
    kind: options.kind,
    get segments() {
      return segments
    },
    addInit: (initNumber, data) => {
      inits.set(initNumber, data)
    },
    restore(entries) {
      segments.push(...entries)
      for (const { parts } of entries) for (const part of parts) byPart.set(part.number, part)
      version++
    },
    add,
    end() {
      if (ended) return
      ended = true
      const last = segments.at(-1)
      if (last !== undefined) last.complete = true
      changed()
      media.answer(
        () => true,
        () => undefined,
      )
    },
    close() {
      playlists.answer(
        () => true,
        () => undefined,
      )
      media.answer(
        () => true,
        () => undefined,
      )
      budget.leave(holder)
      segments = []
      lingering = []
      byPart.clear()
      inMemory.length = 0
      bytes = 0
    },
    report() {
      const last = segments.at(-1)
      const uri = `../${name}/${names.playlist}`
      if (last === undefined) return undefined
      const lastPart = last.parts.length - 1
      return { uri, lastMsn: last.msn, ...(lastPart >= 0 && !last.gap && { lastPart }) }
    },
    playlist,
    media(fileName) {
      unasked = 0
      const file = parseName(fileName)
      if (file === undefined) return { kind: 'not-found' }
      if (file.kind === 'part') return partAnswer(file.number)
      if (file.kind === 'segment') return segmentAnswer(file.first, file.last)
      const init = inits.get(file.number)
      return init === undefined ? { kind: 'not-found' } : { kind: 'now', chunks: [init], total: init.byteLength }
    },
    get peak() {
      return { bitrate: peak, segments: measured }
    },
  }
}

type MediaName =
  | { readonly kind: 'init' | 'part'; readonly number: number }
  | { readonly kind: 'segment'; readonly first: number; readonly last: number }

/** Only names as they are listed: another spelling of the same number is another URI. */
function parseName(fileName: string): MediaName | undefined {
  const found = /^([ips])(\d{10,15})(?:-(\d{10,15}))?\.(mp4|m4s)$/.exec(fileName)
  if (found === null) return undefined
  const number = Number(found[2])
  const last = Number(found[3])
  if (fileName === names.init(number)) return { kind: 'init', number }
  if (fileName === names.part(number)) return { kind: 'part', number }
  if (fileName === `s${nameNumber(number)}-${nameNumber(last)}.m4s`) return { kind: 'segment', first: number, last }
  return undefined
}
