import { MediaError } from '../../../error.ts'
import { TrafficMeter } from '../../../traffic.ts'
import type { RtmpLimits } from '../limits.ts'

/** How much a peer has sent, against what it may: bytes, and messages, which cost more than their bytes where they are short. */
export class Intake {
  readonly #limits: RtmpLimits
  readonly #bytes: TrafficMeter
  readonly #messages: TrafficMeter
  readonly #commands: TrafficMeter
  #early = { bytes: 0, messages: 0 }

  constructor(limits: RtmpLimits) {
    this.#limits = limits
    this.#bytes = new TrafficMeter(limits.bitrateWindowMs)
    this.#messages = new TrafficMeter(limits.bitrateWindowMs)
    this.#commands = new TrafficMeter(limits.bitrateWindowMs)
  }

  /**
   * @param now ms. @param isAccepted the peer's publish has been accepted.
   * @returns what to tell the encoder when it was too much.
   * @throws MediaError `too-large` for a peer that nobody has accepted.
   */
  bytes(count: number, now: number, isAccepted: boolean): string | undefined {
    const { bitrate, bitrateWindowMs, bytesBeforeAcceptance } = this.#limits
    if (this.#bytes.add(count, now) * 8 > (bitrate * bitrateWindowMs) / 1000) {
      return `The bitrate is above the limit of ${Math.round(bitrate / 1e6)} Mbit/s: lower it in the encoder.`
    }
    if (!isAccepted) this.#early.bytes += count
    if (this.#early.bytes > bytesBeforeAcceptance) throw tooLarge('too much before publishing was accepted')
    return undefined
  }

  /** The same for one message, those within an aggregate too. */
  message(now: number, isAccepted: boolean): string | undefined {
    const { messagesBeforeAcceptance, messagesPerWindow } = this.#limits
    if (!isAccepted && ++this.#early.messages > messagesBeforeAcceptance) {
      throw tooLarge('too many messages before publishing was accepted')
    }
    if (isAccepted && this.#messages.add(1, now) > messagesPerWindow) {
      return 'The stream comes much faster than it plays: send it in real time (ffmpeg: -re).'
    }
    return undefined
  }

  /** One message that is not media. @throws MediaError `too-large`. */
  command(now: number): void {
    if (this.#commands.add(1, now) > this.#limits.commandsPerWindow) throw tooLarge('too many commands in a short time')
  }

  /** The peer's publish is over: what it may send before the next one is accepted begins anew. */
  unaccepted(): void {
    this.#early = { bytes: 0, messages: 0 }
  }
}

function tooLarge(message: string): MediaError {
  return new MediaError('too-large', `rtmp: ${message}`, { structure: 'rtmp.session' })
}
