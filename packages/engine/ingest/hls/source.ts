import type { HlsReport, Log, Publisher, PublishRefusal } from '../../ports.ts'
import type { RefusalLog } from '../../remote/refusals.ts'
import { HLS_LIMITS } from './limits.ts'
import type { HlsSession } from './session.ts'

/** What a source that is configured asks; it has no key. */
export interface SourceRequest {
  /** Where it comes from: a host, or nothing for a folder. */
  readonly remote: string
  /** What is said in the studio in place of an encoder's name. */
  readonly encoder: string
  readonly hls?: () => HlsReport
  /** Its next media are still to come: it asks for a running broadcast that nobody feeds, and nothing else. */
  readonly isAhead?: boolean
}

/** Gives a configured source the channel, as long as no encoder has it. */
export type PublishSource = (
  request: SourceRequest,
  stop: (why: PublishRefusal) => void,
) => Promise<{ readonly publisher: Publisher } | { readonly refusal: PublishRefusal }>

export interface SourceOptions {
  readonly publish: PublishSource
  readonly request: SourceRequest
  readonly fields: () => Readonly<Record<string, string>>
  readonly log: Log
  readonly refusals: RefusalLog
  /** Bits a second of one rendition. */
  readonly maxBitrate: number
  /** ms, rising. */
  readonly now: () => number
}

/** A folder or an address that is watched. */
export interface HlsSource {
  close(): Promise<void>
}

/** Asks for the channel when there is something to publish, and again where it was refused or taken away. */
export interface SourceLease {
  /** Called now and then, and when media have come. */
  look(): void
  close(): void
}

/** @param hls for the studio */
export function createSourceLease(options: SourceOptions, session: HlsSession, hls: () => HlsReport): SourceLease {
  const { publish, request, fields, log, refusals, now } = options
  let isAsking = false
  let isClosed = false
  let notBefore = Number.NEGATIVE_INFINITY
  /** When media last came that were dropped: while they do, the source is alive. */
  let droppedAt = Number.NEGATIVE_INFINITY
  /** Ahead of its media it does not ask before. */
  let aheadAt = Number.NEGATIVE_INFINITY
  /** Why it waits, as the log has it. */
  let told: string | undefined

  /** What has come meanwhile is old by then. */
  function drop(): void {
    if (session.hasMedia || session.publisher !== undefined) droppedAt = now()
    session.stopped()
  }

  function wait(why: PublishRefusal): void {
    const isInTheWay = why.code === 'in-use' || why.code === 'taken-over'
    notBefore = now() + (isInTheWay ? HLS_LIMITS.askWaitingMs : HLS_LIMITS.askAgainMs)
    drop()
    // Asked again and again, it is one wait.
    if (told === why.reason) return
    told = why.reason
    const message = why.code === 'in-use' ? 'hls: source waits for the channel' : 'hls: source stopped'
    refusals.refused(
      'warn',
      { ...fields(), reason: why.code, text: why.reason },
      message,
      `${why.code} ${fields()['source']}`,
    )
  }

  /** A segment may take longer to come than a broadcast waits for its next encoder: until then that media were dropped says that they come. */
  function isAhead(): boolean {
    return now() >= aheadAt && now() - droppedAt <= HLS_LIMITS.aliveTargets * hls().targetDuration * 1_000
  }

  async function ask(ahead: boolean): Promise<void> {
    let isLost: PublishRefusal | undefined
    let isThere = false
    const answer = await publish({ ...request, hls, ...(ahead && { isAhead: true }) }, (why) => {
      isLost = why
      if (isThere) wait(why)
    })
    if ('refusal' in answer) {
      if (ahead) aheadAt = now() + HLS_LIMITS.askWaitingMs
      else wait(answer.refusal)
    } else if (isLost !== undefined) wait(isLost)
    else if (isClosed) answer.publisher.end('disconnected')
    else {
      isThere = true
      told = undefined
      droppedAt = Number.NEGATIVE_INFINITY
      log.info(fields(), 'hls: source publishing')
      session.publishTo(answer.publisher)
    }
  }

  return {
    look() {
      if (isAsking || isClosed || session.publisher !== undefined) return
      if (now() < notBefore) {
        if (session.hasMedia) drop()
        return
      }
      if (!session.hasMedia && !isAhead()) return
      isAsking = true
      ask(!session.hasMedia)
        .catch((error: unknown) => {
          refusals.refused('error', { ...fields(), err: error }, 'hls: publish failed')
          notBefore = now() + HLS_LIMITS.askAgainMs
        })
        .finally(() => {
          isAsking = false
        })
    },
    close() {
      isClosed = true
      session.close()
    },
  }
}
