import type { Admission, Log, Publisher, PublishRefusal, PublishRequest } from '../ports.ts'
import { type Candidate, createCandidate } from './candidate.ts'
import type { LeaseHolder } from './lease.ts'
import { STREAM_LIMITS } from './limits.ts'

const NOTHING_SHOWN: PublishRefusal = {
  code: 'unavailable',
  reason:
    'no picture or sound that can be shown has come from this encoder: this channel stays with the one that is live',
}

const TOO_MANY: PublishRefusal = {
  code: 'limit',
  reason: 'too many encoders wait to take this channel over; stop them and try again',
}

/** Asks to be given the channel. */
export interface Claim {
  readonly request: PublishRequest
  /** By what it may publish, and whether it still may. */
  readonly admission: Admission
  /** Tells the encoder why and closes its connection. */
  readonly stop: (why: PublishRefusal) => void
  /** Unix ms. */
  readonly connectedAt: number
  /** Who had the channel and counted as lost when this was asked. */
  readonly foundLost: LeaseHolder | undefined
}

export type Granted = { readonly publisher: Publisher } | { readonly refusal: PublishRefusal }

export interface CandidatesOptions {
  /** Slug of the channel, as it is now. */
  readonly channel: () => string
  /** Gives the channel to an encoder, or says why not. */
  readonly grant: (claim: Claim) => Granted
  readonly log: Log
  /** Unix ms. */
  readonly now: () => number
}

/** The encoders of one channel that have yet to show that they can take over from the one that feeds it. */
export interface Candidates {
  readonly size: number
  /** Where there are too many, the oldest of them is turned away. */
  admit(claim: Claim): Publisher
  turnAllAway(why: PublishRefusal): void
  /** Turns those away that may not publish any more. */
  review(): void
  /** Lets time pass. */
  tick(): void
  /** The clock has leapt by so many ms that count for nothing. */
  leapt(ms: number): void
}

export function createCandidates({ channel, grant, log, now }: CandidatesOptions): Candidates {
  /** Oldest first. */
  const claims = new Map<Candidate, Claim>()

  function turnAway(candidate: Candidate, why: PublishRefusal): void {
    const claim = claims.get(candidate)
    claims.delete(candidate)
    candidate.drop()
    claim?.stop(why)
  }

  return {
    get size() {
      return claims.size
    },
    admit(claim) {
      const candidate: Candidate = createCandidate({
        channel,
        now,
        take() {
          claims.delete(candidate)
          const refusal = claim.admission.objection()
          const granted: Granted = refusal === undefined ? grant(claim) : { refusal }
          if ('publisher' in granted) return granted.publisher
          claim.stop(granted.refusal)
          return undefined
        },
        left: () => void claims.delete(candidate),
        late: () => turnAway(candidate, NOTHING_SHOWN),
      })
      claims.set(candidate, claim)
      const [oldest] = claims.keys()
      if (claims.size > STREAM_LIMITS.candidates && oldest !== undefined) turnAway(oldest, TOO_MANY)
      log.info(
        { channel: channel(), remote: claim.request.remote },
        'encoder waits to take over with its first picture',
      )
      return candidate.publisher
    },
    turnAllAway(why) {
      for (const candidate of claims.keys()) turnAway(candidate, why)
    },
    review() {
      for (const [candidate, { admission }] of claims) {
        const why = admission.objection()
        if (why !== undefined) turnAway(candidate, why)
      }
    },
    tick() {
      for (const candidate of claims.keys()) candidate.tick()
    },
    leapt(ms) {
      for (const candidate of claims.keys()) candidate.leapt(ms)
    },
  }
}
