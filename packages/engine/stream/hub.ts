import { type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { EngineError } from '../error.ts'
import type { MemoryHolder } from '../packager/window/budget.ts'
import type { TimelineEvent } from '../timeline/model.ts'
import { HUB_LIMITS } from './limits.ts'
import { createReader, type FedReader, type HubReader, type Queued, type ReadOptions } from './reader.ts'

/** An epoch of the timeline as it was opened. */
export type OpenEpoch = Extract<TimelineEvent, { kind: 'epoch-opened' }>

/**
 * Fan-out of one timeline: a broadcast's own, or a rendition's that was made of it. Everything is shared by reference, and
 * no byte of what is handed out changes; a unit's bytes may move to the part they stand in (`TimedUnit`). Neither a slow
 * reader nor a failing one is felt by the publisher or another reader.
 */
export interface Hub extends MemoryHolder {
  /** The running epoch; `undefined` before the first one and between two. */
  readonly epoch: OpenEpoch | undefined
  readonly readers: number
  /** A reader wants each unit at once. */
  readonly isUrgent: boolean
  /** No more events will come. */
  readonly ended: boolean
  /** Hands an event to all readers. Never throws for what a reader does. */
  publish(event: TimelineEvent): void
  /** Readers take what is queued, then see `ended`. */
  end(): void
  /**
   * A reader first gets the running epoch, then units from a group's first picture on, then all that follows.
   *
   * @throws EngineError `limit` when there are too many readers.
   */
  read(options: ReadOptions): HubReader
}

export interface HubOptions {
  /** Whether the newest group of pictures is kept for readers to come; without, each waits for the next one. */
  readonly keep: boolean
  /** A reader's `onReady` threw: it has been closed. */
  readonly onFault: (reader: string, error: unknown) => void
}

export function createHub({ keep, onFault }: HubOptions): Hub {
  const readers = new Set<FedReader>()
  let epoch: OpenEpoch | undefined
  let ended = false
  /** The newest group, from its first picture on; empty where it grew beyond its bounds or has not begun. */
  let group: Queued[] = []
  let groupBytes = 0
  let leader: TrackId | undefined
  let timescales: ReadonlyMap<TrackId, number> = new Map()

  function enter(event: OpenEpoch): void {
    epoch = event
    timescales = new Map(event.tracks.map(({ track, config }) => [track, config.timescale]))
    leader = timescales.has(VIDEO_TRACK) ? VIDEO_TRACK : event.tracks[0]?.track
    forget()
  }

  function forget(): void {
    group = []
    groupBytes = 0
  }

  function queued(event: TimelineEvent): Queued {
    if (event.kind !== 'unit') return { event, bytes: 0, time: 0, startsGroup: false }
    const { track, dts, key, data } = event.unit
    const time = (dts / (timescales.get(track) ?? 90_000)) * 1000
    return { event, bytes: data.byteLength, time, startsGroup: key && track === leader }
  }

  function remember(entry: Queued): void {
    // Sound alone: any frame is a beginning, there is nothing to keep.
    if (!keep || leader !== VIDEO_TRACK) return
    if (entry.startsGroup) forget()
    else if (group.length === 0) return
    group.push(entry)
    groupBytes += entry.bytes
    const duration = entry.time - (group[0] as Queued).time
    const { groupDuration, groupBytes: most, groupUnits } = HUB_LIMITS
    if (duration > groupDuration || groupBytes > most || group.length > groupUnits) forget()
  }

  return {
    get epoch() {
      return epoch
    },
    get readers() {
      return readers.size
    },
    get isUrgent() {
      for (const reader of readers) if (reader.isUrgent) return true
      return false
    },
    get ended() {
      return ended
    },
    get bytes() {
      return groupBytes
    },
    release() {
      const had = group.length > 0
      forget()
      return had
    },
    publish(event) {
      if (ended) return
      if (event.kind === 'epoch-opened') enter(event)
      const entry = queued(event)
      if (event.kind === 'unit') remember(entry)
      for (const reader of readers) reader.push(entry)
      if (event.kind !== 'epoch-closed') return
      epoch = undefined
      forget()
    },
    end() {
      if (ended) return
      ended = true
      epoch = undefined
      forget()
      for (const reader of readers) reader.finish()
      readers.clear()
    },
    read(options) {
      if (readers.size >= HUB_LIMITS.readers) {
        throw new EngineError('limit', 'this stream has too many readers', { readers: readers.size })
      }
      const reader = createReader(options, {
        onClose: () => readers.delete(reader),
        onFault: (error) => onFault(options.name, error),
      })
      if (ended) reader.finish()
      else readers.add(reader)
      if (epoch !== undefined) reader.begin(queued(epoch), options.from === 'newest-key' ? group : [])
      return reader
    },
  }
}
