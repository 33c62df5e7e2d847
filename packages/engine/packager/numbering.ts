import type { TrackId } from '@bandstand/media/access-unit.ts'
import { writeInitSegment } from '@bandstand/media/containers/isobmff/init.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import { PACKAGER_LIMITS } from './limits.ts'
import type { EpochTrack, PartSink } from './model.ts'

export interface NumberingOptions {
  /** First number of a part to use. */
  readonly firstPart: number
  /** Media sequence number of the newest segment. */
  readonly newest: () => number
  /** As `PartSink.reserve`. */
  readonly reserve: PartSink['reserve']
}

/** A track that the broadcast has or had. */
export interface NumberedTrack {
  readonly init: EpochTrack
  /** Gives the next part number. */
  readonly number: () => number
}

/**
 * The numbers of one broadcast, of which none is ever used again: of parts, of initialisation segments, and of segments as
 * far as they may be seen. All are reserved ahead of need, so that they stay used after a crash.
 */
export interface Numbering {
  /** All tracks, those of former epochs too, in the order in which they came. */
  readonly tracks: readonly NumberedTrack[]
  /** A track as the next epoch has it: its initialisation segment keeps its number as long as the bytes are the same. */
  initOf(track: { readonly track: TrackId; readonly config: TrackConfig }): EpochTrack
  /** An epoch has this track. */
  remember(init: EpochTrack): void
  /** As `Packager.numbersOf`. */
  numbersOf(track: TrackId): () => number
  /** Has more reserved where it is time. */
  reserve(): void
  /** Above all part numbers of all tracks. */
  readonly highestPart: number
}

interface Counter {
  nextPart: number
}

export function createNumbering(options: NumberingOptions): Numbering {
  const { firstPart } = options
  const known = new Map<TrackId, NumberedTrack & Counter>()
  const followed = new Map<TrackId, Counter>()
  let reservedPart = -1
  let reservedMsn = -1

  function highestPart(): number {
    let highest = firstPart
    for (const { nextPart, init } of known.values()) highest = Math.max(highest, nextPart, init.initNumber)
    for (const { nextPart } of followed.values()) if (nextPart > highest) highest = nextPart
    return highest
  }

  function reserve(): void {
    const highest = highestPart()
    const newest = options.newest()
    const { reserveSegments, reserveAhead, reserveBlock } = PACKAGER_LIMITS
    if (newest + reserveSegments <= reservedMsn && highest + reserveAhead <= reservedPart) return
    if (newest + reserveSegments > reservedMsn) reservedMsn = newest + 2 * reserveSegments
    if (highest + reserveAhead > reservedPart) reservedPart = highest + reserveBlock
    options.reserve({ msn: reservedMsn, part: reservedPart })
  }

  function numberOf(counter: Counter): number {
    counter.nextPart++
    reserve()
    return counter.nextPart - 1
  }

  return {
    get tracks() {
      return [...known.values()]
    },
    initOf({ track, config }) {
      const init = writeInitSegment(track, config)
      const { init: old, nextPart } = known.get(track) ?? { nextPart: firstPart }
      if (old !== undefined && Buffer.compare(old.init, init) === 0) return { ...old, config }
      // After a crash beyond all that was shown, also by epochs that no journal has.
      return { track, config, init, initNumber: Math.max(nextPart, (old?.initNumber ?? -1) + 1) }
    },
    remember(init) {
      const nextPart = known.get(init.track)?.nextPart ?? firstPart
      const entry: NumberedTrack & Counter = { init, nextPart, number: () => numberOf(entry) }
      known.set(init.track, entry)
    },
    numbersOf(track) {
      const counter = followed.get(track) ?? { nextPart: highestPart() }
      followed.set(track, counter)
      return () => numberOf(counter)
    },
    reserve,
    get highestPart() {
      return highestPart()
    },
  }
}
