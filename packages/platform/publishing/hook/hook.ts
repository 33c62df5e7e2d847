import { randomUUID } from 'node:crypto'
import { addressGroup } from '../../access/address.ts'
import { PlatformError } from '../../error.ts'
import type { Log, PublishHookFigures, PublishRefusal } from '../../ports.ts'
import { ENCODER_LENGTH, HOOK_CALLS, HOOK_CALLS_PER_ADDRESS, HOOK_WAITING } from '../limits.ts'
import { type HookAnswer, readAnswer } from './answer.ts'
import { postJson } from './post.ts'
import { signHook } from './signature.ts'
import { createTurns } from './turns.ts'

export interface PublishHookOptions {
  readonly url: string
  /** As `parseHookSecret` gives it. */
  readonly secret: Buffer
  /** For everything: waiting for a turn, connecting, the whole answer. */
  readonly timeoutMs: number
  /** For lines that encoders can cause as often as they like. */
  readonly log: Log
  /** Unix ms. */
  readonly now: () => number
}

/** What the hook is told of an encoder; never its key. */
export interface HookQuestion {
  /** Slug. */
  readonly channel: string
  readonly protocol: string
  readonly remote: string
  readonly encoder: string | null
  /** Which of the channel's further keys it has, and the note on it. */
  readonly keyId: string | null
  readonly note: string | null
  readonly isSigned: boolean
}

/** Where the encoder may go: to its own channel where none is named. */
export type HookVerdict = { readonly channel?: string | undefined } | { readonly refusal: PublishRefusal }

/** Asks a server of the owner's whether an encoder may publish. */
export interface PublishHook {
  /** Is there at the latest when the time is up; never rejects. What is no clear yes is a no. */
  ask(question: HookQuestion): Promise<HookVerdict>
  /** Asks as a trial, for who sets it up. */
  attempt(question: HookQuestion): Promise<HookAnswer>
  readonly figures: PublishHookFigures
}

const UNANSWERED: PublishRefusal = {
  code: 'unavailable',
  reason: 'the server could not ask whether this encoder may publish; try again in a moment',
}

export function createPublishHook({ url, secret, timeoutMs, log, now }: PublishHookOptions): PublishHook {
  const address = new URL(url)
  const turns = createTurns({ all: HOOK_CALLS, named: HOOK_CALLS_PER_ADDRESS, waiting: HOOK_WAITING })
  const counts = { allowed: 0, redirected: 0, refused: 0, failed: 0 }

  async function call({ encoder, isSigned, ...known }: HookQuestion, signal: AbortSignal): Promise<HookAnswer> {
    const at = now()
    const data = { ...known, encoder: encoder?.slice(0, ENCODER_LENGTH).toWellFormed() ?? null, signed: isSigned }
    const body = JSON.stringify({ type: 'channel.publish', timestamp: new Date(at).toISOString(), data })
    return readAnswer(await postJson(address, body, signHook(secret, `msg_${randomUUID()}`, at, body), signal))
  }

  async function attempt(question: HookQuestion): Promise<HookAnswer> {
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(new PlatformError('hook', 'it has not answered in time')), timeoutMs)
    let done: (() => void) | undefined
    try {
      const turn = turns.take(addressGroup(question.remote), deadline.signal)
      if (turn === undefined) return { fault: `more than ${HOOK_WAITING} encoders wait for its answers` }
      done = await turn
      return await call(question, deadline.signal)
    } catch (error) {
      return { fault: (error as Error).message }
    } finally {
      clearTimeout(timer)
      done?.()
    }
  }

  return {
    attempt,
    async ask(question) {
      const answer = await attempt(question)
      if ('fault' in answer) {
        counts.failed++
        const { channel, remote } = question
        log.warn(
          { remote, channel, hook: address.origin, error: answer.fault },
          'the publish hook gave no answer: the encoder is refused',
        )
        return { refusal: UNANSWERED }
      }
      if (!answer.allow) {
        counts.refused++
        return { refusal: { code: 'forbidden', reason: answer.reason } }
      }
      counts[answer.channel === undefined ? 'allowed' : 'redirected']++
      return { channel: answer.channel }
    },
    get figures() {
      return { ...counts, running: turns.running, waiting: turns.waiting }
    },
  }
}
