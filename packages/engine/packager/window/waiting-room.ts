import { WINDOW_LIMITS } from '../limits.ts'

/** Runs something later; `after` returns what cancels it. Injected, so that tests have their own time. */
export interface Scheduler {
  after(ms: number, run: () => void): () => void
}

/**
 * Requests that wait for the same thing share one promise. Bounded in requests and in different things; each thing is
 * given up after its time.
 */
export interface WaitingRoom<Key, Value> {
  /** `undefined` when the room is full. */
  wait(key: Key): Promise<Value | undefined> | undefined
  /** Answers everyone whose key passes. */
  answer(passes: (key: Key) => boolean, value: (key: Key) => Value | undefined): void
  readonly size: number
}

interface Group<Key, Value> {
  readonly key: Key
  readonly promise: Promise<Value | undefined>
  readonly resolve: (value: Value | undefined) => void
  readonly cancel: () => void
  count: number
}

/**
 * @param timeout milliseconds.
 * @param name equal names wait for the same thing.
 */
export function createWaitingRoom<Key, Value>(
  scheduler: Scheduler,
  timeout: number,
  name: (key: Key) => string,
): WaitingRoom<Key, Value> {
  const groups = new Map<string, Group<Key, Value>>()
  let size = 0

  function leave(id: string, group: Group<Key, Value>, value: Value | undefined): void {
    groups.delete(id)
    size -= group.count
    group.cancel()
    group.resolve(value)
  }

  return {
    wait(key) {
      const id = name(key)
      if (size >= WINDOW_LIMITS.waiters) return undefined
      let group = groups.get(id)
      if (group === undefined) {
        if (groups.size >= WINDOW_LIMITS.waitingFor) return undefined
        const { promise, resolve } = Promise.withResolvers<Value | undefined>()
        const cancel = scheduler.after(timeout, () => {
          const late = groups.get(id)
          if (late !== undefined) leave(id, late, undefined)
        })
        group = { key, promise, resolve, cancel, count: 0 }
        groups.set(id, group)
      }
      group.count++
      size++
      return group.promise
    },
    answer(passes, value) {
      for (const [id, group] of groups) if (passes(group.key)) leave(id, group, value(group.key))
    },
    get size() {
      return size
    },
  }
}
