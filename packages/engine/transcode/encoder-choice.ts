import type { Log } from '../ports.ts'
import { LADDER_LIMITS } from './limits.ts'
import type { Encoder } from './model.ts'
import type { Trials } from './trial.ts'

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
  /** It works no more, it seems: the card may be gone, or its driver. */
  doubt(): void
  /** Lets time pass: where none worked they are tried again. */
  tick(): void
}

export function createEncoderChoice(options: EncoderChoiceOptions): EncoderChoice {
  const { wanted, trials, log, fields, now } = options
  let encoder: Encoder | undefined
  let fallback: string | undefined
  let isTrying = false
  let triedAt = 0

  /** @param oldest milliseconds that a former success may be old. */
  async function choose(oldest?: number): Promise<void> {
    const result = await trials.of(wanted, oldest)
    let found = result.works ? wanted : undefined
    let why: string | undefined
    if (!result.works) {
      why = `${wanted} does not work here: ${result.reason}`
      log.warn({ ...fields, reason: result.reason }, `ladder: ${wanted} does not work here`)
      if (wanted !== 'x264' && (await trials.of('x264', oldest)).works) {
        found = 'x264'
        why += '; x264 is used'
      }
    }
    encoder = found
    fallback = why
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
    doubt: () => tryOut(LADDER_LIMITS.doubted),
    tick() {
      if (encoder === undefined && now() - triedAt > LADDER_LIMITS.trialAgain) tryOut()
    },
  }
}
