/** What the browser counts of one connection, as far as the player needs it (W3C webrtc-stats). Seconds, sums since the beginning. */
export interface Sample {
  /** When it was taken; milliseconds. */
  readonly at: number
  readonly packets: number
  /** Bytes of everything the line has brought, reports too. */
  readonly received: number
  /** Pictures; of sound alone its samples. */
  readonly frames: number
  /** For how long the picture stood still, where the browser counts it. */
  readonly frozen: number
  /** Time that all frames together have spent from their first packet to their picture, or samples to their sound. */
  readonly processing: number
  readonly roundTrip: number | undefined
  readonly height: number | undefined
}

interface Entry {
  readonly type: string
  readonly id: string
  readonly kind?: string
  readonly packetsReceived?: number
  readonly bytesReceived?: number
  readonly framesDecoded?: number
  readonly totalFreezesDuration?: number
  readonly frameHeight?: number
  readonly jitterBufferDelay?: number
  readonly jitterBufferEmittedCount?: number
  readonly totalDecodeTime?: number
  readonly totalProcessingDelay?: number
  readonly nominated?: boolean
  readonly state?: string
  readonly currentRoundTripTime?: number
  readonly selectedCandidatePairId?: string
}

/** @param hasPicture pictures come along; of sound alone the latency is the sound's. */
export function sampleOf(report: Pick<RTCStatsReport, 'forEach'>, at: number, hasPicture = true): Sample {
  const entries: Entry[] = []
  report.forEach((entry: Entry) => entries.push(entry))
  const inbound = entries.filter((entry) => entry.type === 'inbound-rtp')
  const video = inbound.find((entry) => entry.kind === 'video')
  const transport = entries.find((entry) => entry.type === 'transport')
  const pair =
    entries.find((entry) => entry.type === 'candidate-pair' && entry.id === transport?.selectedCandidatePairId) ??
    // Firefox has no `transport`.
    entries.find((entry) => entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded')
  const sound = hasPicture ? undefined : inbound.find((entry) => entry.kind === 'audio')
  const frames = sound ? (sound.jitterBufferEmittedCount ?? 0) : (video?.framesDecoded ?? 0)
  return {
    at,
    packets: inbound.reduce((sum, entry) => sum + (entry.packetsReceived ?? 0), 0),
    received: transport?.bytesReceived ?? pair?.bytesReceived ?? 0,
    frames,
    frozen: video?.totalFreezesDuration ?? 0,
    processing: sound
      ? (sound.jitterBufferDelay ?? 0)
      : (video?.totalProcessingDelay ?? buffered(video, frames) + (video?.totalDecodeTime ?? 0)),
    roundTrip: pair?.currentRoundTripTime,
    height: video?.frameHeight,
  }
}

/** Where the browser does not sum up the processing, as if each decoded frame had waited as long as the usual one. */
function buffered(video: Entry | undefined, frames: number): number {
  const { jitterBufferDelay = 0, jitterBufferEmittedCount = 0 } = video ?? {}
  return jitterBufferEmittedCount > 0 ? (jitterBufferDelay / jitterBufferEmittedCount) * frames : 0
}

/**
 * Seconds from the server's sending to the picture, over the time between two samples: half of the round trip, the wait for
 * an even flow, and decoding. `undefined` while no frame came.
 */
export function latencyOf(before: Sample, after: Sample): number | undefined {
  const frames = after.frames - before.frames
  if (frames <= 0) return undefined
  return Math.max(0, (after.processing - before.processing) / frames) + (after.roundTrip ?? 0) / 2
}
