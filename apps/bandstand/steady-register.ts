import { setTimeout as sleep } from 'node:timers/promises'
import type { BroadcastRegister, Log } from '@bandstand/engine/ports.ts'
import { PlatformError } from '@bandstand/platform/error.ts'

/** Notes of broadcasts that wait for the database; more are lost, which the log says. */
const WAITING_MAX = 1_000
/** ms between two attempts. */
const RETRY_MS = 500

/** Remembers beginnings and ends of broadcasts also where the database is away for a while. */
export interface SteadyRegister extends BroadcastRegister {
  /** What cannot be noted at the first attempt from now on is not tried again: the server is stopping. */
  giveUp(): void
}

export function createSteadyRegister(register: BroadcastRegister, log: Log, retryMs = RETRY_MS): SteadyRegister {
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
        const isAway = error instanceof PlatformError && error.code === 'unavailable'
        if (!isAway || stopping.signal.aborted) throw error
        if (attempt === 1) log.warn(fields, 'the note of a broadcast waits for the database')
        await sleep(retryMs, undefined, { signal: stopping.signal }).catch(() => undefined)
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
