import { MediaError } from '../../../error.ts'
import type { RtmpMessage } from '../chunk/message.ts'
import type { RtmpLimits } from '../limits.ts'

/** Media that came before the owner decided, in order and bounded. */
export class HeldMedia {
  readonly #limits: RtmpLimits
  #messages: RtmpMessage[] = []
  #bytes = 0

  constructor(limits: RtmpLimits) {
    this.#limits = limits
  }

  /** @throws MediaError `too-large` when there is no more room. */
  add(message: RtmpMessage): void {
    this.#bytes += message.payload.byteLength
    this.#messages.push(message)
    const { pendingMessages, pendingBytesBeforeAcceptance } = this.#limits
    if (this.#messages.length > pendingMessages || this.#bytes > pendingBytesBeforeAcceptance) {
      throw new MediaError('too-large', 'rtmp: too much media before publishing was accepted')
    }
  }

  /** Everything held; nothing is held then. */
  take(): readonly RtmpMessage[] {
    const messages = this.#messages
    this.#messages = []
    this.#bytes = 0
    return messages
  }
}
