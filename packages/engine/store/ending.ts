import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../ports.ts'
import { touch } from './asset.ts'
import type { StoreLimits } from './limits.ts'
import type { WriterTask } from './writer.ts'
import type { Writing } from './writing.ts'

/**
 * Writes what a task still holds and seals its files, or gives it up when the disk takes too long: the next start finishes
 * the rest. Its index in memory is closed either way. Never throws.
 */
export async function endTask(
  task: WriterTask,
  how: 'end' | 'suspend',
  options: { readonly writing: Writing; readonly limits: StoreLimits; readonly now: () => number; readonly log: Log },
): Promise<void> {
  const { writing, limits, now, log } = options
  const patience = new AbortController()
  const { signal } = patience

  async function drain(): Promise<void> {
    while (!task.isIdle()) {
      await writing.run(() => task.flush())
      if (signal.aborted) return
      // Whoever is due has more to write; whoever is not waits for a disk in trouble.
      if (!task.isIdle() && !task.isDue(now())) await delay(limits.retryMs / 4, undefined, { signal })
    }
    await writing.run(() => task.seal(how))
  }

  const drained = drain().catch((error: unknown) => {
    log.error({ assetId: task.assetId, error: String(error) }, 'the end of a recording could not be written')
  })
  await Promise.race([drained, delay(limits.endMs, undefined, { signal }).catch(() => undefined)])
  patience.abort()
  task.abandon()
  task.memory.assembler.finish()
  touch(task.memory)
}
