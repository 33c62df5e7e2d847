import { STALE_STATES } from '../follow.ts'
import { HLS_LIMITS } from '../limits.ts'
import type { Reload } from './reload.ts'

/** One playlist that is asked for again and again. */
export interface Polled {
  readonly name: string
  /** Where redirects have led. */
  base: string
  /** When it is to be asked for, ms. */
  dueAt: number
  query: string
  headMs: number
  isAsking: boolean
  failures: number
  /** What came last; how often it has come again since, and how it is asked for while it does. */
  text: string | undefined
  again: number
  reload: Reload | undefined
}

export function createPolled(name: string): Polled {
  return {
    ...{ name, base: name, dueAt: 0, query: '', headMs: HLS_LIMITS.headMs, isAsking: false, failures: 0 },
    ...{ text: undefined, again: 0, reload: undefined },
  }
}

/**
 * Notes what has come. The same again says nothing new, but that an older state stays: it is looked at until that is believed, and no
 * longer, for a large one would be read several times a second for nothing.
 *
 * @returns when it is to be asked for again, where it need not be read.
 */
export function noteText(one: Polled, text: string): Reload | undefined {
  one.again = text === one.text ? one.again + 1 : 0
  one.text = text
  return one.again < STALE_STATES ? undefined : one.reload
}

/** @param askedAt when what came last was asked for, ms. */
export function noteReload(one: Polled, askedAt: number, { after, query, headMs }: Reload): void {
  one.dueAt = askedAt + after
  one.query = query
  one.headMs = headMs
}
