import type { RenditionReport } from '@bandstand/media/manifests/hls/model.ts'
import { printMediaPlaylist } from '@bandstand/media/manifests/hls/print.ts'
import { WINDOW_LIMITS } from '../limits.ts'
import type { PlaylistAnswer, PlaylistDirectives, RenderedText } from '../live.ts'
import type { BroadcastTiming } from '../model.ts'
import { FIRST_MSN } from '../packager.ts'
import { advancePartLimit } from '../timing.ts'
import type { Listed } from './listed.ts'
import { livePlaylist } from './print-live.ts'
import { rendered } from './rendered.ts'
import { createWaitingRoom, type Scheduler } from './waiting-room.ts'

/** Media playlists of one rendition, printed once per version, and those who wait for them (RFC 8216bis §6.2.5). */
export interface PlaylistAnswers {
  answer(directives: PlaylistDirectives): PlaylistAnswer
  /** What is listed has changed: whoever waited for it gets it. */
  changed(): void
  /** The last change: playlists get their end, everyone gets one. */
  end(): void
  /** Lets go of everyone who waits. */
  close(): void
}

interface Wanted {
  readonly msn: number
  readonly part: number | undefined
  readonly skip: boolean
}

export interface PlaylistAnswersOptions {
  /** Name of the rendition. */
  readonly name: string
  readonly timing: BroadcastTiming
  readonly scheduler: Scheduler
  /** Distinguishes this process' validators from those of others. */
  readonly nonce: string
  readonly listed: Listed
  /** Reports of the other renditions. */
  readonly reports: () => readonly RenditionReport[]
}

export function createPlaylistAnswers(options: PlaylistAnswersOptions): PlaylistAnswers {
  const { timing, listed } = options
  const waiting = createWaitingRoom<Wanted, RenderedText>(
    options.scheduler,
    WINDOW_LIMITS.waitTargets * timing.targetDuration * 1000,
    (w) => `${w.msn}.${w.part ?? ''}.${w.skip}`,
  )
  let ended = false
  let version = 0
  let shown: { version: number; full?: RenderedText; delta?: RenderedText } = { version: -1 }

  function changed(): void {
    version++
    waiting.answer(satisfied, (w) => show(w.skip))
  }

  function satisfied(wanted: Wanted): boolean {
    const { segments } = listed
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

  function show(skip: boolean): RenderedText {
    if (shown.version !== version) shown = { version }
    const delta = skip && !ended
    const cached = delta ? shown.delta : shown.full
    if (cached !== undefined) return cached
    const { segments, nextPart } = listed
    const value = livePlaylist({ timing, segments, nextPart, reports: options.reports(), ended, delta })
    const tag = `"${options.nonce}-${options.name}-${version}${delta ? 'd' : ''}"`
    // Where nothing can be skipped the delta update is the playlist itself.
    const out = delta && value.skippedSegments === undefined ? show(false) : rendered(printMediaPlaylist(value), tag)
    if (delta) shown.delta = out
    else shown.full = out
    return out
  }

  function tooFar({ msn, part }: Wanted): boolean {
    const last = listed.segments.at(-1)
    const complete = last === undefined ? opening() : last.complete ? last.msn : last.msn - 1
    if (msn > complete + 2) return true
    const isLast = last !== undefined && last.msn === msn
    if (part === undefined || (msn <= complete && !isLast)) return false
    // Of one that was recovered and is listed without its parts players may know all of them.
    if (isLast && last.complete && last.parts.length === 0) return false
    const known = isLast ? last.parts.length - 1 : -1
    return part > known + advancePartLimit(timing)
  }

  /** The number before the first that may come while nothing is listed: others open with the same gaps. */
  function opening(): number {
    const shared = options
      .reports()
      .map(({ lastMsn = 0, lastPart }) => (lastPart === undefined ? lastMsn : lastMsn - 1))
    return Math.max(FIRST_MSN - 1, ...shared)
  }

  return {
    answer(directives) {
      const skip = directives.skip === true
      if (directives.msn === undefined && directives.part !== undefined && !ended) {
        return { kind: 'bad-request', reason: '_HLS_part needs _HLS_msn' }
      }
      if (ended || (directives.msn === undefined && listed.segments.length > 0)) {
        return { kind: 'now', playlist: show(skip), blocking: false }
      }
      // A broadcast is live from its first key frame on, and players give up on a playlist without segments: whoever comes
      // before the first part waits for it.
      const wanted: Wanted = { msn: directives.msn ?? -1, part: directives.part, skip }
      if (satisfied(wanted)) return { kind: 'now', playlist: show(skip), blocking: true }
      if (tooFar(wanted)) {
        return { kind: 'bad-request', reason: '_HLS_msn or _HLS_part is too far ahead of the playlist' }
      }
      const ready = waiting.wait(wanted)
      return ready === undefined ? { kind: 'busy' } : { kind: 'wait', ready, blocking: directives.msn !== undefined }
    },
    changed,
    end() {
      ended = true
      changed()
    },
    close() {
      waiting.answer(
        () => true,
        () => undefined,
      )
    },
  }
}
