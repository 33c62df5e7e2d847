import type { ChatMessageTable } from '../database/schema.ts'
import { PlatformError } from '../error.ts'
import type { Log } from '../ports.ts'
import { SAVE_BATCH, SAVE_INTERVAL, UNSAVED_MAX } from './limits.ts'

/** Writes messages to the database in batches: the chat goes on whatever the disk does. */
export interface Saver {
  readonly add: (row: ChatMessageTable) => void
  /** Takes back messages that were not written yet. */
  drop(isUnwanted: (row: ChatMessageTable) => boolean): void
  /** Resolves when everything added so far is written or given up. */
  readonly flush: () => Promise<void>
  /** Messages that could not be written since the start. */
  readonly lost: number
}

type Save = (rows: readonly ChatMessageTable[]) => Promise<void>

/** @param save writes all of what it is given or nothing, and throws PlatformError */
export function createSaver(save: Save, log: Log): Saver {
  let waiting: ChatMessageTable[] = []
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let lost = 0

  const giveUp = (rows: readonly ChatMessageTable[], error: unknown) => {
    lost += rows.length
    log.error({ err: error, messages: rows.length, lost }, 'chat messages could not be stored')
  }
  const write = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, SAVE_BATCH)
      waiting = waiting.slice(batch.length)
      try {
        await save(batch)
      } catch (error) {
        if (error instanceof PlatformError && error.code === 'constraint') await writeByChannel(batch)
        else giveUp(batch, error)
      }
    }
  }
  /** A channel that was deleted a moment ago refuses its messages (foreign key); those of the others must not go with them. */
  const writeByChannel = async (batch: readonly ChatMessageTable[]) => {
    for (const rows of Map.groupBy(batch, (row) => row.channel_id).values()) {
      await save(rows).catch((error) => giveUp(rows, error))
    }
  }
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    writing ??= write().finally(() => {
      writing = undefined
    })
    return writing
  }
  return {
    add(row) {
      if (waiting.length >= UNSAVED_MAX) {
        waiting.shift()
        lost++
      }
      waiting.push(row)
      timer ??= setTimeout(flush, SAVE_INTERVAL)
    },
    drop(isUnwanted) {
      waiting = waiting.filter((row) => !isUnwanted(row))
    },
    flush,
    get lost() {
      return lost
    },
  }
}
