import type { Ack } from '../packet/ack.ts'
import { markRetransmitted, writeDataPacket } from '../packet/data.ts'
import { writeDropRequest } from '../packet/drop-request.ts'
import { HEADER_BYTES } from '../packet/header.ts'
import type { LossRange } from '../packet/nak.ts'
import { sequenceAfter, sequenceDistance } from '../sequence.ts'
import { KeyRefresh } from './key-refresh.ts'
import type { SrtSessionOptions, SrtSink } from './options.ts'
import type { RoundTrip } from './round-trip.ts'
import type { SendCounts } from './statistics.ts'

/** Packets are given up so long after they were due, at the least (§4.6; libsrt: SRT_TLPKTDROP_MINTHRESHOLD). */
const TOO_LATE_MS = 1_000
/** A burst, such as a key frame, is spread over so many ms; so many packets go at once whatever else. */
const SPREAD_MS = 20
const BURST = 16
/** Least time between two repetitions of one packet, ms. */
const REPEAT_MS = 20
const MESSAGE_MASK = 0x3ffffff
/** First number of places. Power of two. */
const FIRST_PLACES = 256

/** Sender's half of a connection: keeps what was sent until it is acknowledged, and sends again what is asked for. */
export class Sender {
  /** Bytes of packets that wait to be sent, or acknowledged. */
  kept = 0
  readonly counts: SendCounts = { packets: 0, bytes: 0, resent: 0, dropped: 0 }
  readonly #options: SrtSessionOptions
  readonly #sink: SrtSink
  readonly #roundTrip: RoundTrip
  readonly #refresh: KeyRefresh | undefined
  /** Ring of packets from `#base` on, which grows up to its bound: `#sent` of them have been sent, `#length` are there. */
  #packets: (Uint8Array | undefined)[]
  /** When each came to be sent, and when it was sent last, ms. */
  #times: Float64Array
  #sentAt: Float64Array
  #base: number
  #head = 0
  #sent = 0
  #length = 0
  #message = 1
  #flowWindow: number
  #resendable: number
  #lastFlush: number
  /** The peer has acknowledged something new, or something new was sent. */
  #progressAt = Number.POSITIVE_INFINITY

  constructor(options: SrtSessionOptions, sink: SrtSink, roundTrip: RoundTrip) {
    const { sendPackets, resendAllowanceAtFirst } = options.limits
    this.#options = options
    this.#sink = sink
    this.#roundTrip = roundTrip
    this.#refresh = options.keys && new KeyRefresh(options.keys, options.limits)
    const places = Math.min(FIRST_PLACES, sendPackets)
    this.#packets = Array.from({ length: places })
    this.#times = new Float64Array(places)
    this.#sentAt = new Float64Array(places)
    this.#base = options.initialSequence
    this.#flowWindow = options.flowWindow
    this.#resendable = resendAllowanceAtFirst
    this.#lastFlush = options.start
  }

  /** Packets that wait to be sent. */
  get waiting(): number {
    return this.#length - this.#sent
  }

  /** A payload to be sent, at most what a packet holds. */
  push(payload: Uint8Array, now: number): void {
    if (this.#length >= this.#options.limits.sendPackets) this.#giveUp(1)
    else if (this.#length === this.#packets.length) this.#grow()
    const sequence = sequenceAfter(this.#base, this.#length)
    const { keys, start, peerSocketId } = this.#options
    this.#refresh?.count(now, this.#sink, this.#options)
    const slot = this.#slot(this.#length++)
    const packet = writeDataPacket({
      sequence,
      key: keys?.inUse ?? 0,
      message: this.#message,
      timestamp: ((now - start) * 1000) >>> 0,
      destination: peerSocketId,
      payload: keys === undefined ? payload : keys.encrypt(sequence, payload),
    })
    this.#packets[slot] = packet
    this.kept += packet.byteLength
    this.#times[slot] = now
    this.#message = this.#message === MESSAGE_MASK ? 1 : this.#message + 1
  }

  /** @throws nothing: an ACK of what was never sent is passed over */
  acknowledge({ sequence, measured }: Ack, now: number): void {
    const count = sequenceDistance(this.#base, sequence)
    if (count < 0 || count > this.#sent) return
    if (measured !== undefined) {
      this.#flowWindow = Math.max(2, measured.available)
      this.#roundTrip.add(measured.roundTrip / 1000)
    }
    if (count === 0) return
    this.#leave(count)
    this.#progressAt = now
  }

  /** Packets that the peer misses. */
  resend(ranges: readonly LossRange[], now: number): void {
    let left = this.#options.limits.resentPerReport
    let isTold = false
    for (const { first, last } of ranges) {
      const to = sequenceDistance(this.#base, last)
      const from = sequenceDistance(this.#base, first)
      if (from > to || to >= this.#sent) continue
      if (from < 0 && !isTold) {
        // They are given up, and the peer need not ask again. One answer for a report: of others it hears when it asks for them again. A
        // range over all of them would have older versions of libsrt drop what they have received in between.
        isTold = true
        const end = sequenceAfter(this.#base, Math.min(-1, to))
        this.#sink.send(writeDropRequest({ ...this.#header(now), information: 0 }, { first, last: end }))
      }
      for (let i = Math.max(0, from); i <= to && left > 0; i++, left--) this.#repeat(i, now)
    }
  }

  /** Sends what waits, as far as the peer has room, and gives up what is too late. */
  wake(now: number): void {
    const tooLate = now - Math.max(TOO_LATE_MS, this.#options.senderDelay + REPEAT_MS)
    while (this.#length > 0 && (this.#times[this.#head] as number) < tooLate) this.#giveUp(1)
    this.#flush(now)
    this.#repeatTail(now)
    this.#refresh?.wake(now, this.#sink, this.#options)
  }

  wakeAt(): number {
    if (this.#length === 0) return this.#refresh?.wakeAt ?? Number.POSITIVE_INFINITY
    return this.waiting > 0 ? this.#lastFlush + 1 : this.#lastFlush + REPEAT_MS
  }

  /** The peer has taken the key that was announced to it. */
  keyTaken(material: Uint8Array): void {
    this.#refresh?.taken(material)
  }

  #flush(now: number): void {
    const passed = Math.max(1, now - this.#lastFlush)
    this.#lastFlush = now
    let count = Math.max(BURST, Math.ceil((this.waiting * passed) / SPREAD_MS))
    for (; count > 0 && this.waiting > 0 && this.#sent < this.#flowWindow; count--) {
      const slot = this.#slot(this.#sent++)
      const packet = this.#packets[slot] as Uint8Array
      this.#sentAt[slot] = now
      this.counts.packets++
      this.counts.bytes += packet.byteLength
      this.#resendable = Math.min(this.#resendable + 1, this.#options.limits.resendAllowance)
      this.#progressAt = now
      this.#sink.send(packet)
    }
  }

  /** Behind the last packet of a stream comes none by which its loss would be seen. */
  #repeatTail(now: number): void {
    const { smoothed, variance } = this.#roundTrip
    if (this.#sent === 0 || now < this.#progressAt + smoothed + 4 * variance + REPEAT_MS) return
    this.#progressAt = now
    for (let i = 0; i < Math.min(this.#sent, BURST); i++) this.#repeat(i, now)
  }

  /** Not within one round trip: what was sent again may still be under way. */
  #repeat(offset: number, now: number): void {
    const slot = this.#slot(offset)
    const { smoothed, variance } = this.#roundTrip
    if (now - (this.#sentAt[slot] as number) < Math.max(REPEAT_MS, smoothed - 4 * variance)) return
    if (this.#resendable < 1) return
    this.#resendable--
    const packet = this.#packets[slot] as Uint8Array
    markRetransmitted(packet)
    this.#sentAt[slot] = now
    this.counts.resent++
    this.#sink.send(packet)
  }

  #giveUp(count: number): void {
    this.counts.dropped += count
    this.#leave(count)
  }

  #leave(count: number): void {
    for (let i = 0; i < count; i++) {
      const slot = this.#slot(i)
      this.kept -= this.#packets[slot]?.byteLength ?? 0
      this.#packets[slot] = undefined
    }
    this.#base = sequenceAfter(this.#base, count)
    this.#head = this.#slot(count)
    this.#length -= count
    this.#sent = Math.max(0, this.#sent - count)
  }

  #grow(): void {
    const places = this.#packets.length
    const packets: (Uint8Array | undefined)[] = Array.from({ length: places * 2 })
    const times = new Float64Array(places * 2)
    const sentAt = new Float64Array(places * 2)
    for (let i = 0; i < places; i++) {
      const slot = this.#slot(i)
      packets[i] = this.#packets[slot]
      times[i] = this.#times[slot] as number
      sentAt[i] = this.#sentAt[slot] as number
    }
    this.#packets = packets
    this.#times = times
    this.#sentAt = sentAt
    this.#head = 0
  }

  #slot(offset: number): number {
    return (this.#head + offset) & (this.#packets.length - 1)
  }

  #header(now: number) {
    const { start, peerSocketId } = this.#options
    return { timestamp: ((now - start) * 1000) >>> 0, destination: peerSocketId }
  }
}

/** Bytes of payload that one packet holds over IPv4 (§3: 1456 of 1500), so that nothing on the way takes it apart. */
export function payloadBytes(mtu: number): number {
  return mtu - 28 - HEADER_BYTES
}
