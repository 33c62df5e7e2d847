import type { Log } from '../ports.ts'
import { LADDER_LIMITS } from './limits.ts'
import type { Encoder } from './model.ts'
import { restAfter, type TrialResult, type Trials } from './trial.ts'

export interface EncoderChoiceOptions {
  readonly wanted: Encoder
  readonly trials: Trials
  readonly log: Log
  /** Of every log line. */
  readonly fields: object
  /** Milliseconds of a steady clock. */
  readonly now: () => number
  /** A trial has told something. */
  readonly onChosen: () => void
  readonly onFault: (error: unknown) => void
}

/** Which encoder a ladder has: the one that is wanted or, where that does not work, x264. */
export interface EncoderChoice {
  /** `undefined` until a trial has succeeded. */
  readonly encoder: Encoder | undefined
  /** Why it is not the one that is wanted. */
  readonly fallback: string | undefined
  /** One is being tried. */
  readonly isTrying: boolean
  /**
   * It works no more, it seems: the card may be gone, or its driver. Doubted again after it has passed another trial, without a
   * picture in between, it cannot make this ladder: a card has so many sessions, and a ladder takes more of them than a trial.
   */
  doubt(reason: string): void
  /** It makes pictures. */
  proved(): void
  /** Lets time pass: where none worked they are tried again. */
  tick(): void
}

export function createEncoderChoice(options: EncoderChoiceOptions): EncoderChoice {
  const { wanted, trials, log, fields, now } = options
  let encoder: Encoder | undefined
  let fallback: string | undefined
  let isTrying = false
  let triedAt = 0
  /** Milliseconds from there on until they are tried again, where none worked. */
  let rest: number = LADDER_LIMITS.trialAgain
  /** The one that is wanted was doubted, has passed its trial, and has not made a picture since. */
  let isCleared = false
  /** Why it is not tried again for this ladder. */
  let rejected: string | undefined

  /** @param oldest milliseconds that a former success may be old. */
  async function attempt(one: Encoder, oldest?: number): Promise<TrialResult> {
    const result = await trials.of(one, oldest)
    if (!result.works) rest = Math.min(rest, restAfter(result))
    return result
  }

  /** Why not the one that is wanted. */
  async function objection(oldest?: number): Promise<string | undefined> {
    if (rejected !== undefined) return rejected
    const result = await attempt(wanted, oldest)
    if (result.works) return undefined
    log.warn({ ...fields, reason: result.reason }, `ladder: ${wanted} does not work here`)
    return `${wanted} does not work here: ${result.reason}`
  }

  async function choose(oldest?: number): Promise<void> {
    rest = LADDER_LIMITS.trialAgain
    const why = await objection(oldest)
    const isReplaced = why !== undefined && wanted !== 'x264' && (await attempt('x264', oldest)).works
    isCleared = why === undefined && oldest !== undefined
    encoder = why === undefined ? wanted : isReplaced ? 'x264' : undefined
    fallback = isReplaced ? `${why}; x264 is used` : why
  }

  function tryOut(oldest?: number): void {
    if (isTrying) return
    isTrying = true
    const over = () => {
      isTrying = false
      triedAt = now()
    }
    choose(oldest).finally(over).then(options.onChosen, options.onFault)
  }

  tryOut()

  return {
    get encoder() {
      return encoder
    },
    get fallback() {
      return fallback
    },
    get isTrying() {
      return isTrying
    },
    doubt(reason) {
      if (isCleared && wanted !== 'x264') {
        rejected = `${wanted} makes single pictures but not this ladder: ${reason}`
        log.warn({ ...fields, reason }, `ladder: ${wanted} makes single pictures but not this ladder`)
      }
      tryOut(LADDER_LIMITS.doubted)
    },
    proved() {
      isCleared = false
    },
    tick() {
      if (encoder === undefined && now() - triedAt > rest) tryOut()
    },
  }
}
