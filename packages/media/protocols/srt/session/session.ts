import { MediaError } from '../../../error.ts'
import { EXTENSION } from '../handshake/extensions.ts'
import { parseAck } from '../packet/ack.ts'
import { parseDropRequest } from '../packet/drop-request.ts'
import { writeAckAck, writeKeepAlive, writeShutdown } from '../packet/empty.ts'
import { CONTROL, type ControlHeader, HEADER_BYTES, isControl, parseControlHeader } from '../packet/header.ts'
import { parseNak } from '../packet/nak.ts'
import { writeKeyPacket } from './key-refresh.ts'
import type { SrtSessionOptions, SrtSink } from './options.ts'
import { Receiver } from './receiver.ts'
import { RoundTrip } from './round-trip.ts'
import { payloadBytes, Sender } from './sender.ts'
import type { SrtStatistics } from './statistics.ts'

/** `shutdown`: the peer has said so; `lost`: nothing came of it any more; `closed`: we have ended it. */
export type SrtEnd = 'shutdown' | 'lost' | 'closed'

/** A connection in live mode once its handshake is over. Times in ms, of any clock that only rises. */
export interface SrtSession {
  /**
   * A packet of the peer's. What is wrong in it is passed over, for anybody may forge one, but counted.
   * Media are not handed on before `wake`: what still lies unread in the socket may be what is missing.
   */
  receive(packet: Uint8Array, now: number): void
  /** Lets time pass. To be called at `wakeAt` or some ms later, once everything that has arrived was received. */
  wake(now: number): void
  readonly wakeAt: number
  /** @param payload at most {@link payloadBytes}. @throws MediaError `too-large`; `wrong-state` once it has ended */
  send(payload: Uint8Array, now: number): void
  /** Payloads that wait to be sent. */
  readonly waiting: number
  /** Bytes of those, and of what was sent and has yet to be acknowledged. */
  readonly kept: number
  /** Largest payload, bytes. */
  readonly payloadBytes: number
  /** Tells the peer. Idempotent. */
  close(now: number): void
  readonly ended: SrtEnd | undefined
  /** Packets that could not be read. */
  readonly malformed: number
  statistics(now: number): SrtStatistics
}

export function createSrtSession(options: SrtSessionOptions, sink: SrtSink): SrtSession {
  return new Session(options, sink)
}

class Session implements SrtSession {
  readonly payloadBytes: number
  malformed = 0
  ended: SrtEnd | undefined
  readonly #options: SrtSessionOptions
  readonly #sink: SrtSink
  readonly #roundTrip = new RoundTrip()
  readonly #receiver: Receiver
  /** Made when something is sent: most connections only receive. */
  #sender: Sender | undefined
  #heardAt: number
  #spokenAt: number
  #keyMaterialAt = Number.NEGATIVE_INFINITY

  constructor(options: SrtSessionOptions, sink: SrtSink) {
    this.#options = options
    this.#sink = {
      send: (packet) => {
        this.#spokenAt = this.#now
        sink.send(packet)
      },
      payload: (data) => sink.payload(data),
    }
    this.#now = options.start
    this.#heardAt = options.start
    this.#spokenAt = options.start
    this.#receiver = new Receiver(options, this.#sink, this.#roundTrip)
    this.payloadBytes = payloadBytes(options.limits.mtu)
  }

  /** Of the call that is being made. */
  #now: number
  /** The peer has said goodbye: with the next `wake` what it has sent is handed on, due or not, and this is over. */
  #isShut = false

  get wakeAt(): number {
    if (this.ended !== undefined) return Number.POSITIVE_INFINITY
    if (this.#isShut) return this.#now
    const { keepAliveMs, idleMs } = this.#options.limits
    return Math.min(
      this.#receiver.wakeAt(),
      this.#sender?.wakeAt() ?? Number.POSITIVE_INFINITY,
      this.#spokenAt + keepAliveMs,
      this.#heardAt + idleMs,
    )
  }

  get waiting(): number {
    return this.#sender?.waiting ?? 0
  }

  get kept(): number {
    return this.#sender?.kept ?? 0
  }

  receive(packet: Uint8Array, now: number): void {
    if (this.ended !== undefined) return
    this.#now = now
    // A datagram may have 64 KB, and so much is kept for seconds of each that comes.
    if (packet.byteLength < HEADER_BYTES || packet.byteLength > this.payloadBytes + HEADER_BYTES) {
      this.malformed++
      return
    }
    this.#heardAt = now
    if (!isControl(packet)) {
      this.#receiver.receive(packet, now)
      return
    }
    try {
      this.#control(parseControlHeader(packet), packet, now)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.malformed++
    }
  }

  wake(now: number): void {
    if (this.ended !== undefined) return
    this.#now = now
    if (this.#isShut) {
      this.#receiver.finish()
      this.ended = 'shutdown'
      return
    }
    this.#receiver.wake(now)
    this.#sender?.wake(now)
    const { keepAliveMs, idleMs } = this.#options.limits
    if (now >= this.#heardAt + idleMs) this.ended = 'lost'
    else if (now >= this.#spokenAt + keepAliveMs) this.#sink.send(writeKeepAlive(this.#header(now)))
  }

  send(payload: Uint8Array, now: number): void {
    if (this.ended !== undefined) throw new MediaError('wrong-state', 'srt: the connection has ended')
    if (payload.byteLength > this.payloadBytes) {
      throw new MediaError('too-large', `srt: a payload has at most ${this.payloadBytes} bytes`)
    }
    this.#now = now
    this.#sender ??= new Sender(this.#options, this.#sink, this.#roundTrip)
    this.#sender.push(payload, now)
  }

  close(now: number): void {
    if (this.ended !== undefined) return
    this.#now = now
    this.#sink.send(writeShutdown(this.#header(now)))
    this.ended = 'closed'
  }

  statistics(now: number): SrtStatistics {
    return {
      roundTrip: this.#roundTrip.isMeasured ? this.#roundTrip.smoothed : 0,
      latency: this.#options.receiverDelay,
      buffered: this.#receiver.buffered(now),
      received: { ...this.#receiver.counts },
      sent: { ...(this.#sender?.counts ?? { packets: 0, bytes: 0, resent: 0, dropped: 0 }) },
    }
  }

  #control(header: ControlHeader, packet: Uint8Array, now: number): void {
    switch (header.type) {
      case CONTROL.ack: {
        const ack = parseAck(packet)
        this.#sender?.acknowledge(ack, now)
        // Only full ones are answered (§3.2.4).
        if (ack.measured !== undefined) this.#sink.send(writeAckAck(this.#header(now), header.information))
        return
      }
      case CONTROL.ackAck:
        this.#receiver.acknowledged(header.information, header.timestamp, now)
        return
      case CONTROL.nak:
        this.#sender?.resend(parseNak(packet, this.#options.limits.lossRanges), now)
        return
      case CONTROL.dropRequest:
        this.#receiver.droppedByPeer(parseDropRequest(packet))
        return
      case CONTROL.shutdown:
        this.#isShut = true
        return
      case CONTROL.user:
        this.#keyMaterial(header.subtype, packet.subarray(HEADER_BYTES), now)
    }
  }

  /** A new key of the peer's is answered by repeating it, one of our own was answered so (§6.1.6). */
  #keyMaterial(subtype: number, material: Uint8Array, now: number): void {
    const { keys, limits } = this.#options
    if (keys === undefined) return
    if (subtype === EXTENSION.keyResponse) this.#sender?.keyTaken(material)
    if (subtype !== EXTENSION.keyRequest || now < this.#keyMaterialAt + limits.keyMaterialMs) return
    this.#keyMaterialAt = now
    if (keys.take(material)) this.#sink.send(writeKeyPacket(this.#header(now), 'response', material))
  }

  #header(now: number) {
    const { start, peerSocketId } = this.#options
    return { timestamp: ((now - start) * 1000) >>> 0, destination: peerSocketId }
  }
}
