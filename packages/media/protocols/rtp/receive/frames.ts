import { MediaError } from '../../../error.ts'
import type { RtpPacket } from '../packet.ts'
import type { Assembled, Depacketizer } from './depacketizer.ts'
import { RECEIVE_LIMITS } from './limits.ts'
import type { Ordered } from './reorder.ts'

export interface Frame extends Assembled {
  /** Of RTP, 32 bits. */
  readonly timestamp: number
}

export interface FrameCounters {
  /** Whole pictures. */
  frames: number
  keyFrames: number
  /** Pictures that were left out because they were damaged or what they build upon was. */
  dropped: number
  /** Of these, such as contradict their payload format. */
  malformed: number
}

/** Packets in order to pictures that can be decoded: what comes behind a hole is left out up to the next key frame. */
export interface Frames {
  push(ordered: Ordered): readonly Frame[]
  /** Nothing can be shown before a key frame comes. */
  readonly awaitsKey: boolean
  readonly counters: Readonly<FrameCounters>
}

export function createFrames({ beginsKeyFrame, assemble }: Depacketizer): Frames {
  const counters: FrameCounters = { frames: 0, keyFrames: 0, dropped: 0, malformed: 0 }
  let awaitsKey = true
  /** The next packet may belong to a picture whose beginning is missing. */
  let isBehindGap = true
  /** Of the picture that is left out. */
  let skipped: number | undefined
  let timestamp: number | undefined
  let payloads: Uint8Array[] = []
  let bytes = 0

  function clear(): void {
    timestamp = undefined
    payloads = []
    bytes = 0
  }

  function spoil(): void {
    if (payloads.length > 0) counters.dropped++
    clear()
    awaitsKey = true
  }

  function finish(out: Frame[]): void {
    if (timestamp === undefined) return
    const at = timestamp
    const taken = payloads
    clear()
    let assembled: Assembled | undefined
    try {
      assembled = assemble(taken)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      counters.malformed++
      counters.dropped++
      awaitsKey = true
      return
    }
    if (assembled === undefined) return
    if (awaitsKey && !assembled.key) {
      counters.dropped++
      return
    }
    awaitsKey = false
    counters.frames++
    if (assembled.key) counters.keyFrames++
    out.push({ ...assembled, timestamp: at })
  }

  function take(packet: RtpPacket, out: Frame[]): void {
    // Padding, by which senders try how much the line carries.
    if (packet.payload.byteLength === 0) return
    if (timestamp !== undefined && timestamp !== packet.timestamp) finish(out)
    if (isBehindGap) {
      isBehindGap = false
      skipped = beginsKeyFrame(packet.payload) ? undefined : packet.timestamp
      if (skipped !== undefined) counters.dropped++
    }
    if (skipped === packet.timestamp) return
    skipped = undefined
    timestamp = packet.timestamp
    payloads.push(packet.payload)
    bytes += packet.payload.byteLength
    if (payloads.length > RECEIVE_LIMITS.framePackets || bytes > RECEIVE_LIMITS.frameBytes) {
      spoil()
      skipped = packet.timestamp
    } else if (packet.marker) finish(out)
  }

  return {
    push(ordered) {
      const out: Frame[] = []
      if (ordered.kind === 'packet') take(ordered.packet, out)
      else {
        spoil()
        isBehindGap = true
      }
      return out
    },
    get awaitsKey() {
      return awaitsKey
    },
    counters,
  }
}
