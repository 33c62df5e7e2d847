import { type Connection, connectionOf, type HttpRequest, type HttpResponse } from './message.ts'
import { abandon } from './outbox.ts'

/** Requests that wait for something to be made, bounded in total and per connection. */
export interface WaitingRoom {
  /** Requests waiting now. */
  readonly size: number
  /**
   * Calls `then` with the value when it is ready, unless the client has gone by then: such a request leaves at once and
   * keeps nothing alive.
   *
   * @returns false when there is no room; nothing has been done then.
   */
  wait<T>(
    req: HttpRequest,
    res: HttpResponse,
    ready: Promise<T>,
    then: (req: HttpRequest, res: HttpResponse, value: T | undefined) => void,
  ): boolean
}

/**
 * How long one turn of the event loop may go on sending answers that became ready together, in milliseconds. A crowd of
 * waiting players is released at once, and a listener for media must not wait until the last of them is served.
 */
const turn = 8

/** @param limits requests in total and per connection. */
export function createWaitingRoom(limits: { readonly total: number; readonly perConnection: number }): WaitingRoom {
  const perConnection = new WeakMap<Connection, number>()
  const release = createReleaseQueue()
  let size = 0
  return {
    get size() {
      return size
    },
    wait(req, res, ready, then) {
      const connection = connectionOf(req)
      if (connection === undefined) return true
      const count = perConnection.get(connection) ?? 0
      if (size >= limits.total || count >= limits.perConnection) return false
      size++
      perConnection.set(connection, count + 1)
      let seat: { req: HttpRequest; res: HttpResponse } | undefined = { req, res }
      const leave = () => {
        if (seat === undefined) return undefined
        const left = seat
        seat = undefined
        size--
        perConnection.set(connection, (perConnection.get(connection) ?? 1) - 1)
        left.res.off('close', leave)
        return left
      }
      res.on('close', leave)
      const settle = (value?: unknown) => {
        if (seat === undefined) return
        release(() => {
          const left = leave()
          if (left === undefined) return
          try {
            then(left.req, left.res, value as Awaited<typeof ready> | undefined)
          } catch {
            // One bad answer must not take the others of its burst with it.
            abandon(left.req, left.res)
          }
        })
      }
      ready.then(settle, () => settle(undefined))
      return true
    },
  }
}

/** Runs jobs in order, at once while the turn lasts and in following turns after that. */
function createReleaseQueue(): (job: () => void) => void {
  let jobs: (() => void)[] = []
  let scheduled = false
  const run = () => {
    scheduled = false
    const until = performance.now() + turn
    let done = 0
    for (const job of jobs) {
      if (done > 0 && done % 8 === 0 && performance.now() > until) break
      done++
      job()
    }
    jobs = done === jobs.length ? [] : jobs.slice(done)
    if (jobs.length > 0) schedule(setImmediate)
  }
  const schedule = (when: (f: () => void) => unknown) => {
    scheduled = true
    when(run)
  }
  return (job) => {
    jobs.push(job)
    if (!scheduled) schedule(queueMicrotask)
  }
}
