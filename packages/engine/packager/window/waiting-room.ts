import { WINDOW_LIMITS } from '../limits.ts'

/** Runs something later; `after` returns what cancels it. Injected, so that tests have their own time. */
export interface Scheduler {
  after(ms: number, run: () => void): () => void
}

/**
 * Requests that wait for the same thing share one promise. Bounded in different things, each of which is given up after its
 * time. Requests are bounded where it is seen that a client has gone: a room that counts them is filled by those who left.
 */
export interface WaitingRoom<Key, Value> {
  /** `undefined` when too many other things are waited for. */
  wait(key: Key): Promise<Value | undefined> | undefined
  /** Answers everyone whose key passes. */
  answer(passes: (key: Key) => boolean, value: (key: Key) => Value | undefined): void
  /** Different things that are waited for. */
  readonly size: number
}

interface Group<Key, Value> {
  readonly key: Key
  readonly promise: Promise<Value | undefined>
  readonly resolve: (value: Value | undefined) => void
  readonly cancel: () => void
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

  function leave(id: string, group: Group<Key, Value>, value: Value | undefined): void {
    groups.delete(id)
    group.cancel()
    group.resolve(value)
  }

  return {
    wait(key) {
      const id = name(key)
      let group = groups.get(id)
      if (group === undefined) {
        if (groups.size >= WINDOW_LIMITS.waitingFor) return undefined
        const { promise, resolve } = Promise.withResolvers<Value | undefined>()
        const cancel = scheduler.after(timeout, () => {
          const late = groups.get(id)
          if (late !== undefined) leave(id, late, undefined)
        })
        group = { key, promise, resolve, cancel }
        groups.set(id, group)
      }
      return group.promise
    },
    answer(passes, value) {
      for (const [id, group] of groups) if (passes(group.key)) leave(id, group, value(group.key))
    },
    get size() {
      return groups.size
    },
  }
}
