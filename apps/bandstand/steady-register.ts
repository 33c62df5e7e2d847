import { setTimeout as sleep } from 'node:timers/promises'
import type { BroadcastRegister, Log } from '@bandstand/engine/ports.ts'
import { PlatformError, type PlatformErrorCode } from '@bandstand/platform/error.ts'

/** Notes of broadcasts that wait for the database; more are lost, which the log says. */
const WAITING_MAX = 1_000
/** ms before the second attempt; twice as long after each further one, up to the most. */
const RETRY_FIRST = 500
const RETRY_MOST = 30_000
/** What passes: a database that is started again, a disk that is full or does not take a write, too much at once. */
const PASSING: ReadonlySet<string> = new Set<PlatformErrorCode>(['unavailable', 'disk', 'disk-full', 'limit'])

/** Remembers beginnings and ends of broadcasts also where the database is away for a while, or has no room. */
export interface SteadyRegister extends BroadcastRegister {
  /** What cannot be noted at the first attempt from now on is not tried again: the server is stopping. */
  giveUp(): void
}

export function createSteadyRegister(register: BroadcastRegister, log: Log, retryFirst = RETRY_FIRST): SteadyRegister {
  /** Notes are made one after another: the end of a broadcast is nothing without its beginning. */
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  const stopping = new AbortController()

  async function persist(note: () => Promise<void>, fields: object): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await note()
        if (attempt > 1) log.info({ ...fields, attempt }, 'a note that waited for the database is made')
        return
      } catch (error) {
        const isPassing = error instanceof PlatformError && PASSING.has(error.code)
        if (!isPassing || stopping.signal.aborted) throw error
        if (attempt === 1) log.warn({ ...fields, why: error.message }, 'the note of a broadcast waits for the database')
        const wait = Math.min(RETRY_MOST, retryFirst * 2 ** (attempt - 1))
        await sleep(wait, undefined, { signal: stopping.signal }).catch(() => undefined)
      }
    }
  }

  function inOrder(note: () => Promise<void>, fields: object): Promise<void> {
    if (waiting >= WAITING_MAX) {
      return Promise.reject(new PlatformError('limit', 'too many notes of broadcasts wait for the database'))
    }
    waiting++
    const done = last.then(() => persist(note, fields)).finally(() => waiting--)
    last = done.catch(() => undefined)
    return done
  }

  return {
    started: (broadcast) => inOrder(() => register.started(broadcast), { asset: broadcast.assetId }),
    ended: (broadcast) => inOrder(() => register.ended(broadcast), { asset: broadcast.assetId }),
    open: () => register.open(),
    giveUp: () => stopping.abort(),
  }
}
