import { limits } from './limits.ts'

/**
 * Shares the event loop between sending and everything else. A crowd's answers become ready together and take longer than
 * a listener for media may wait, so they are sent for a turn's time and go on in the next.
 */
export interface Turn {
  /** True while this turn of the event loop may go on sending and nobody is before. */
  readonly left: boolean
  /**
   * Runs the job in order, at once while the turn lasts, in following turns after that. It must not throw.
   *
   * @param job one answer; called again while it returns true.
   */
  queue(job: () => boolean): void
  /** Shortens this turn by work that a job has caused and that is done after it, in milliseconds. */
  charge(ms: number): void
}

/** Places of done jobs that are kept. */
const compaction = 1_024
/** Answers between two looks at the clock. */
const stride = 8

/** @param now milliseconds of any steady clock; `later` runs something in the next turn. */
export function createTurn(
  now: () => number = () => performance.now(),
  later: (run: () => void) => unknown = setImmediate,
): Turn {
  let jobs: ((() => boolean) | undefined)[] = []
  /** Jobs before this one are done, and let go: under steady load the queue may not be empty for a long time. */
  let at = 0
  /** End of this turn; undefined until it sends something. */
  let until: number | undefined

  function begin(): number {
    later(() => {
      until = undefined
      if (at < jobs.length) run()
    })
    return (until = now() + limits.turn)
  }

  function run(): void {
    if (until === undefined) begin()
    for (let done = 0; ; done++) {
      const job = jobs[at]
      if (job === undefined) break
      if (done > 0 && done % stride === 0 && now() > (until ?? 0)) return
      if (job()) continue
      jobs[at++] = undefined
      if (at >= compaction) {
        jobs = jobs.slice(at)
        at = 0
      }
    }
    jobs = []
    at = 0
  }

  return {
    get left() {
      return at === jobs.length && now() <= (until ?? begin())
    },
    queue(job) {
      const first = at === jobs.length
      jobs.push(job)
      // What a job queues is run by the loop that runs it.
      if (first && now() <= (until ?? begin())) run()
    },
    charge(ms) {
      until = (until ?? begin()) - ms
    },
  }
}
