/** Lets so many go at one time, and so many of one name; who has to wait goes in the order of coming. */
export interface Turns {
  /**
   * Resolves with what ends the turn when it has come. Rejects with the signal's reason when that ends the waiting.
   *
   * @returns undefined where too many wait already
   */
  take(name: string, signal: AbortSignal): Promise<() => void> | undefined
  readonly running: number
  readonly waiting: number
}

interface Waiting {
  readonly name: string
  readonly go: () => void
}

export function createTurns(limits: { readonly all: number; readonly named: number; readonly waiting: number }): Turns {
  const named = new Map<string, number>()
  const queue = new Set<Waiting>()
  let running = 0

  const isFree = (name: string) => running < limits.all && (named.get(name) ?? 0) < limits.named
  const begin = (name: string) => {
    running++
    named.set(name, (named.get(name) ?? 0) + 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      running--
      const left = (named.get(name) ?? 1) - 1
      if (left === 0) named.delete(name)
      else named.set(name, left)
      next()
    }
  }
  function next(): void {
    for (const waiting of queue) {
      if (running >= limits.all) return
      if (!isFree(waiting.name)) continue
      queue.delete(waiting)
      waiting.go()
    }
  }

  return {
    take(name, signal) {
      if (isFree(name)) return Promise.resolve(begin(name))
      if (queue.size >= limits.waiting) return undefined
      const { promise, resolve, reject } = Promise.withResolvers<() => void>()
      const onAbort = () => {
        queue.delete(waiting)
        reject(signal.reason)
      }
      const waiting: Waiting = {
        name,
        go() {
          signal.removeEventListener('abort', onAbort)
          resolve(begin(name))
        },
      }
      queue.add(waiting)
      signal.addEventListener('abort', onAbort, { once: true })
      return promise
    },
    get running() {
      return running
    },
    get waiting() {
      return queue.size
    },
  }
}
