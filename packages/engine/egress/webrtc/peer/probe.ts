import type { TransportFeedback } from '@bandstand/media/protocols/rtcp/transport-feedback.ts'
import { PEER_LIMITS } from '../limits.ts'

/** `unheard`: the receiver has said nothing of it, or too little of it was sent. */
export type ProbeVerdict = 'under-way' | 'carried' | 'too-much' | 'unheard'

/**
 * Some tenths of a second in which a line is sent more than it needs, so that it shows whether it carries that: packets arrive later and
 * later, or not at all, where it does not. `now` is milliseconds of a steady clock.
 */
export interface Probe {
  /** Bytes that are to be sent now. */
  due(now: number): number
  /** @param sequence transport-wide. */
  sent(sequence: number, bytes: number, now: number): void
  heard(feedback: TransportFeedback): void
  verdict(now: number): ProbeVerdict
}

/** Units of a feedback's times (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1), milliseconds. */
const REFERENCE = 64
const DELTA = 0.25

/**
 * @param rate bits a second on top of what is sent anyway.
 * @param usualLoss share of packets, 0 to 1, that is lost without it: on a radio link whatever it carries.
 */
export function createProbe(rate: number, begun: number, usualLoss: number): Probe {
  const length = Math.min(PEER_LIMITS.probeMs, (PEER_LIMITS.probeBytes * 8000) / rate)
  const planned = (rate * length) / 8000
  const end = begun + length
  const sentAt = new Map<number, number>()
  /** From sending to arrival, on two clocks: only differences mean something. */
  const delays = new Map<number, number>()
  let bytes = 0
  let least = Number.POSITIVE_INFINITY
  /** As the receiver said first: its clock has 24 bits and wraps every twelve days. */
  let reference: number | undefined
  let isStopped = false

  /** In the order of sending; the least of some says how long the queue is, whatever else held up the others. */
  function growth(): number {
    const inOrder = [...sentAt.keys()].flatMap((sequence) => delays.get(sequence) ?? [])
    const third = Math.ceil(inOrder.length / 3)
    return Math.min(...inOrder.slice(-third)) - Math.min(...inOrder.slice(0, third))
  }

  return {
    due: (now) => (isStopped || now >= end ? 0 : (planned * (now - begun)) / length - bytes),
    sent(sequence, size, now) {
      sentAt.set(sequence & 0xffff, now)
      bytes += size
    },
    heard({ base, referenceTime, deltas }) {
      reference ??= referenceTime
      let time = (((referenceTime - reference) << 8) >> 8) * REFERENCE
      for (const [i, delta] of deltas.entries()) {
        if (delta === undefined) continue
        time += delta * DELTA
        const sequence = (base + i) & 0xffff
        const at = sentAt.get(sequence)
        if (at === undefined) continue
        delays.set(sequence, time - at)
        least = Math.min(least, time - at)
        // The line is full: nothing more is needed to know that.
        if (time - at - least > PEER_LIMITS.probeStopMs) isStopped = true
      }
    },
    verdict(now) {
      if (isStopped) return 'too-much'
      if (now < end || (delays.size < sentAt.size && now < end + PEER_LIMITS.probeWaitMs)) return 'under-way'
      if (delays.size === 0 || bytes < planned * PEER_LIMITS.probeSent) return 'unheard'
      const loss = 1 - delays.size / sentAt.size - usualLoss
      return loss > PEER_LIMITS.probeLoss || growth() > PEER_LIMITS.probeDelayMs ? 'too-much' : 'carried'
    },
  }
}
