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

  /** What has come meanwhile is old by then. */
  function wait(why: PublishRefusal): void {
    notBefore = now() + HLS_LIMITS.askAgainMs
    session.stopped()
    const message = why.code === 'in-use' ? 'hls: source waits for the channel' : 'hls: source stopped'
    refusals.refused(
      'warn',
      { ...fields(), reason: why.code, text: why.reason },
      message,
      `${why.code} ${fields()['source']}`,
    )
  }

  async function ask(): Promise<void> {
    let isLost: PublishRefusal | undefined
    let isThere = false
    const answer = await publish({ ...request, hls }, (why) => {
      isLost = why
      if (isThere) wait(why)
    })
    if ('refusal' in answer) wait(answer.refusal)
    else if (isLost !== undefined) wait(isLost)
    else if (isClosed) answer.publisher.end('disconnected')
    else {
      isThere = true
      log.info(fields(), 'hls: source publishing')
      session.publishTo(answer.publisher)
    }
  }

  return {
    look() {
      if (isAsking || isClosed || session.publisher !== undefined || !session.hasMedia) return
      if (now() < notBefore) {
        session.stopped()
        return
      }
      isAsking = true
      ask()
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
