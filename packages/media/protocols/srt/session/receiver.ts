import { writeAck } from '../packet/ack.ts'
import { isRetransmitted, keyOf, payloadOf, sequenceOf } from '../packet/data.ts'
import { HEADER_BYTES, timestampOf } from '../packet/header.ts'
import { type LossRange, writeNak } from '../packet/nak.ts'
import { sequenceAfter, sequenceDistance } from '../sequence.ts'
import type { SrtSessionOptions, SrtSink } from './options.ts'
import { PeerClock } from './peer-clock.ts'
import { NOTHING, ReceiveBuffer } from './receive-buffer.ts'
import type { RoundTrip } from './round-trip.ts'
import type { ReceiveCounts } from './statistics.ts'

/**
 * Between two full ACKs, ms. §3.2.4 has 10; each costs a packet out and its acknowledgement in, which at 4 Mbit/s is a fifth of all packets, and
 * a sender in live mode has no use for it but to let go of what has arrived: what is missing it hears from loss reports.
 */
const ACK_MS = 30
/** What a round trip may be longer by than it varies, ms, before it says that the packet lay somewhere. */
const UNUSUAL_MS = 10
/** Packets after which a light ACK goes out before the next full one is due (§4.8.1). */
const LIGHT_ACK_PACKETS = 64
/** Least time between two reports of the same loss, ms (§4.8.2). */
const NAK_MS = 20
/**
 * A packet further ahead than so many times what the buffer holds may be a stray one: it is followed when so many in a row come from there, as
 * behind an outage in which the peer went on counting.
 */
const FAR = 2
const FAR_PACKETS = 32

/**
 * Receiver's half of a connection: puts packets in order, asks for those that are missing, hands each on when its time has
 * come (§4.5, TSBPD) and gives those up that are too late (§4.6, TLPKTDROP).
 */
export class Receiver {
  readonly counts: ReceiveCounts = {
    packets: 0,
    bytes: 0,
    lost: 0,
    recovered: 0,
    dropped: 0,
    duplicates: 0,
    undecryptable: 0,
  }
  readonly #options: SrtSessionOptions
  readonly #sink: SrtSink
  readonly #roundTrip: RoundTrip
  readonly #buffer: ReceiveBuffer
  readonly #clock: PeerClock
  /** The peer does not send again what is just under way, so it may be asked often. */
  readonly #isPatient: boolean
  #ackAt = Number.POSITIVE_INFINITY
  #ackNumber = 0
  #acknowledged: number
  /** The newest ACK was acknowledged itself, so the peer knows. */
  #isKnown = true
  #lastAckAt = 0
  #sinceAck = 0
  #nakAt = Number.POSITIVE_INFINITY
  #newestDue = Number.NEGATIVE_INFINITY
  /** The newest packet that is far ahead, and how many came from there in a row. */
  #farSequence = 0
  #farPackets = 0
  /** For the rate in ACKs. */
  #rateSince: number
  #ratePackets = 0
  #rateBytes = 0
  #packetRate = 0
  #byteRate = 0

  constructor(options: SrtSessionOptions, sink: SrtSink, roundTrip: RoundTrip) {
    this.#options = options
    this.#sink = sink
    this.#roundTrip = roundTrip
    this.#buffer = new ReceiveBuffer(options.initialSequence, options.limits.receivePackets)
    this.#clock = new PeerClock(options.peerStart, options.start)
    this.#isPatient = options.peerVersion >= 0x010500
    this.#acknowledged = options.initialSequence
    this.#rateSince = options.start
  }

  /** A data packet. @param now ms */
  receive(packet: Uint8Array, now: number): void {
    const buffer = this.#buffer
    const sequence = sequenceOf(packet)
    const time = this.#clock.timeOf(timestampOf(packet))
    let found = buffer.look(sequence)
    if (found === 'outside' && this.#makeRoom(sequence)) found = buffer.look(sequence)
    if (found !== 'new') {
      if (found !== 'outside') this.counts.duplicates++
      return
    }
    this.#farPackets = 0
    const before = buffer.span
    const due = time + this.#options.receiverDelay
    buffer.insert(sequence, this.#decrypted(packet, sequence), due)
    this.#newestDue = Math.max(this.#newestDue, due)
    this.counts.packets++
    this.counts.bytes += packet.byteLength
    this.#ratePackets++
    this.#rateBytes += packet.byteLength
    if (isRetransmitted(packet)) this.counts.recovered++
    if (buffer.span - before > 1) this.#lose(before, now)
    this.#ackAt = Math.min(this.#ackAt, this.#lastAckAt + ACK_MS)
    if (++this.#sinceAck % LIGHT_ACK_PACKETS === 0 && now - this.#lastAckAt < ACK_MS) this.#lightAck(now)
  }

  /** An ACK was acknowledged. */
  acknowledged(number: number, timestamp: number, now: number): void {
    const usual = this.#roundTrip.smoothed + 4 * this.#roundTrip.variance + UNUSUAL_MS
    const sample = this.#roundTrip.acknowledged(number, now)
    if (sample === undefined) return
    if (number === this.#ackNumber) this.#isKnown = true
    this.#clock.arrived(timestamp, sample, sample <= usual, now)
  }

  /** The peer has given packets up: what is missing of them is not waited for, but goes when its time has come, like all. */
  droppedByPeer({ first, last }: LossRange): void {
    const from = sequenceDistance(this.#buffer.base, first)
    const to = sequenceDistance(this.#buffer.base, last)
    if (from > 0 || to < 0) return
    // In front of all that is there, they keep nobody waiting any more once they are skipped.
    const gap = Math.min(this.#buffer.gap(), to + 1)
    if (gap > 0) this.#giveUp(gap)
  }

  /** Hands on what is due, gives up what is too late, acknowledges and asks again. */
  wake(now: number): void {
    this.#handOn(now)
    if (now >= this.#ackAt) this.#ack(now)
    if (now >= this.#nakAt) this.#askAgain(now)
  }

  /** Nothing more comes: hands on what waits, without waiting for its time. */
  finish(): void {
    this.#handOn(Number.POSITIVE_INFINITY)
  }

  /** When to be woken next, ms. */
  wakeAt(): number {
    return Math.min(this.#ackAt, this.#nakAt, this.#buffer.nextDue())
  }

  /** Milliseconds until the newest of the packets that wait is due. */
  buffered(now: number): number {
    return this.#buffer.span === 0 ? 0 : Math.max(0, this.#newestDue - now)
  }

  #decrypted(packet: Uint8Array, sequence: number): Uint8Array {
    const { keys } = this.#options
    const key = keyOf(packet)
    const payload = payloadOf(packet)
    if (keys === undefined && key === 0) return payload
    // What comes in the clear on an encrypted connection is nobody's word.
    const plain = keys === undefined || key === 0 ? undefined : keys.decrypt(key, sequence, payload)
    if (plain !== undefined) return plain
    this.counts.undecryptable++
    return NOTHING
  }

  /** What waits is more than there is room for: the oldest go before their time. @returns whether there is room now */
  #makeRoom(sequence: number): boolean {
    const buffer = this.#buffer
    const most = this.#options.limits.receivePackets
    const offset = sequenceDistance(buffer.base, sequence)
    if (offset >= FAR * most && !this.#isFollowed(sequence)) return false
    for (let left = offset - most + 1; left > 0; ) {
      if (buffer.span === 0) {
        this.counts.lost += left
        this.counts.dropped += left
        buffer.jump(left)
        return true
      }
      const gap = Math.min(buffer.gap(), left)
      if (gap > 0) this.#giveUp(gap)
      else this.#hand()
      left -= Math.max(1, gap)
    }
    return true
  }

  #isFollowed(sequence: number): boolean {
    const steps = sequenceDistance(this.#farSequence, sequence)
    const isNext = this.#farPackets > 0 && steps > 0 && steps < this.#options.limits.receivePackets
    this.#farSequence = sequence
    this.#farPackets = isNext ? this.#farPackets + 1 : 1
    return this.#farPackets >= FAR_PACKETS
  }

  #handOn(now: number): void {
    const buffer = this.#buffer
    while (buffer.span > 0 && buffer.nextDue() <= now) {
      const gap = buffer.gap()
      if (gap > 0) this.#giveUp(gap)
      this.#hand()
    }
  }

  #hand(): void {
    const payload = this.#buffer.take()
    if (payload !== NOTHING) this.#sink.payload(payload)
  }

  #giveUp(count: number): void {
    this.counts.dropped += count
    this.#buffer.skip(count)
    this.#ackAt = Math.min(this.#ackAt, this.#lastAckAt + ACK_MS)
  }

  /** Packets were left out before one that has come: they are asked for at once. */
  #lose(from: number, now: number): void {
    this.counts.lost += this.#buffer.span - from - 1
    this.#nak(this.#buffer.losses(0, now, this.#words, from), now)
    if (this.#nakAt === Number.POSITIVE_INFINITY) this.#nakAt = now + this.#nakInterval
  }

  #askAgain(now: number): void {
    const interval = this.#nakInterval
    if (this.#buffer.missing === 0) {
      this.#nakAt = Number.POSITIVE_INFINITY
      return
    }
    this.#nak(this.#buffer.losses(now - interval, now, this.#words), now)
    this.#nakAt = now + Math.min(interval, NAK_MS)
  }

  #nak(ranges: readonly LossRange[], now: number): void {
    if (ranges.length > 0) this.#sink.send(writeNak(this.#header(now), ranges))
  }

  /** Half a round trip as §4.8.2 has it. A peer that sends nothing twice within one is asked as often as is allowed. */
  get #nakInterval(): number {
    const { smoothed, variance } = this.#roundTrip
    return this.#isPatient ? NAK_MS : Math.max(NAK_MS, (smoothed + 4 * variance) / 2)
  }

  /** Words of a loss list that a datagram holds, with the headers of IP (v6) and UDP. */
  get #words(): number {
    return (this.#options.limits.mtu - 48 - HEADER_BYTES) >> 2
  }

  #ack(now: number): void {
    const sequence = sequenceAfter(this.#buffer.base, this.#buffer.contiguous)
    this.#ackAt = Number.POSITIVE_INFINITY
    const { smoothed, variance } = this.#roundTrip
    const isNew = sequence !== this.#acknowledged
    if (!isNew && this.#isKnown) return
    const next = this.#lastAckAt + (isNew ? ACK_MS : smoothed + 4 * variance)
    if (now < next) {
      this.#ackAt = next
      return
    }
    this.#measureRate(now)
    this.#acknowledged = sequence
    this.#isKnown = false
    this.#sinceAck = 0
    this.#lastAckAt = now
    // Once more, unless it is acknowledged or there is something new by then.
    this.#ackAt = now + smoothed + 4 * variance
    this.#ackNumber = this.#ackNumber === 0xffffffff ? 1 : this.#ackNumber + 1
    this.#roundTrip.sent(this.#ackNumber, now)
    const most = this.#options.limits.receivePackets
    const measured = {
      roundTrip: Math.round(smoothed * 1000),
      variance: Math.round(variance * 1000),
      // Where there is no room it is made, so a full buffer is no reason for the peer to wait until what it has is too old.
      available: Math.max(most >> 1, most - this.#buffer.span),
      packetRate: this.#packetRate,
      // Nothing is tried out about the line: what comes is what is known of it.
      capacity: this.#packetRate,
      byteRate: this.#byteRate,
    }
    this.#sink.send(writeAck({ ...this.#header(now), information: this.#ackNumber }, { sequence, measured }))
  }

  #lightAck(now: number): void {
    const sequence = sequenceAfter(this.#buffer.base, this.#buffer.contiguous)
    this.#sink.send(writeAck({ ...this.#header(now), information: 0 }, { sequence }))
  }

  #measureRate(now: number): void {
    const passed = now - this.#rateSince
    if (passed < 1000) return
    this.#packetRate = Math.round((this.#ratePackets * 1000) / passed)
    this.#byteRate = Math.round((this.#rateBytes * 1000) / passed)
    this.#rateSince = now
    this.#ratePackets = 0
    this.#rateBytes = 0
  }

  #header(now: number) {
    const { start, peerSocketId } = this.#options
    return { timestamp: ((now - start) * 1000) >>> 0, destination: peerSocketId }
  }
}
