import { isFurtherSound, type TrackId } from '@bandstand/media/access-unit.ts'
import type { TimedUnit, TimelineEvent, TimelineTrack } from '../timeline/model.ts'
import { type CutList, createCutList } from './cut-list.ts'
import { PACKAGER_LIMITS } from './limits.ts'
import type { BroadcastTiming, CutFollower, Epoch, Part, PartSink } from './model.ts'
import { createNumbering, type NumberedTrack } from './numbering.ts'
import { nominalPart } from './timing.ts'
import { TrackPacker } from './track-packer.ts'
import { createTrackMeter, type TrackMeter, type TrackStats } from './track-stats.ts'

export interface PackagerOptions {
  readonly timing: BroadcastTiming
  /** Told everything in order: the live window, the store. None may throw or wait. */
  readonly sinks: readonly PartSink[]
  /** First numbers to use. A new broadcast leaves room for 3 gap segments: see `FIRST_MSN`. */
  readonly start?: { readonly msn: number; readonly part: number }
  /** Epochs of a former process: their tracks and initialisation segments go on. */
  readonly before?: readonly Epoch[]
  /** Told where segments begin, after the sinks. */
  readonly follower?: CutFollower
}

/** Media sequence number of a broadcast's first segment: those before it are the live playlist's opening gap. */
export const FIRST_MSN = 3

export interface PackagerCounters {
  /** Frames longer than the part target; their part is listed with the target as its duration. */
  longFrames: number
  gaps: number
  /** Units whose time was past already, or that found the queue full. */
  lateUnits: number
}

/** Timeline events in, parts out, cut once for everyone. Pure: wall clock comes with each call, Unix milliseconds. */
export interface Packager {
  handle(event: TimelineEvent, now: number): void
  /** What is cut by others has come as far as `time` (90 kHz), while the track that decides the cuts has stopped. */
  beside(time: number, now: number): void
  /** Closes what is open, as if the epoch ended; for the end of the broadcast or of the process. */
  finish(now: number): void
  stats(track: TrackId): TrackStats | undefined
  /** Gives the part numbers of a track that a follower cuts. They too are never used again. */
  numbersOf(track: TrackId): () => number
  readonly counters: Readonly<PackagerCounters>
  /** Next numbers. */
  readonly next: { readonly msn: number; readonly part: number }
}

interface Running {
  readonly epoch: Epoch
  readonly cuts: CutList
  readonly tracks: readonly TrackPacker[]
  readonly lead: TrackPacker
  /** Those that show how far the source is: not further sounds, which may run ahead, where there are others besides the lead. */
  readonly pace: readonly TrackPacker[]
  /** Only key frames of pictures are worth cutting at. */
  readonly byKeys: boolean
}

export function createPackager(options: PackagerOptions): Packager {
  const { timing, sinks, follower } = options
  const counters: PackagerCounters = { longFrames: 0, gaps: 0, lateUnits: 0 }
  let msn = options.start?.msn ?? FIRST_MSN
  const meters = new Map<TrackId, TrackMeter>()
  let running: Running | undefined
  let clock = 0
  /** As {@link Packager.beside} says, in the running epoch. */
  let reachBeside = Number.NEGATIVE_INFINITY
  const numbering = createNumbering({
    firstPart: options.start?.part ?? 0,
    newest: () => running?.cuts.newest ?? msn,
    reserve(numbers) {
      for (const sink of sinks) sink.reserve(numbers)
    },
  })
  for (const epoch of options.before ?? []) for (const track of epoch.tracks) numbering.remember(track)

  function packer(
    cuts: CutList,
    start: number,
    own: NumberedTrack,
    frameDuration: number,
    timed: boolean,
  ): TrackPacker {
    const { track, config } = own.init
    return new TrackPacker({
      track,
      timescale: config.timescale,
      frameDuration: Math.max(1, Math.round(frameDuration * config.timescale)),
      timed,
      pictures: config.kind === 'video',
      bridges: timed && config.kind === 'video',
      timing,
      cuts,
      msn,
      start,
      number: own.number,
      emit: (part) => emit(part),
      counters,
    })
  }

  function emit(part: Omit<Part, 'epoch' | 'closedAt'>): void {
    const epoch = running?.epoch.id ?? 0
    const full: Part = { ...part, epoch, closedAt: clock }
    for (const sink of sinks) sink.part(full)
  }

  function open(event: Extract<TimelineEvent, { kind: 'epoch-opened' }>): void {
    const tracks = event.tracks.map((t) => numbering.initOf(t))
    const epoch: Epoch = { id: event.id, start: event.start, wallClock: event.wallClock, tracks }
    const cuts = createCutList(msn, event.start)
    const lead = event.tracks.find((t) => t.config.kind === 'video') ?? event.tracks[0]
    if (lead === undefined) return
    for (const track of tracks) {
      numbering.remember(track)
      meters.set(track.track, createTrackMeter(track.config.timescale))
    }
    // Tracks of former epochs go on as gaps, so that their playlists keep the numbers.
    const durations = new Map(event.tracks.map((t: TimelineTrack) => [t.track, t.frameDuration]))
    const packers = numbering.tracks.map((own) =>
      packer(cuts, event.start, own, durations.get(own.init.track) ?? 0, own.init.track === lead.track),
    )
    const leader = packers.find((p) => p.track === lead.track)
    if (leader === undefined) return
    const first = packers.filter(({ track }) => !isFurtherSound(track))
    const pace = first.length > 1 ? first : packers
    running = { epoch, cuts, tracks: packers, pace, lead: leader, byKeys: lead.config.kind === 'video' }
    reachBeside = Number.NEGATIVE_INFINITY
    numbering.reserve()
    for (const sink of sinks) sink.epoch(epoch)
    follower?.opened(epoch, msn)
  }

  function unit(u: TimedUnit): void {
    const r = running
    const packer = r?.tracks.find((t) => t.track === u.track)
    if (r === undefined || packer === undefined || !packer.push(u)) return
    meters.get(u.track)?.add(u)
    pump(r)
  }

  function pump(r: Running): void {
    while (r.lead.queued > 1) advanceLead(r)
    cutByClock(r)
    for (const track of r.tracks) if (track !== r.lead) follow(r, track)
    giveUp(r)
    let oldest = Number.POSITIVE_INFINITY
    for (const { msn: open } of r.tracks) if (open < oldest) oldest = open
    r.cuts.forget(oldest)
    numbering.reserve()
    follower?.decided(decidedOf(r))
  }

  function cut(r: Running, at: number, key: boolean): void {
    r.cuts.cut(at, key)
    follower?.cut(at, key)
  }

  /** Up to here no border can come any more. */
  function decidedOf(r: Running): number {
    const { lead, cuts } = r
    if (lead.msn < cuts.newest) return cuts.newestStart
    // After a pause the clock may cut before the picture that waits for the next one.
    return lead.hasMedia ? lead.front : Math.min(lead.front, cuts.newestStart + timing.targetDuration * 90_000)
  }

  /** The lead's head goes into its part; where the next frame begins a segment is decided at once. */
  function advanceLead(r: Running): void {
    const { lead, cuts } = r
    const head = lead.head
    const next = lead.next
    if (head === undefined || next === undefined) return
    const longest = timing.targetDuration + 2 * PACKAGER_LIMITS.segmentSlack
    const decides = () => lead.msn === cuts.newest
    const length = (end: number) => (lead.to90(end) - cuts.newestStart) / 90_000
    // A long frame that would carry the segment past its ceiling begins the next one instead.
    if (decides() && lead.hasMedia && length(next.dts) > longest) {
      cut(r, Math.ceil(lead.to90(head.dts)), head.key)
      lead.closeSegment(cuts.newestStart)
    }
    lead.step()
    if (decides() && endsSegment(r, next, length(next.dts))) {
      cut(r, Math.ceil(lead.to90(next.dts)), next.key)
      lead.closeSegment(cuts.newestStart)
    } else if (decides() && lead.partFull) lead.closePart(false)
  }

  function endsSegment(r: Running, next: TimedUnit, length: number): boolean {
    if (r.byKeys && next.key && (length >= PACKAGER_LIMITS.minSegment || !r.lead.keyed)) return true
    return r.lead.partFull && length + nominalPart(timing) > timing.targetDuration + PACKAGER_LIMITS.segmentSlack
  }

  /** 90 kHz time of the newest frame of all tracks that show it but one. */
  function furthest(r: Running, except?: TrackPacker): number {
    let reach = reachBeside
    for (const track of r.pace) if (track !== except) reach = Math.max(reach, track.reach)
    return reach
  }

  /** Where the lead is silent, others go on: from the ceiling on the clock cuts, until it is back. */
  function cutByClock(r: Running): void {
    const ceiling = timing.targetDuration * 90_000
    const slack = 2 * PACKAGER_LIMITS.segmentSlack * 90_000
    const reach = furthest(r, r.lead)
    // One that is back is behind as well, by the segments that it passes: it cuts again where it is through.
    const isAway = reach - r.lead.reach > PACKAGER_LIMITS.stallSlack * 90_000
    for (;;) {
      const isBehind = isAway && r.lead.msn < r.cuts.newest
      if (reach < r.cuts.newestStart + (isBehind ? 0 : ceiling + slack)) return
      cut(r, r.cuts.newestStart + ceiling, false)
    }
  }

  /** What goes on behind the lead is in segments no longer than others. */
  function cutUntil(r: Running, end: number): void {
    const ceiling = timing.targetDuration * 90_000
    while (end - r.cuts.newestStart > ceiling + 2 * PACKAGER_LIMITS.segmentSlack * 90_000) {
      cut(r, r.cuts.newestStart + ceiling, false)
    }
  }

  /** Others go as far as no border can come any more that they would have to heed. */
  function follow(r: Running, track: TrackPacker): void {
    const decided = decidedOf(r)
    while (track.queued > 1) {
      if (track.headMiddle > decided) return
      track.step()
    }
  }

  /** A track without frames gets its segment closed when the others are well past it. */
  function giveUp(r: Running): void {
    const reach = furthest(r)
    for (const track of r.tracks) {
      for (;;) {
        const border = r.cuts.startOf(track.msn + 1)
        if (border === undefined) break
        // One picture after a pause, which waits for the next one, is no reason to leave what is before it open.
        const isAlone = track.queued === 1 && track.front >= border
        if (track.reach >= border && !isAlone) break
        const absent = !r.epoch.tracks.some((t) => t.track === track.track)
        if (reach < border + (absent ? 0 : PACKAGER_LIMITS.stallSlack * 90_000)) break
        track.giveUpAt(border)
      }
    }
  }

  /** The newest segment that others have something of, as {@link Packager.beside} says; none of the epoch's where there is none. */
  function reachedBeside(cuts: CutList): number {
    let at = cuts.newest
    while (at >= msn && (cuts.startOf(at) ?? Number.POSITIVE_INFINITY) >= reachBeside) at--
    return at
  }

  /** @param until end of the epoch in 90 kHz ticks; without it the epoch ends with its last frame. */
  function close(until?: number): void {
    const r = running
    if (r === undefined) return
    if (until !== undefined) cutUntil(r, until)
    r.lead.flush(until)
    for (const track of r.tracks) if (track !== r.lead) track.flush(until)
    const end = until ?? Math.max(...r.tracks.map((t) => t.reach))
    const beside = reachedBeside(r.cuts)
    const any = beside >= msn || r.tracks.some((t) => t.hasMedia || t.msn > msn)
    const last = Math.max(beside, ...r.tracks.map((t) => (t.hasMedia ? t.msn : t.msn - 1)))
    if (any) {
      for (const track of r.tracks)
        while (track.msn <= last) track.closeSegment(Math.min(end, r.cuts.startOf(track.msn + 1) ?? end))
      msn = last + 1
    }
    running = undefined
    numbering.reserve()
    follower?.closed(end, msn - 1)
  }

  return {
    handle(event, now) {
      clock = now
      if (event.kind === 'epoch-opened') open(event)
      else if (event.kind === 'unit') unit(event.unit)
      else close(event.end)
    },
    beside(time, now) {
      clock = now
      reachBeside = Math.max(reachBeside, time)
      if (running !== undefined) pump(running)
    },
    finish(now) {
      clock = now
      close()
    },
    stats: (track) => meters.get(track)?.read(),
    numbersOf: numbering.numbersOf,
    counters,
    get next() {
      return { msn, part: numbering.highestPart }
    },
  }
}
