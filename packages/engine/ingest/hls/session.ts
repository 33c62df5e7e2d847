import type { Log, Publisher } from '../../ports.ts'
import type { RefusalLog } from '../../remote/refusals.ts'
import { createWaking } from '../../waking.ts'
import { createFeeder } from './feeder.ts'
import type { Intake, IntakeFacts } from './intake.ts'
import { HLS_LIMITS } from './limits.ts'
import { createPacer } from './pacer.ts'

export interface SessionOptions {
  readonly intake: Intake
  /** For log lines: channel, remote address, source; nothing secret. */
  readonly fields: () => Readonly<Record<string, string>>
  readonly log: Log
  /** For troubles, which may come and go with every segment. */
  readonly refusals: RefusalLog
  /** ms, rising. */
  readonly now: () => number
  /** The publisher is gone: the stream has ended, or nothing new came for too long. */
  readonly onEnd: (how: 'unpublished' | 'disconnected') => void
}

/** From an intake to a publisher, at the speed of the media. It lives as long as its source, with one publisher after the other. */
export interface HlsSession {
  /** Files or playlists have come: passes on what they make. Cheap where there is nothing. */
  advance(): void
  /** Something new came of the encoder. */
  touch(): void
  /** ms of media that wait. */
  readonly held: number
  /** There is something to publish. */
  readonly hasMedia: boolean
  readonly publisher: Publisher | undefined
  publishTo(publisher: Publisher): void
  /** The publisher was taken away, or there is none yet; what waits is dropped. Configurations are kept for the next one. */
  stopped(): void
  /** Lets go of the publisher as a lost connection does. */
  close(): void
}

/** Timers come this far apart: a timer for each unit would cost more than what is done with it. */
const TICK_MS = 20
/** What could not be read is told this often, where it has changed. */
const FACTS_MS = 1_000

export function createSession(options: SessionOptions): HlsSession {
  return new Session(options)
}

class Session implements HlsSession {
  readonly #options: SessionOptions
  readonly #pacer = createPacer()
  readonly #feeder = createFeeder()
  readonly #wokenAt = createWaking(FACTS_MS)
  #publisher: Publisher | undefined
  #timer: NodeJS.Timeout | undefined
  #touched: number
  #announced = false
  #malformed = 0
  #factsAt = Number.NEGATIVE_INFINITY
  #trouble: string | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#touched = options.now()
  }

  get held(): number {
    return this.#pacer.held
  }

  get hasMedia(): boolean {
    return !this.#pacer.isEmpty
  }

  get publisher(): Publisher | undefined {
    return this.#publisher
  }

  touch(): void {
    this.#touched = this.#options.now()
  }

  advance(): void {
    const { intake, now } = this.#options
    for (const load of intake.take()) this.#pacer.push(load, now())
    this.#logTrouble(intake.facts)
    this.#schedule()
  }

  publishTo(publisher: Publisher): void {
    this.#publisher = publisher
    this.#announced = false
    this.#malformed = 0
    this.#feeder.publishTo(publisher)
    this.touch()
    this.#schedule()
  }

  stopped(): void {
    this.#publisher = undefined
    this.#feeder.publishTo(undefined)
    this.#feeder.feed(this.#pacer.clear(), this.#options.intake.lanes)
    this.#stopTimer()
  }

  close(): void {
    this.#end('disconnected')
    this.stopped()
  }

  #tick(): void {
    const { intake, now } = this.#options
    const at = now()
    if (this.#publisher === undefined) return
    const heardAt = Math.max(this.#touched, this.#wokenAt(at))
    this.#announce(this.#publisher)
    this.#feeder.feed(this.#pacer.release(at), intake.lanes)
    this.#describe(this.#publisher, at)
    if (this.#pacer.isEmpty && intake.ended) this.#finish('unpublished')
    else if (this.#pacer.isEmpty && at - heardAt >= this.#silence()) this.#finish('disconnected')
    else this.#schedule()
  }

  #silence(): number {
    return Math.max(HLS_LIMITS.silenceMs, this.#options.intake.facts.targetDuration * 1000 * HLS_LIMITS.silenceTargets)
  }

  #finish(how: 'unpublished' | 'disconnected'): void {
    this.#end(how)
    this.#feeder.publishTo(undefined)
    this.#options.onEnd(how)
  }

  #end(how: 'unpublished' | 'disconnected'): void {
    const publisher = this.#publisher
    this.#publisher = undefined
    this.#stopTimer()
    if (publisher === undefined) return
    const { facts } = this.#options.intake
    this.#options.log.info({ ...this.#options.fields(), lost: facts.lost }, `hls: encoder ${how}`)
    publisher.end(how)
  }

  #announce(publisher: Publisher): void {
    const { tracks, lanes } = this.#options.intake
    if (this.#announced || tracks === undefined) return
    this.#announced = true
    const brought = lanes.filter(({ role }) => role === 'brought').length
    publisher.announce({ ...tracks, ...(brought > 0 && { brought }) })
  }

  #describe(publisher: Publisher, at: number): void {
    if (at - this.#factsAt < FACTS_MS) return
    this.#factsAt = at
    const { facts } = this.#options.intake
    if (facts.malformed === this.#malformed) return
    this.#malformed = facts.malformed
    publisher.describe({ droppedMalformed: facts.malformed })
  }

  #logTrouble({ trouble }: IntakeFacts): void {
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    if (trouble === undefined) return
    const { fields, refusals } = this.#options
    refusals.refused('warn', { ...fields(), trouble }, 'hls: trouble', fields()['channel'])
  }

  #schedule(): void {
    if (this.#publisher === undefined || this.#timer !== undefined) return
    const next = this.#pacer.nextAt
    // With nothing to let out, time is looked at now and then for the end.
    const wait = next === undefined ? FACTS_MS / 4 : Math.min(FACTS_MS, next - this.#options.now())
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#tick()
      },
      Math.max(TICK_MS, wait),
    )
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
