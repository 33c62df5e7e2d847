import { limits } from './limits.ts'

/**
 * Shares the event loop between sending and everything else. A crowd's answers become ready together and take longer than
 * a listener for media may wait, so they are sent for a turn's time and go on in the next.
 */
export interface Turn {
  /** True while this turn of the event loop may go on sending and nobody is before. */
  readonly left: boolean
  /**
   * Runs the job, at once while the turn lasts, in following turns after that. Jobs of one urgency run in their order, all
   * urgent ones before the others. It must not throw.
   *
   * @param job one answer; called again while it returns true.
   */
  queue(job: Job, urgency?: Urgency): void
  /** Shortens this turn by work that a job has caused and that is done after it, in milliseconds. */
  charge(ms: number): void
}

export type Urgency = 'urgent' | 'ordinary'

/** One answer; true when there is another. */
type Job = () => boolean

/** Places of done jobs that are kept. */
const compaction = 1_024
/** Answers between two looks at the clock. */
const stride = 8

/** @param now milliseconds of any steady clock; `later` runs something in the next turn. */
export function createTurn(
  now: () => number = () => performance.now(),
  later: (run: () => void) => unknown = setImmediate,
): Turn {
  const urgent = createLine()
  const ordinary = createLine()
  const lineFor = { urgent, ordinary }
  /** End of this turn; undefined until it sends something. */
  let until: number | undefined
  let running = false

  const begin = (): number => {
    later(() => {
      until = undefined
      if (!isEmpty()) run()
    })
    return (until = now() + limits.turn)
  }
  const isEmpty = () => urgent.isEmpty() && ordinary.isEmpty()
  const lasts = () => now() <= (until ?? begin())

  function run(): void {
    if (until === undefined) begin()
    running = true
    for (let done = 0; ; done++) {
      const line = urgent.isEmpty() ? ordinary : urgent
      const job = line.first()
      if (job === undefined || (done > 0 && done % stride === 0 && !lasts())) break
      if (!job()) line.shift()
    }
    running = false
  }

  return {
    get left() {
      return isEmpty() && lasts()
    },
    queue(job, urgency = 'ordinary') {
      const first = isEmpty()
      lineFor[urgency].push(job)
      // What a job queues is run by the loop that runs it.
      if (first && !running && lasts()) run()
    },
    charge(ms) {
      until = (until ?? begin()) - ms
    },
  }
}

/** First in, first out; done jobs are let go, for under steady load it may not be empty for a long time. */
function createLine() {
  let jobs: (Job | undefined)[] = []
  /** Jobs before this one are done. */
  let at = 0
  return {
    isEmpty: () => at === jobs.length,
    first: () => jobs[at],
    push: (job: Job) => jobs.push(job),
    shift() {
      jobs[at++] = undefined
      if (at === jobs.length || at >= compaction) {
        jobs = jobs.slice(at)
        at = 0
      }
    },
  }
}
