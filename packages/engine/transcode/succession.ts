import { LADDER_LIMITS } from './limits.ts'

/** An ffmpeg at work. */
export interface EncoderRun {
  readonly process: { finish(): void; kill(reason: string): void; tick(): void }
  /** What it makes is of this epoch. */
  readonly epoch: number
  /** Milliseconds of the steady clock. */
  readonly startedAt: number
}

export interface SuccessionOptions<Run, End> {
  /** ffmpegs that may end or be killed and not gone yet, at once, before another is started. */
  readonly most: number
  /** Milliseconds of a steady clock. */
  readonly steady: () => number
  /** Nothing more comes of this one. */
  readonly onPause: (run: Run) => void
  /** None is left, not one that still ends or goes either. */
  readonly onRest: () => void
  /** One has ended that was asked to; another may be started within the call, which keeps the place on the machine. */
  readonly onFinished: () => void
  /** One has ended that was not asked to; another may be started within the call. @param lasted milliseconds that it ran */
  readonly onFailure: (end: End, lasted: number) => void
}

/** One ffmpeg at work, and those before it that still write what they hold, or were killed and have not gone yet. */
export interface Succession<Run, End> {
  readonly current: Run | undefined
  /**
   * Not while one still ends that made this epoch: another would make its media twice. Nor while several end: a source that is another
   * every few frames would have an ffmpeg for each time, and so would one that cannot be killed (it sleeps in a driver).
   */
  mayStart(epoch: number): boolean
  /** So many were killed some time ago and have not gone that none is started. */
  readonly isStuck: boolean
  /** Only where none is at work, and one may. */
  begin(run: Run): void
  /** Tells that nothing more comes of it. */
  ended(run: Run, end: End): void
  /** Tells, after that, that it takes no more memory. */
  gone(run: Run): void
  /** Nothing more comes for the one at work: what it holds still does. */
  finish(): void
  /** Another is started now: the one at work is not waited for. */
  replace(reason: string): void
  tick(): void
  /** Kills them all. */
  kill(): void
  /** Nothing more is heard of the one at work. */
  abandon(): void
}

export function createSuccession<Run extends EncoderRun, End extends { readonly clean: boolean }>({
  steady,
  ...options
}: SuccessionOptions<Run, End>): Succession<Run, End> {
  const ending = new Set<Run>()
  /** Nothing more comes of them since then, and they take memory. */
  const going = new Map<Run, number>()
  let current: Run | undefined

  /** Takes leave of the one at work, whose end is expected from here on. */
  function leave(how: (process: Run['process']) => void): void {
    if (current === undefined) return
    ending.add(current)
    how(current.process)
    current = undefined
  }

  return {
    get current() {
      return current
    },
    mayStart(epoch) {
      return ending.size + going.size < options.most && ![...ending].some((run) => run.epoch === epoch)
    },
    get isStuck() {
      const overdue = [...going.values()].filter((since) => steady() - since > LADDER_LIMITS.killPatience)
      return overdue.length >= options.most
    },
    begin(run) {
      current = run
    },
    ended(run, end) {
      const wasAsked = ending.delete(run)
      if (current === run) current = undefined
      going.set(run, steady())
      options.onPause(run)
      if (wasAsked) options.onFinished()
      else if (!end.clean) options.onFailure(end, steady() - run.startedAt)
    },
    gone(run) {
      going.delete(run)
      if (current === undefined && ending.size + going.size === 0) options.onRest()
    },
    finish: () => leave((process) => process.finish()),
    replace: (reason) => leave((process) => process.kill(reason)),
    tick() {
      current?.process.tick()
      for (const { process } of ending) process.tick()
    },
    kill() {
      for (const { process } of [...ending, ...(current === undefined ? [] : [current])]) {
        process.kill('the broadcast is over')
      }
    },
    abandon() {
      const run = current
      current = undefined
      if (run !== undefined) options.onPause(run)
    },
  }
}
