import type { TimelineEvent } from '../timeline/model.ts'
import { HUB_LIMITS } from './limits.ts'

export interface ReadOptions {
  /** For the log. */
  readonly name: string
  /** `newest-key`: from the first picture of the newest group, at once; `now`: from the first picture of the next one. */
  readonly from: 'newest-key' | 'now'
  /** Bytes of units that may wait to be taken. */
  readonly maxBytes: number
  /** Milliseconds of media that may wait to be taken; the group that it begins with may be longer. */
  readonly maxDuration: number
  /** Whether single units are worth waking up for; asked again and again. */
  readonly isUrgent: () => boolean
  /**
   * There is something to take, or the hub has ended; never before `read` has returned. Not called again before `take` has said
   * `undefined`. Called while the publisher publishes: it should do little or put it off. One that throws loses its reader.
   */
  readonly onReady: () => void
}

/** What a reader lost because it took too slowly. */
export interface Dropped {
  /** Groups of pictures of which something was lost. */
  groups: number
  units: number
  bytes: number
}

/**
 * One reader of a hub. A reader that falls behind loses whole groups of pictures, the oldest first, with the sound that came with
 * them; what it takes after that begins with a key frame, and decode times show the hole. Epochs are heard of as long as
 * anything of them is.
 */
export interface HubReader {
  readonly name: string
  /** The oldest event that waits; `undefined` when none does. */
  take(): TimelineEvent | undefined
  readonly dropped: Readonly<Dropped>
  /** Bytes and milliseconds of media that wait. */
  readonly queued: { readonly bytes: number; readonly duration: number }
  /** The hub has ended, or this reader was closed, and everything has been taken. */
  readonly ended: boolean
  /** Lets go of everything. Idempotent. */
  close(): void
}

/** An event as the hub hands it to all its readers. */
export interface Queued {
  readonly event: TimelineEvent
  readonly bytes: number
  /** Decode time, milliseconds on the broadcast's clock; only units have one. */
  readonly time: number
  /** A key frame of the video track; where there is none, any frame of the first track. */
  readonly startsGroup: boolean
}

/** The hub's side of a reader. */
export interface FedReader extends HubReader {
  readonly isUrgent: boolean
  /** The running epoch and as much of its newest group as there is; comes first, if at all. */
  begin(epoch: Queued, group: readonly Queued[]): void
  push(entry: Queued): void
  finish(): void
}

export interface ReaderHooks {
  readonly onClose: () => void
  readonly onFault: (error: unknown) => void
}

export function createReader(options: ReadOptions, hooks: ReaderHooks): FedReader {
  const { name, maxBytes, maxDuration } = options
  const dropped: Dropped = { groups: 0, units: 0, bytes: 0 }
  /** Taken up to `head`; cut off now and then. */
  let queue: Queued[] = []
  let head = 0
  let bytes = 0
  let units = 0
  /** Time of the newest unit. */
  let newest = 0
  /** Units before the next group's first picture are not for this reader. */
  let isWaiting = true
  /** Units of the group that it began with that wait. */
  let beginning = 0
  /** A group was lost in part, and what comes of it is lost with it. */
  let isLosing = false
  let isFinished = false
  /** `onReady` was called and `take` has not said `undefined` since. */
  let isTold = false

  function duration(): number {
    for (let i = head; i < queue.length; i++) {
      const entry = queue[i] as Queued
      if (entry.event.kind === 'unit') return Math.max(0, newest - entry.time)
    }
    return 0
  }

  function isOver(): boolean {
    if (bytes > maxBytes || queue.length - head > HUB_LIMITS.queuedEvents) return true
    return beginning === 0 && duration() > maxDuration
  }

  function add(entry: Queued): void {
    const { event } = entry
    const last = queue.length > head ? queue.at(-1)?.event : undefined
    if (event.kind === 'epoch-closed' && last?.kind === 'epoch-opened' && last.id === event.id) {
      queue.pop()
      return
    }
    queue.push(entry)
    if (event.kind !== 'unit') return
    bytes += entry.bytes
    units++
    newest = entry.time
  }

  /** Drops the oldest group, or what is left of it; the reader waits for the next one where no other has begun. */
  function shed(): void {
    beginning = 0
    let end = head + 1
    while (end < queue.length && !((queue[end] as Queued).startsGroup && hasUnits(end))) end++
    const gone = queue.slice(head, end)
    const stays = foldEpochs(gone)
    let startsWithin = 0
    for (const entry of gone) {
      if (entry.event.kind !== 'unit') continue
      if (entry.startsGroup) startsWithin++
      lose(entry)
      bytes -= entry.bytes
      units--
    }
    const first = gone.find(({ event }) => event.kind === 'unit')
    dropped.groups += startsWithin + (first?.startsGroup === false ? 1 : 0)
    if (end === queue.length) {
      isWaiting = true
      isLosing = true
    }
    queue = [...stays, ...queue.slice(end)]
    head = 0
  }

  /** Whether a unit waits before this place. */
  function hasUnits(before: number): boolean {
    for (let i = head; i < before; i++) if ((queue[i] as Queued).event.kind === 'unit') return true
    return false
  }

  function lose({ bytes: lost }: Queued): void {
    dropped.units++
    dropped.bytes += lost
  }

  function tell(): void {
    if (isTold) return
    isTold = true
    try {
      options.onReady()
    } catch (error) {
      close()
      hooks.onFault(error)
    }
  }

  function close(): void {
    isFinished = true
    queue = []
    head = 0
    bytes = 0
    units = 0
    hooks.onClose()
  }

  return {
    name,
    dropped,
    get isUrgent() {
      return options.isUrgent()
    },
    get queued() {
      return { bytes, duration: duration() }
    },
    get ended() {
      return isFinished && head === queue.length
    },
    take() {
      const entry = queue[head]
      if (entry === undefined) {
        queue = []
        head = 0
        isTold = false
        return undefined
      }
      head++
      if (entry.event.kind === 'unit') {
        bytes -= entry.bytes
        units--
        beginning = Math.max(0, beginning - 1)
      }
      if (head > 64 && head * 2 > queue.length) {
        queue = queue.slice(head)
        head = 0
      }
      return entry.event
    },
    close,

    begin(epoch, group) {
      add(epoch)
      const first = group[0]
      if (first !== undefined) {
        for (const entry of group) add(entry)
        beginning = units
        isWaiting = isOver()
        if (isWaiting) {
          queue = [epoch]
          bytes = 0
          units = 0
          beginning = 0
        }
      }
      queueMicrotask(tell)
    },
    push(entry) {
      if (entry.event.kind === 'unit') {
        if (isWaiting && !entry.startsGroup) {
          if (isLosing) lose(entry)
          return
        }
        isWaiting = false
        isLosing = false
      }
      add(entry)
      while (units > 0 && isOver()) shed()
      if (queue.length > head) tell()
    },
    finish() {
      isFinished = true
      queueMicrotask(tell)
    },
  }
}

/** What must still be heard of epochs among dropped events: the end of one that was begun before, the begin of one that goes on. */
function foldEpochs(gone: readonly Queued[]): Queued[] {
  const kept: Queued[] = []
  for (const entry of gone) {
    if (entry.event.kind === 'unit') continue
    const last = kept.at(-1)?.event
    if (entry.event.kind === 'epoch-closed' && last?.kind === 'epoch-opened') kept.pop()
    else kept.push(entry)
  }
  return kept
}
