import { pesSize } from './pes.ts'

/** Bytes of the buffer when it is first needed. */
const FIRST = 16 * 1024
const EMPTY = new Uint8Array(0)
/** From here on a stated length may be no more than what the field can hold, and the picture goes on in the next packet. */
const NEARLY_FULL = 0xff00

export interface PesEvents {
  /**
   * A whole PES packet, header first; valid during the call.
   * @param continues the next one begins without a time.
   */
  onPacket(packet: Uint8Array, continues: boolean): void
  /** One is cut short or too large. */
  onLoss(): void
}

/**
 * Puts the PES packets of one stream together, in one buffer that is used again. One that says its length is whole as soon as it is
 * there, one that does not when the next begins. Pictures that were cut into several packets are waited for too: after the first
 * packet without a time it is known that this encoder cuts.
 */
export class PesAssembler {
  readonly #limit: number
  readonly #cuts: boolean
  readonly #events: PesEvents
  #buffer: Uint8Array = EMPTY
  #length = 0
  /** `full`: whole by its length, and the next may go on with it. `skip`: nothing more of this one counts. */
  #state: 'open' | 'full' | 'skip' = 'skip'
  #hasCut = false

  /**
   * @param limit bytes of one packet at most.
   * @param cuts whether a unit may be cut into several packets, of which the first has a time.
   */
  constructor(limit: number, cuts: boolean, events: PesEvents) {
    this.#limit = limit
    this.#cuts = cuts
    this.#events = events
  }

  push(payload: Uint8Array, start: boolean): void {
    if (start) {
      const continues = this.#cuts && payload.byteLength > 7 && ((payload[7] ?? 0) & 0x80) === 0
      this.#finish(continues)
      this.#hasCut ||= continues
      this.#state = 'open'
      this.#length = 0
    }
    if (this.#state !== 'open') return
    if (!this.#append(payload)) {
      this.#state = 'skip'
      this.#events.onLoss()
      return
    }
    const size = this.#size()
    if (size === 0 || this.#length < size) return
    this.#length = size
    this.#state = 'full'
    if (!this.#cuts || (!this.#hasCut && size < NEARLY_FULL)) this.#finish(false)
  }

  /** No more of this packet comes. */
  flush(): void {
    this.#finish(false)
  }

  /** Packets are missing: what was begun is incomplete. */
  lose(): void {
    this.#state = 'skip'
  }

  #finish(continues: boolean): void {
    const state = this.#state
    this.#state = 'skip'
    if (state === 'skip') return
    // Shorter than it says: its end is missing.
    if (state === 'open' && this.#size() > 0) this.#events.onLoss()
    else this.#events.onPacket(this.#buffer.subarray(0, this.#length), continues)
  }

  #size(): number {
    return this.#length >= 6 ? pesSize(this.#buffer) : 0
  }

  #append(payload: Uint8Array): boolean {
    const length = this.#length + payload.byteLength
    if (length > this.#limit) return false
    if (length > this.#buffer.byteLength) {
      const bigger = new Uint8Array(Math.min(this.#limit, Math.max(FIRST, 2 * this.#buffer.byteLength, length)))
      bigger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = bigger
    }
    this.#buffer.set(payload, this.#length)
    this.#length = length
    return true
  }
}
