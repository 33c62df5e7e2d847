import type { TrackId } from '@bandstand/media/access-unit.ts'
import { parseTemplateName, type TemplateName } from '../../dash/names.ts'
import { EngineError } from '../../error.ts'
import { WINDOW_LIMITS } from '../limits.ts'
import type { AwaitedMedia, GrowingMedia, MediaAnswer } from '../live.ts'
import type { BroadcastTiming, Part } from '../model.ts'
import { parseSilenceName, type SilenceName, writeSilence } from '../silence.ts'
import type { Listed } from './listed.ts'
import { parseMediaName } from './media-name.ts'
import type { WindowPart, WindowSegment } from './segments.ts'
import { createWaitingRoom, type Scheduler } from './waiting-room.ts'

/** Parts that have left memory. */
export interface OlderParts {
  /** False while nothing is being recorded: then only what is in memory is listed. */
  available(): boolean
  /** Resolves when the parts given so far are safe from the end of this process. Without it they count as safe at once. */
  written?(): Promise<void>
  /** Those of one segment in pieces, also while they wait for the disk. */
  read(track: TrackId, firstPart: number, lastPart: number): Promise<readonly Uint8Array[] | undefined>
}

/** Bytes of one rendition's parts, segments and initialisation segments, and those who wait for the next part. */
export interface MediaAnswers {
  /** By file name inside the rendition's folder. */
  answer(fileName: string): MediaAnswer
  /** A part is there: whoever waited for it gets it. */
  arrived(part: Part): void
  /** No part comes any more: lets go of everyone who waits. */
  end(): void
}

type Chunks = Omit<AwaitedMedia, 'closedAt' | 'isStored'>

export interface MediaAnswersOptions {
  readonly track: TrackId
  readonly timing: BroadcastTiming
  readonly scheduler: Scheduler
  readonly listed: Listed
  readonly older: OlderParts | undefined
}

export function createMediaAnswers(options: MediaAnswersOptions): MediaAnswers {
  const { track, timing, listed, older } = options
  const timeout = WINDOW_LIMITS.waitTargets * timing.targetDuration * 1000
  const waiting = createWaitingRoom<number, AwaitedMedia>(options.scheduler, timeout, String)
  /** What is being read from the store: a crowd that comes at once reads it once. */
  const reading = new Map<string, Promise<AwaitedMedia | undefined>>()
  let ended = false

  function inHand(number: number): Chunks | undefined {
    const part = listed.part(number)
    return part === undefined ? undefined : chunksOf([part])
  }

  function fromStore(first: number, last: number): MediaAnswer {
    if (older === undefined) return { kind: 'not-found' }
    const key = `${first}-${last}`
    let ready = reading.get(key)
    if (ready === undefined) {
      const read = older.read(track, first, last).then((chunks) => chunks && storedBody(chunks))
      ready = inTime(read)
      reading.set(key, ready)
      // Not at the timeout: a disk that does not answer is asked once.
      const forget = () => reading.delete(key)
      read.then(forget, forget)
    }
    return { kind: 'wait', ready }
  }

  function inTime<T>(read: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = options.scheduler.after(timeout, () =>
        reject(new EngineError('timeout', 'the store did not answer in time', { track })),
      )
      read.then(resolve, reject).finally(cancel)
    })
  }

  function silenceOf(name: SilenceName): Uint8Array | undefined {
    const like = listed.described(name.initNumber)
    return like && writeSilence(like, name)
  }

  function ready(bytes: Uint8Array | undefined): MediaAnswer {
    return bytes === undefined ? { kind: 'not-found' } : { kind: 'now', chunks: [bytes], total: bytes.byteLength }
  }

  function partAnswer(number: number): MediaAnswer {
    const part = listed.part(number)
    if (part?.gap === true) return { kind: 'not-found' }
    const there = inHand(number)
    if (there !== undefined) return { kind: 'now', ...there }
    if (part !== undefined) return fromStore(number, number)
    if (ended || number !== listed.nextPart) return { kind: 'not-found' }
    const ready = waiting.wait(number)
    return ready === undefined ? { kind: 'busy' } : { kind: 'wait', ready }
  }

  function segmentAnswer(first: number, last: number): MediaAnswer {
    const segment = listed.segment(first, last)
    if (segment === undefined) return { kind: 'not-found' }
    const there = segment.parts.length > 0 ? chunksOf(segment.parts) : undefined
    return there === undefined ? fromStore(first, last) : { kind: 'now', ...there }
  }

  /** A segment in the making: what is there of it must be in memory, and is, unless it is larger than all of that. */
  function growing(segment: WindowSegment): GrowingMedia {
    return {
      from(place) {
        const { parts, closed, gap } = segment
        if (parts.length > place) {
          const rest = parts.slice(place).filter((part) => !part.gap)
          const there = rest.length === 0 ? { chunks: [], total: 0 } : chunksOf(rest)
          return there === undefined ? { kind: 'lost' } : { kind: 'parts', ...there, next: parts.length }
        }
        // A rung of which something was missed in the end is a gap as a whole.
        if (closed) return { kind: gap ? 'lost' : 'end' }
        const ready = ended || listed.nextPart === undefined ? undefined : waiting.wait(listed.nextPart)
        return ready === undefined ? { kind: 'lost' } : { kind: 'wait', ready }
      },
    }
  }

  function namedAnswer(name: TemplateName): MediaAnswer {
    const segment = listed.named(name)
    if (segment === undefined) return { kind: 'not-found' }
    if (segment.complete) return segmentAnswer(segment.firstPart, segment.lastPart)
    if (chunksOf(segment.parts) === undefined) return { kind: 'busy' }
    return { kind: 'growing', media: growing(segment) }
  }

  return {
    answer(fileName) {
      const name = parseTemplateName(fileName)
      if (name !== undefined) return namedAnswer(name)
      const silence = parseSilenceName(fileName)
      if (silence !== undefined) return ready(silenceOf(silence))
      const file = parseMediaName(fileName)
      if (file === undefined) return { kind: 'not-found' }
      if (file.kind === 'part') return partAnswer(file.number)
      if (file.kind === 'segment') return segmentAnswer(file.first, file.last)
      return ready(listed.described(file.number)?.init)
    },
    arrived({ number, closedAt }) {
      waiting.answer(
        (wanted) => wanted <= number,
        (wanted) => {
          const there = inHand(wanted)
          return there && { ...there, closedAt }
        },
      )
    },
    end() {
      ended = true
      waiting.answer(
        () => true,
        () => undefined,
      )
    },
  }
}

function storedBody(chunks: readonly Uint8Array[]): AwaitedMedia {
  return { chunks, total: chunks.reduce((sum, { byteLength }) => sum + byteLength, 0), isStored: true }
}

/** `undefined` when not all of it is in memory, or there is nothing. */
export function chunksOf(parts: readonly WindowPart[]): Chunks | undefined {
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
