import type { RtmpLimits } from '../limits.ts'

/** What is due: the end of the present state, the peer's silence, a ping, or nothing yet. */
export type Due = 'deadline' | 'idle' | 'ping' | undefined

/** The clocks of a session, all in ms of the owner's clock. */
export class Liveness {
  readonly #limits: RtmpLimits
  #deadline: number
  #heardAt: number
  #pingAt = Number.POSITIVE_INFINITY

  constructor(limits: RtmpLimits, now: number) {
    this.#limits = limits
    this.#deadline = now + limits.handshakeMs
    this.#heardAt = now
  }

  heard(now: number): void {
    this.#heardAt = now
  }

  /** When the present state must have ended; `Infinity` where it may last. */
  set deadline(at: number) {
    this.#deadline = at
  }

  /** From now on a silent peer is pinged. */
  startPings(now: number): void {
    this.#pingAt = now + this.#limits.pingMs
  }

  due(now: number): Due {
    if (now >= this.#deadline) return 'deadline'
    if (now >= this.#heardAt + this.#limits.idleMs) return 'idle'
    if (now < this.#pingAt) return undefined
    // A peer that is heard needs no ping: media is the best sign of life.
    const silent = now >= this.#heardAt + this.#limits.pingMs
    this.#pingAt = (silent ? now : this.#heardAt) + this.#limits.pingMs
    return silent ? 'ping' : undefined
  }

  get wakeAt(): number {
    return Math.min(this.#deadline, this.#heardAt + this.#limits.idleMs, this.#pingAt)
  }
}
