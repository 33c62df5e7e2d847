import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { RenditionReport } from '@bandstand/media/manifests/hls/model.ts'
import type { LiveRendition } from '../live.ts'
import { type BroadcastTiming, type Epoch, names, type Part } from '../model.ts'
import type { MemoryBudget } from './budget.ts'
import { createListed, type Listed } from './listed.ts'
import { chunksOf, createMediaAnswers, type OlderParts } from './media-answers.ts'
import { createPartMemory } from './part-memory.ts'
import { createPlaylistAnswers } from './playlist-answers.ts'
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
  const { name, track, timing, scheduler, older } = options
  const isRecorded = () => older?.available() === true
  const listed = createListed(track, timing, options.nextPart)
  const memory = createPartMemory(timing, options.budget, isRecorded)
  const { nonce, reports } = options
  const playlists = createPlaylistAnswers({ name, timing, scheduler, nonce, listed, reports })
  const media = createMediaAnswers({ track, timing, scheduler, listed, older })
  const isGone = (segment: WindowSegment) => !isRecorded() && !segment.gap && chunksOf(segment.parts) === undefined
  let ended = false

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
      memory.hold(listed.add(part, epoch, initNumber))
      // Without a store a segment that leaves memory must leave the playlist at once.
      if (part.last || !isRecorded()) listed.slide(isGone)
      playlists.changed()
      media.arrived(part)
    },
    end() {
      if (ended) return
      ended = true
      listed.end()
      playlists.end()
      media.end()
    },
    close() {
      playlists.close()
      media.end()
      memory.close()
      listed.clear()
    },
    report() {
      const last = listed.segments.at(-1)
      const uri = `../${name}/${names.playlist}`
      if (last === undefined) return undefined
      const lastPart = last.parts.length - 1
      return { uri, lastMsn: last.msn, ...(lastPart >= 0 && !last.gap && { lastPart }) }
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
