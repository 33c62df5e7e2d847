import { EngineError } from '../error.ts'
import { PICTURE_LIMITS } from './limits.ts'

/** One job at a time for the whole server, the others wait in a bounded line. */
export interface PictureLane {
  /**
   * Runs the job when its turn comes. Who asks for a key that waits or runs already shares its outcome; the job looks at
   * the newest there is when it begins, so a later one would find the same.
   *
   * @throws EngineError `limit` when too many wait; what the job throws.
   */
  run<T>(key: string, job: () => Promise<T>): Promise<T>
  /** Jobs that wait or run. */
  readonly size: number
}

export function createPictureLane(most: number = PICTURE_LIMITS.waiting): PictureLane {
  const jobs = new Map<string, Promise<unknown>>()
  let last: Promise<unknown> = Promise.resolve()
  return {
    get size() {
      return jobs.size
    },
    run<T>(key: string, job: () => Promise<T>): Promise<T> {
      const running = jobs.get(key) as Promise<T> | undefined
      if (running !== undefined) return running
      // One runs, the others wait.
      if (jobs.size > most) return Promise.reject(new EngineError('limit', FULL))
      const done = last.then(job).finally(() => jobs.delete(key))
      last = done.catch(() => undefined)
      jobs.set(key, done)
      return done
    },
  }
}

const FULL = 'too many pictures wait to be made'

/** The lane refused the job; come again. */
export function isFull(error: unknown): boolean {
  return error instanceof EngineError && error.message === FULL
}
