import { PEER_LIMITS } from '../limits.ts'
import type { PacketTrack, SharedPacket } from './packet-track.ts'
import { createRepairs } from './repairs.ts'
import type { RtpSender } from './sender.ts'
import { createSequence } from './sequence.ts'

/**
 * One viewer's pictures. It begins with the newest key frame there is; what has come since is sent after it somewhat faster
 * than it came, with timestamps that let the receiver show it as fast as it decodes, so that it is at the live edge at once.
 */
export interface PictureSender {
  /** Some have been sent. */
  readonly hasBegun: boolean
  /** There is more to send than the pictures just added. */
  readonly isBehind: boolean
  /**
   * Goes over to a track: at once where nothing is sent yet, or comes any more, and its newest group is kept; else with its next key
   * frame.
   *
   * @param isUrgent the line cannot carry what it has: nothing more of that is sent.
   */
  attach(track: PacketTrack, now: number, isUrgent?: boolean): void
  /** What the receiver thinks that it can take, bits a second: what was missed and what was lost is sent within it. */
  estimated(rate: number): void
  /** A picture was added to the track. @param first its first packet's number. */
  added(track: PacketTrack, first: number, key: boolean, now: number): void
  /** Sends what is due of what was missed. */
  step(now: number): void
  /**
   * The decoder lost its way. Nobody can be asked for a key frame: the newest group is sent again from its begin, unless the next
   * one will be there before that is made up. Nothing happens where that would be too often, or too much.
   */
  restart(now: number): void
  /** Packets that did not arrive. Returns how many were sent again. */
  resend(sequences: readonly number[], now: number): number
  /** Sends one of the newest packets once more, each time another, as a probe. Returns its bytes; 0 where there is none. */
  repeat(transportSequence: number, now: number): number
  /** Packets that were asked for and not sent again, for they would have been too many. */
  readonly refused: number
}

export function createPictureSender(sender: RtpSender): PictureSender {
  const { firstSequence, retransmission } = sender.source
  const { resendWindow, retransmissionWindow } = PEER_LIMITS
  const sequence = createSequence(firstSequence, retransmission === undefined ? resendWindow : retransmissionWindow)
  let track: PacketTrack | undefined
  /** Where it goes over to with the next key frame there. */
  let next: PacketTrack | undefined
  /** Number of the next packet; `undefined` while waiting for a key frame. */
  let cursor: number | undefined
  let hasBegun = false
  /** When a picture of `track` came last. */
  let cameAt = Number.NEGATIVE_INFINITY
  let frame = -1
  let timestamp = Number.NEGATIVE_INFINITY
  /** The newest picture when this run began: up to it timestamps are drawn together. */
  let edge: SharedPacket | undefined
  let stepAt = 0
  let estimate = Number.POSITIVE_INFINITY
  /** It waits for a key frame because one was thought to be near. */
  let isExpecting = false
  const repairs = createRepairs()
  let repeated = 0
  let refused = 0
  /** Bytes that may be sent again. */
  let resendable: number = PEER_LIMITS.resendBurst
  let resendAt = 0
  /** Sequence number → when it was last sent again. */
  const resent = new Map<number, number>()

  function begin(from: PacketTrack, number: number, now: number): void {
    track = from
    cursor = number
    frame = -1
    edge = from.newest
    stepAt = now
    cameAt = now
    isExpecting = false
    sequence.begin(from, number)
  }

  /** Bits a second at which `of` is sent until nothing is missing. */
  function pace(of: PacketTrack): number {
    const wished = Math.max(PEER_LIMITS.catchUpLeast, of.rate * PEER_LIMITS.catchUpFactor)
    const carried = Math.max(estimate, of.rate * PEER_LIMITS.catchUpFloor)
    return Math.min(PEER_LIMITS.catchUpMost, wished, carried)
  }

  /** Sends one packet; false when it is gone, and the viewer waits for a key frame. */
  function sendNext(now: number): number {
    const packet = cursor === undefined ? undefined : track?.get(cursor)
    if (packet === undefined || cursor === undefined) {
      cursor = undefined
      return 0
    }
    if (packet.frame !== frame) enter(packet)
    cursor++
    hasBegun = true
    return sender.send(packet, sequence.take(), timestamp, now)
  }

  /** Timestamps rise from picture to picture, whatever was sent before. */
  function enter(packet: SharedPacket): void {
    frame = packet.frame
    const own =
      edge === undefined || packet.frame >= edge.frame
        ? packet.timestamp
        : edge.timestamp - (edge.frame - packet.frame) * PEER_LIMITS.hurriedTicks
    timestamp = Math.max(own, timestamp + PEER_LIMITS.hurriedTicks / 2)
    if (timestamp !== packet.timestamp) sequence.moved(frame, timestamp)
  }

  /** A packet that was sent, as it was; `undefined` where it is not kept any more. */
  function find(number: number) {
    const found = sequence.find(number & 0xffff)
    const packet = found?.track.get(found.number)
    if (found === undefined || packet === undefined) return undefined
    return { packet, number, timestamp: found.timestamp(packet.frame) ?? packet.timestamp }
  }

  return {
    get hasBegun() {
      return hasBegun
    },
    get isBehind() {
      return cursor !== undefined && track !== undefined && cursor < track.next
    },
    attach(to, now, isUrgent = false) {
      next = undefined
      if (to === track) return
      if (isUrgent && cursor !== undefined) {
        track = to
        cursor = undefined
        isExpecting = false
        // What is lost of it would only fill the line again.
        sequence.forget()
        return
      }
      const isStill = cursor === undefined || now - cameAt >= PEER_LIMITS.stillMs
      if (isStill && to.key !== undefined) begin(to, to.key, now)
      else next = to
    },
    estimated(rate) {
      estimate = rate
    },
    added(to, first, key, now) {
      if (key && to === next) {
        next = undefined
        begin(to, first, now)
      } else if (key && to === track && (cursor === undefined || cursor < first)) begin(to, first, now)
      else if (isExpecting && to === track && to.key !== undefined && to.age >= to.keyDistance) {
        begin(to, to.key, now)
      }
      if (to !== track) return
      cameAt = now
      if (cursor !== first) return
      while (cursor !== undefined && cursor < to.next) sendNext(now)
    },
    step(now) {
      if (cursor === undefined || track === undefined) return
      // A late timer must not become a burst of seconds.
      let budget = (pace(track) / 8000) * Math.min(PEER_LIMITS.stepMs * 4, Math.max(PEER_LIMITS.stepMs, now - stepAt))
      stepAt = now
      while (budget > 0 && cursor !== undefined && cursor < track.next) budget -= sendNext(now)
    },
    restart(now) {
      if (track === undefined || !repairs.take(track, now)) return
      const { key, age, keyDistance, rate } = track
      const speed = rate === 0 ? PEER_LIMITS.catchUpFactor : Math.min(PEER_LIMITS.catchUpFactor, pace(track) / rate)
      const left = keyDistance - age
      // The distance is a guess: once it is past, nothing is known of the next one.
      if (key === undefined || (left > 0 && left < age / (speed - 1))) {
        cursor = undefined
        isExpecting = true
        return
      }
      begin(track, key, now)
    },
    resend(sequences, now) {
      const own = track?.rate ?? 0
      // On a line that is full, each packet sent again costs another.
      const spare = Math.max(estimate - own, own / 8 + PEER_LIMITS.resendLeast)
      const rate = Math.min(own / 2 + PEER_LIMITS.resendRate, spare)
      const burst = Math.min(PEER_LIMITS.resendBurst, (estimate * PEER_LIMITS.resendBurstMs) / 8000)
      resendable = Math.min(burst, resendable + ((now - resendAt) * rate) / 8000)
      resendAt = now
      for (const [number, at] of resent) if (now - at >= PEER_LIMITS.resendGapMs) resent.delete(number)
      let count = 0
      for (const number of sequences) {
        if (resent.has(number)) continue
        const found = find(number)
        if (found === undefined) continue
        if (resendable <= 0) {
          refused++
          continue
        }
        resent.set(number, now)
        resendable -= sender.resend(found.packet, number, found.timestamp, now)
        count++
      }
      return count
    },
    repeat(transportSequence, now) {
      const older = find(sequence.newest - (repeated++ % PEER_LIMITS.probeRepeats))
      // There may not be so many yet.
      if (older === undefined) repeated = 1
      const chosen = older ?? find(sequence.newest)
      if (chosen === undefined) return 0
      return sender.resend(chosen.packet, chosen.number, chosen.timestamp, now, transportSequence)
    },
    get refused() {
      return refused
    },
  }
}
