import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { RenditionReport } from '@bandstand/media/manifests/hls/model.ts'
import { WINDOW_LIMITS } from '../limits.ts'
import type { LiveRendition } from '../live.ts'
import { type BroadcastTiming, type Epoch, names, type Part, type RenditionRole } from '../model.ts'
import type { MemoryBudget } from './budget.ts'
import { createListed, type Listed } from './listed.ts'
import { chunksOf, createMediaAnswers, type OlderParts } from './media-answers.ts'
import { createPartMemory } from './part-memory.ts'
import { createPlaylistAnswers } from './playlist-answers.ts'
import { partsOf } from './print-live.ts'
import type { WindowSegment } from './segments.ts'
import type { Scheduler } from './waiting-room.ts'

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
  /** A segment is listed as a whole, or has its first part. @param at Unix milliseconds */
  readonly onSegment: (at: number) => void
  readonly role: RenditionRole
}

/** One rendition's window: segments as lists of parts, playlists, and those who wait for them. */
export interface Rendition extends LiveRendition, Pick<Listed, 'segments' | 'addInit' | 'peak'> {
  readonly track: TrackId
  readonly kind: 'video' | 'audio'
  /** Entries that were recorded, or that stand for numbers without media. */
  restore(segments: readonly WindowSegment[]): void
  add(part: Part, epoch: Epoch, initNumber: number | undefined): void
  end(): void
  /** Lets go of memory and of everyone who waits. */
  close(): void
  /** `undefined` while it has nothing: a report without LAST-MSN is none (§4.4.5.4). */
  report(): RenditionReport | undefined
}

export function createRendition(options: RenditionOptions): Rendition {
  const { name, track, timing, scheduler, role } = options
  const isRung = role === 'rung'
  const older = isRung ? undefined : options.older
  const isRecorded = () => older?.available() === true
  const listed = createListed(track, timing, options.nextPart, role)
  const memory = createPartMemory(timing, options.budget, isRecorded, isRung ? WINDOW_LIMITS.rungSeconds : undefined)
  const { nonce, reports } = options
  const playlists = createPlaylistAnswers({ name, timing, scheduler, nonce, listed, reports })
  const media = createMediaAnswers({ track, timing, scheduler, listed, older })
  const isUnstored = ({ parts }: WindowSegment) => !isRecorded() || parts.some(({ unrecorded }) => unrecorded === true)
  const isGone = (segment: WindowSegment) =>
    !segment.gap && isUnstored(segment) && chunksOf(segment.parts) === undefined
  /** Of the newest segment with a part that was not recorded. */
  let newestUnrecorded = -1
  let ended = false
  /** Lists the segment as a whole whose last part is on its way to the disk. */
  let release: (() => void) | undefined

  /**
   * A process that is killed then has listed no segment that the next one knows shorter. Parts wait for nothing, and a
   * segment for no longer than to the next part.
   */
  function hold(closedAt: number, written: Promise<void>): void {
    const finish = () => {
      if (release !== finish) return
      release = undefined
      cancel()
      listed.close()
      options.onSegment(closedAt)
      playlists.changed()
    }
    const cancel = scheduler.after(WINDOW_LIMITS.unwrittenSeconds * 1000, finish)
    release = finish
    void written.then(finish)
  }

  return {
    name,
    track,
    kind: options.kind,
    get segments() {
      return listed.segments
    },
    addInit: listed.addInit,
    restore(entries) {
      listed.restore(entries)
      playlists.changed()
    },
    add(part, epoch, initNumber) {
      if (ended) return
      release?.()
      const written = part.last && isRecorded() ? older?.written?.() : undefined
      const kept = listed.add(part, epoch, initNumber, written !== undefined)
      kept.unrecorded = !isRecorded()
      if (kept.unrecorded) newestUnrecorded = part.msn
      memory.hold(kept)
      const segment = listed.segments.at(-1)
      if (segment?.complete === true || segment?.parts.length === 1) options.onSegment(part.closedAt)
      if (segment?.complete === false && written !== undefined) hold(part.closedAt, written)
      // Without a store a segment that leaves memory must leave the playlist at once.
      const isUnrecordedListed = (listed.segments[0]?.msn ?? Number.POSITIVE_INFINITY) <= newestUnrecorded
      if (part.last || isUnrecordedListed) listed.slide(isGone)
      playlists.changed()
      media.arrived(part)
    },
    end() {
      if (ended) return
      release?.()
      ended = true
      listed.close()
      playlists.end()
      media.end()
    },
    close() {
      release?.()
      playlists.close()
      media.end()
      memory.close()
      listed.clear()
    },
    report() {
      const last = listed.segments.at(-1)
      const uri = `../${name}/${names.playlist}`
      if (last === undefined) return undefined
      const lastPart = partsOf(last, timing).length - 1
      return { uri, lastMsn: last.msn, ...(lastPart >= 0 && { lastPart }) }
    },
    playlist(directives) {
      memory.asked()
      return playlists.answer(directives)
    },
    media(fileName) {
      memory.asked()
      return media.answer(fileName)
    },
    get peak() {
      return listed.peak
    },
  }
}
