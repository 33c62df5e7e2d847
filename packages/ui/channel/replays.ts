import type { Replay, ReplayList } from '@bandstand/contract/api/replay.ts'
import { clockText } from '../player/time-text.ts'
import { addresses, type Place } from './address.ts'
import { answerLimit, feedOf } from './feed.ts'

/** ms after the end of a broadcast at which its recording is looked for: the server may still be writing the end of it. */
const looks = [500, 2000, 6000, 15_000] as const

/** One page of the past broadcasts of a channel; nothing where the server cannot be asked. @param before `next` of the page before */
export async function askReplays(place: Place, before?: string): Promise<ReplayList | undefined> {
  try {
    const response = await fetch(addresses.replays(place, before), { signal: AbortSignal.timeout(answerLimit) })
    return response.ok ? ((await response.json()) as ReplayList) : undefined
  } catch {
    return undefined
  }
}

/**
 * Reads the past broadcasts now, and again whenever a broadcast ends while the page is open.
 * @param ended id of a broadcast that has just ended and is waited for
 * @returns to stop
 */
export function watchReplays(place: Place, listener: (list: ReplayList) => void, ended?: string): () => void {
  let running: string | undefined
  let awaited = ended
  let look = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false

  async function ask(): Promise<void> {
    const list = await askReplays(place)
    if (over) return
    if (list) listener(list)
    // One that is not recorded never appears.
    if (awaited !== undefined && !list?.replays.some(({ assetId }) => assetId === awaited)) askLater()
  }

  function askLater(): void {
    clearTimeout(timer)
    const wait = looks[look++]
    if (wait !== undefined) timer = setTimeout(ask, wait)
  }

  const unwatch = feedOf(place).watch(({ live, assetId }) => {
    const now = live ? (assetId ?? undefined) : undefined
    if (running !== undefined && running !== now) {
      awaited = running
      look = 0
      askLater()
    }
    running = now
  })
  void ask()
  return () => {
    over = true
    clearTimeout(timer)
    unwatch()
  }
}

/** Time and length of a past broadcast in the viewer's own form, as in "3 Jan 2026, 20:15 · 1:02:03". */
export function replayFacts({ startedAt, duration }: Pick<Replay, 'startedAt' | 'duration'>): string {
  const day = new Date(startedAt).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })
  return `${day} · ${clockText(duration)}`
}
