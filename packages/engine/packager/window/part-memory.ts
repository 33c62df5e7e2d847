import { WINDOW_LIMITS } from '../limits.ts'
import type { BroadcastTiming } from '../model.ts'
import type { MemoryBudget, MemoryHolder } from './budget.ts'
import type { WindowPart } from './segments.ts'

/** Bytes of one rendition's newest parts, bounded by its own limits and by the budget of all broadcasts. */
export interface PartMemory {
  /** Keeps the bytes of a part and lets go of the oldest ones. */
  hold(part: WindowPart): void
  /** Somebody asked for something. */
  asked(): void
  /** Gives everything back. */
  close(): void
}

/**
 * @param isRecorded what leaves memory can be read from the store.
 * @param unrecorded seconds that are held where it cannot.
 */
export function createPartMemory(
  timing: BroadcastTiming,
  budget: MemoryBudget,
  isRecorded: () => boolean,
  unrecorded: number = WINDOW_LIMITS.memorySeconds,
): PartMemory {
  /** Parts with bytes, oldest first. */
  const parts: WindowPart[] = []
  let bytes = 0
  let seconds = 0
  /** How many of them the store does not have. */
  let unstored = 0
  /** Seconds of media since anyone asked for something. */
  let unasked = Number.POSITIVE_INFINITY

  const holder: MemoryHolder = {
    get bytes() {
      return bytes
    },
    release,
  }
  budget.join(holder)

  /** The newest part stays whatever the budget says: it is what everyone is about to read. */
  function release(): boolean {
    if (parts.length <= 1) return false
    const part = parts.shift()
    if (part === undefined) return false
    bytes -= part.size
    seconds -= part.seconds
    part.bytes = undefined
    if (part.unrecorded === true) unstored--
    return true
  }

  /** What is listed can be had from memory alone, also for a while after recording goes on. */
  function isAlone(): boolean {
    return !isRecorded() || unstored > 0
  }

  function mostSeconds(): number {
    const { targetDuration } = timing
    if (isAlone()) return Math.max(3 * targetDuration, unrecorded)
    if (unasked > WINDOW_LIMITS.unwatchedAfter) return Math.max(1.5 * targetDuration, WINDOW_LIMITS.unwatchedSeconds)
    return Math.max(3 * targetDuration, WINDOW_LIMITS.watchedSeconds)
  }

  function mostBytes(): number {
    return isAlone() ? WINDOW_LIMITS.unrecordedBytes : WINDOW_LIMITS.memoryBytes
  }

  return {
    hold(part) {
      if (part.bytes === undefined || part.size === 0) return
      parts.push(part)
      bytes += part.size
      seconds += part.seconds
      unasked += part.seconds
      if (part.unrecorded === true) unstored++
      while (seconds > mostSeconds() || bytes > mostBytes()) if (!release()) break
      budget.settle(part.size)
    },
    asked() {
      unasked = 0
    },
    close() {
      budget.leave(holder)
      parts.length = 0
      bytes = 0
    },
  }
}
