import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../ports.ts'
import { type EventType, eventTypes } from './events.ts'
import {
  EVENT_AGE,
  EVENTS_KEPT,
  MESSAGE_AGE,
  MESSAGES_KEPT,
  PRUNE_BATCH,
  PRUNE_FIRST,
  PRUNE_INTERVAL,
  PRUNE_PAUSE,
} from './limits.ts'
import type { Database } from './open.ts'

/** How much is kept of tables that would grow for ever: the newest rows, and none older than `age` (ms). */
export interface Kept {
  readonly rows: number
  readonly age: number
}

export interface RetentionOptions {
  readonly database: Database
  readonly orgId: string
  /** Ids of the channels whose chat is pruned. */
  readonly channels: () => readonly string[]
  readonly log: Log
  /** Unix ms. */
  readonly now: () => number
  /** Of each channel's chat; the usual where not given. */
  readonly messages?: Kept
  /** Of each type of event. */
  readonly events?: Kept
}

/**
 * Deletes old chat messages, with the events about them, and old events. A few rows at a time with pauses between: everything
 * else that is asked of the database goes on meanwhile.
 */
export interface Retention {
  /** Resolves when nothing is left to delete, or it was closed. */
  run(): Promise<void>
  close(): void
}

/** Also runs by itself from time to time. */
export function createRetention({ database, orgId, channels, log, now, ...options }: RetentionOptions): Retention {
  const messages = options.messages ?? { rows: MESSAGES_KEPT, age: MESSAGE_AGE }
  const events = options.events ?? { rows: EVENTS_KEPT, age: EVENT_AGE }
  const closing = new AbortController()
  let running: Promise<void> | undefined

  /** Oldest first. @returns how many were deleted */
  const pruneMessages = async (channelId: string): Promise<number> => {
    const ofChannel = database.selectFrom('chat_message').where('channel_id', '=', channelId)
    const [oldest, first] = await Promise.all([
      ofChannel.select(['id', 'at']).orderBy('id').limit(PRUNE_BATCH).execute(),
      ofChannel.select('id').orderBy('id', 'desc').offset(messages.rows).limit(1).executeTakeFirst(),
    ])
    const ids = tooOld(oldest, first?.id, now() - messages.age)
    if (ids.length === 0) return 0
    await database.transaction().execute(async (tx) => {
      await tx.deleteFrom('event').where('subject', 'in', ids).execute()
      await tx.deleteFrom('chat_message').where('id', 'in', ids).execute()
    })
    return ids.length
  }

  /** Each type by itself: what viewers can cause at will must not push out what the owner did. */
  const pruneEvents = async (type: EventType): Promise<number> => {
    const ofType = database.selectFrom('event').where('org_id', '=', orgId).where('type', '=', type)
    const [oldest, first] = await Promise.all([
      ofType.select(['id', 'at']).orderBy('id').limit(PRUNE_BATCH).execute(),
      ofType.select('id').orderBy('id', 'desc').offset(events.rows).limit(1).executeTakeFirst(),
    ])
    const ids = tooOld(oldest, first?.id, now() - events.age)
    if (ids.length > 0) await database.deleteFrom('event').where('id', 'in', ids).execute()
    return ids.length
  }

  const prune = async (): Promise<void> => {
    const deleted = { messages: 0, events: 0 }
    for (const channelId of channels()) deleted.messages += await inBatches(() => pruneMessages(channelId))
    for (const type of eventTypes) deleted.events += await inBatches(() => pruneEvents(type))
    if (deleted.messages + deleted.events > 0) log.info(deleted, 'old chat messages and events were deleted')
  }

  const inBatches = async (step: () => Promise<number>): Promise<number> => {
    for (let all = 0; ; ) {
      const count = closing.signal.aborted ? 0 : await step()
      all += count
      if (count < PRUNE_BATCH) return all
      await delay(PRUNE_PAUSE, undefined, { ref: false, signal: closing.signal }).catch(() => undefined)
    }
  }

  const run = (): Promise<void> => {
    running ??= prune().finally(() => {
      running = undefined
    })
    return running
  }
  const runUnasked = () =>
    void run().catch((error: unknown) => {
      if (!closing.signal.aborted) log.warn({ err: error }, 'old chat messages and events could not be deleted')
    })
  const timers = [setTimeout(runUnasked, PRUNE_FIRST), setInterval(runUnasked, PRUNE_INTERVAL)]
  for (const timer of timers) timer.unref()

  return {
    run,
    close() {
      closing.abort()
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

/**
 * @param oldest rows, oldest first
 * @param first id of the newest row that is one too many
 * @param before Unix ms
 */
function tooOld(
  oldest: readonly { readonly id: string; readonly at: number }[],
  first: string | undefined,
  before: number,
): string[] {
  return oldest.filter(({ id, at }) => at < before || (first !== undefined && id <= first)).map(({ id }) => id)
}
