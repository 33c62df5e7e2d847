import type { ChatMessageTable } from '../database/schema.ts'
import type { Log } from '../ports.ts'
import { SAVE_BATCH, SAVE_INTERVAL, UNSAVED_MAX } from './limits.ts'

/** Writes messages to the database in batches: the chat goes on whatever the disk does. */
export interface Saver {
  readonly add: (row: ChatMessageTable) => void
  /** Takes back a message that was not written yet. */
  drop(isUnwanted: (row: ChatMessageTable) => boolean): void
  /** Resolves when everything added so far is written or given up. */
  readonly flush: () => Promise<void>
  /** Messages that could not be written since the start. */
  readonly lost: number
}

export function createSaver(save: (rows: readonly ChatMessageTable[]) => Promise<void>, log: Log): Saver {
  let waiting: ChatMessageTable[] = []
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let lost = 0

  const write = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, SAVE_BATCH)
      waiting = waiting.slice(batch.length)
      try {
        await save(batch)
      } catch (error) {
        lost += batch.length
        log.error({ err: error, messages: batch.length, lost }, 'chat messages could not be stored')
      }
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
