import type { ByteRange, MediaMap, MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { HLS_LIMITS } from './limits.ts'
import { createRivals, type Listing } from './rivals.ts'

/** Part of a file, or all of it. */
export interface FileRange {
  readonly start: number
  readonly length: number
}

/** A file, or a range of one, as the playlist writes it. */
export interface Source {
  readonly uri: string
  readonly range?: FileRange
}

/** What is to be read next of a rendition: a segment or a part of one. */
export interface Item extends Source {
  readonly sequence: number
  /** Number of the part within the segment, absent for a whole segment. */
  readonly part?: number
  /** Some of its parts have been read already: what is not newer than those is not to be taken again. */
  readonly again: boolean
  readonly map?: Source
  /** Seconds, as the playlist says. */
  readonly duration: number
  /** EXT-X-GAP: there is nothing to be had. */
  readonly gap: boolean
  /** EXT-X-DISCONTINUITY stands before it. */
  readonly discontinuity: boolean
}

/** Where the reading of a playlist begins that is seen for the first time. */
export type Begin = 'listed' | 'after-listed'

/** What a new state of the playlist says of its encoder. */
export interface Update {
  /** The encoder has begun anew: numbers fall, or name other segments. What is in files of before is not to be read any more. */
  readonly restarted: boolean
  /** Of a new beginning: it is that of an encoder that was there before, and whose files are there already. */
  readonly isReturn?: true
  /** Segments that were listed and are gone before they could be read, or that no state listed. */
  readonly lost: number
  /** Something is listed that was not before, or the end. */
  readonly grown: boolean
  /** It is of an encoder that still sends beside the one that began later: nothing of it is taken. */
  readonly isRival?: true
}

/** Follows one media playlist: from its states to what is to be read, in order, each once. Pure. */
export interface Follower {
  /** @param now ms, rising */
  update(playlist: MediaPlaylist, now: number): Update
  /**
   * The next states are of a playlist of another name: a server may give each session its own. Where its numbers go on it is the same
   * stream, else a new beginning. Nothing is read before it is there.
   */
  moved(): void
  /** What is to be read now; undefined until more is listed. */
  next(): Item | undefined
  /** The item from `next` is done with. */
  advance(): void
  /** Number of the segment that is to be read next; undefined before the first state. */
  readonly position: number | undefined
  /** The last segment has been read, and the playlist says that none follows. */
  readonly ended: boolean
  /** Seconds: what media comes in at a time, a segment or a part. */
  readonly pace: number
  /** Seconds; 0 before the first state. */
  readonly targetDuration: number
}

export interface FollowOptions {
  /** `after-listed`: what the first state lists may be old, and only what is added to it is live. */
  readonly begin: Begin
  /** Number of the segment with which its reader before went on: reading begins there, where that is listed or the next to be. */
  readonly from?: number
  /**
   * States come one after the other, as from a disk; false where a cache may answer with an older one. Then a state that lists less
   * counts as a new beginning when it stays so.
   */
  readonly isOrdered: boolean
}

/** A state of the playlist that is older than the one before, seen so often in a row, is none of a cache. */
export const STALE_STATES = 3

interface Listed {
  readonly source: Source
  readonly signature: string
  readonly duration: number
  readonly gap: boolean
  readonly discontinuity: boolean
  readonly map: Source | undefined
  readonly parts: readonly ListedPart[]
}

interface ListedPart {
  readonly source: Source
  readonly duration: number
  readonly gap: boolean
}

interface State extends Listing {
  readonly segments: readonly Listed[]
  /** Of the segment in the making. */
  readonly trailing: Omit<Listed, 'source' | 'signature'>
  readonly partTarget: number | undefined
}

export function createFollower({ begin, from: first, isOrdered }: FollowOptions): Follower {
  let state: State | undefined
  let sequence = 0
  let part = 0
  let stale = 0
  let isMoved = false
  /** When something new was last listed, ms. */
  let grownAt = 0
  /** The encoder that has the playlist has said goodbye, and another one still sends beside it. */
  let isLeft = false
  const rivals = createRivals()

  const endOf = (of: State) => of.first + of.segments.length

  /** Goes to the first segment that is no more than so many target durations back. */
  function beginAt(now: State, targets: number): void {
    sequence = endOf(now)
    part = 0
    let seconds = 0
    for (const { duration } of now.segments.toReversed()) {
      if (seconds + duration > now.target * targets && seconds > 0) break
      seconds += duration
      sequence--
    }
  }

  function beginBehind(now: State): void {
    sequence = endOf(now)
    part = now.trailing.parts.length
  }

  /** More is missing than anybody could have made since: numbers that are counted otherwise now. */
  function isLeap(before: State, now: State, at: number): boolean {
    const most = HLS_LIMITS.leapSegments + (HLS_LIMITS.segmentsPerSecond * (at - grownAt)) / 1_000
    return now.first - endOf(before) > most
  }

  function beginsAnew(before: State, now: State, at: number): boolean {
    if (isLeap(before, now, at)) return true
    const overlap = now.segments.some((segment, i) => {
      const known = before.segments[now.first + i - before.first]
      return known !== undefined && known.signature !== segment.signature
    })
    if (overlap) return true
    const fallen = endOf(now) < endOf(before)
    if (!fallen) {
      stale = 0
      return false
    }
    const isKnown = now.segments.length > 0 && endOf(now) > before.first
    if (isOrdered || !isKnown) return true
    stale++
    return stale >= STALE_STATES
  }

  /** @returns segments that are gone before they could be read; what is still listed is not. */
  function skipGone(now: State): number {
    if (sequence >= now.first) return 0
    const from = sequence
    beginAt(now, HLS_LIMITS.gapTargets)
    return sequence - from
  }

  /** The first state under another name. */
  function arrive(before: State, now: State, at: number): Update {
    isMoved = false
    stale = 0
    state = now
    const isNext = before.endList && !now.endList
    const goesOn = !isNext && endOf(now) >= sequence && !isLeap(before, now, at)
    // What is at its end where it is first seen is not live.
    const grown = goesOn ? endOf(now) > endOf(before) : !now.endList
    if (grown) grownAt = at
    if (goesOn) return { restarted: false, lost: skipGone(now), grown }
    if (now.endList) beginBehind(now)
    else beginAt(now, HLS_LIMITS.beginTargets)
    return { restarted: true, lost: 0, grown }
  }

  return {
    update(playlist, at) {
      const now = read(playlist)
      const before = state
      if (before === undefined) {
        state = now
        grownAt = at
        const isLive = begin === 'listed' && !(now.endList && now.segments.length === 0)
        if (first !== undefined && first >= now.first && first <= endOf(now)) sequence = first
        else if (isLive) beginAt(now, HLS_LIMITS.beginTargets)
        else beginBehind(now)
        return { restarted: false, lost: 0, grown: begin === 'listed' }
      }
      if (isMoved) return arrive(before, now, at)
      // Of a cache nothing can be said: its states are not in order.
      const heardAt = isLeft ? Number.NEGATIVE_INFINITY : grownAt
      const found = isOrdered ? rivals.judge(before, now, heardAt, at) : undefined
      if (found === 'rival') return { restarted: false, lost: 0, grown: false, isRival: true }
      if (found === 'back' || beginsAnew(before, now, at)) {
        rivals.began(before, at)
        stale = 0
        state = now
        grownAt = at
        isLeft = false
        beginAt(now, HLS_LIMITS.beginTargets)
        return { restarted: true, lost: 0, grown: true, ...(found === 'back' && { isReturn: true }) }
      }
      // An older state, out of a cache.
      if (endOf(now) < endOf(before)) return { restarted: false, lost: 0, grown: false }
      const grown =
        endOf(now) > endOf(before) ||
        now.trailing.parts.length > before.trailing.parts.length ||
        (now.endList && !before.endList)
      if (grown) {
        grownAt = at
        // The other one has the playlist from its next state on.
        isLeft = isOrdered && now.endList && rivals.isBeside(now, at)
      }
      state = isLeft ? { ...now, endList: false } : now
      return { restarted: false, lost: skipGone(now), grown }
    },

    moved() {
      isMoved = state !== undefined
    },

    next() {
      if (state === undefined || isMoved) return undefined
      const segment = state.segments[sequence - state.first]
      if (segment !== undefined) {
        const { source, duration, gap, discontinuity, map, parts } = segment
        const rest = { ...(map !== undefined && { map }), sequence }
        // Whole where nothing of it has been read: that is one file, and it is complete.
        if (part === 0) return { ...source, ...rest, again: false, duration, gap, discontinuity }
        const listed = parts[part]
        if (listed !== undefined) {
          const { source: file, duration: seconds, gap: isGap } = listed
          return { ...file, ...rest, part, again: false, duration: seconds, gap: isGap, discontinuity: false }
        }
        // All its parts have been read, or they are not listed any more.
        if (parts.length > 0) {
          sequence++
          part = 0
          return this.next()
        }
        return { ...source, ...rest, again: true, duration, gap, discontinuity: false }
      }
      if (sequence !== endOf(state)) return undefined
      const { trailing } = state
      const listed = trailing.parts[part]
      if (listed === undefined) return undefined
      return {
        ...listed.source,
        ...(trailing.map !== undefined && { map: trailing.map }),
        ...{ sequence, part, again: false, duration: listed.duration, gap: listed.gap },
        discontinuity: part === 0 && trailing.discontinuity,
      }
    },

    advance() {
      if (state === undefined) return
      const segment = state.segments[sequence - state.first]
      const parts = (segment ?? state.trailing).parts
      if (segment === undefined || (part > 0 && part < parts.length)) part++
      else {
        sequence++
        part = 0
      }
    },

    get position() {
      return state === undefined ? undefined : sequence
    },
    get ended() {
      return !isMoved && state?.endList === true && sequence >= endOf(state) && state.trailing.parts.length <= part
    },
    get pace() {
      return state === undefined ? 0 : Math.min(state.partTarget ?? state.target, state.target)
    },
    get targetDuration() {
      return state?.target ?? 0
    },
  }
}

/** Makes maps and ranges explicit, which a playlist says once and leaves to be gone on with (RFC 8216bis §4.4.4.2, §4.4.4.5). */
function read(playlist: MediaPlaylist): State {
  let map: Source | undefined
  const ends = new Map<string, number>()
  const ranged = (uri: string, range: ByteRange | undefined): Source => {
    if (range === undefined) return { uri }
    const start = range.start ?? ends.get(uri) ?? 0
    ends.set(uri, start + range.length)
    return { uri, range: { start, length: range.length } }
  }
  const mapOf = (found: MediaMap | undefined): Source | undefined => {
    if (found !== undefined) {
      const { uri, byteRange } = found
      map = {
        uri,
        ...(byteRange !== undefined && { range: { start: byteRange.start ?? 0, length: byteRange.length } }),
      }
    }
    return map
  }
  const partsOf = (parts: MediaPlaylist['trailingParts']): ListedPart[] =>
    parts.map(({ uri, byteRange, duration, gap }) => ({ source: ranged(uri, byteRange), duration, gap }))
  const segments = playlist.segments.map(
    ({ uri, byteRange, duration, gap, discontinuity, map: own, parts }): Listed => {
      const listedParts = partsOf(parts)
      const source = ranged(uri, byteRange)
      const signature = `${uri} ${source.range?.start ?? ''} ${duration.toFixed(3)}`
      return { source, signature, duration, gap, discontinuity, map: mapOf(own), parts: listedParts }
    },
  )
  const { trailingHead: head } = playlist
  return {
    first: playlist.mediaSequence,
    segments,
    trailing: {
      ...{ duration: 0, gap: false, discontinuity: head?.discontinuity ?? false },
      map: mapOf(head?.map),
      parts: partsOf(playlist.trailingParts),
    },
    target: playlist.targetDuration,
    partTarget: playlist.partTarget,
    endList: playlist.endList,
  }
}
