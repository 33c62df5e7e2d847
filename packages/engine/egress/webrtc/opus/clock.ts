/** Ticks a second of Opus in RTP, whatever its sample rate (RFC 7587 §4.1). */
const OPUS_RATE = 48_000

/**
 * Times for what comes out of an encoder that counts samples only: each packet out belongs to the moment its first sample had going
 * in. The timeline stretches a frame now and then, so the way in is remembered frame by frame.
 */
export interface OpusClock {
  /** A frame goes in. Times in ticks of `timescale`. */
  wrote(time: number): void
  /** A packet of so many ticks of 48 kHz comes out. Returns its time on the broadcast's clock, in ticks of 48 kHz. */
  read(ticks: number): number
  /** Seconds that are within the encoder. */
  readonly lag: number
}

/**
 * @param frameLength of a frame, in ticks of `timescale`.
 * @param delay ticks of 48 kHz that the encoder puts in front (pre-skip, RFC 7845 §4.2).
 */
export function createOpusClock(timescale: number, frameLength: number, delay: number): OpusClock {
  /** Frames that something is still to come of: position and time of the first sample, in ticks of 48 kHz. */
  const frames: { readonly at: number; readonly time: number }[] = []
  let written = 0
  let read = -delay
  const scale = OPUS_RATE / timescale
  return {
    wrote(time) {
      frames.push({ at: written, time: time * scale })
      written += frameLength * scale
    },
    read(ticks) {
      while (frames.length > 1 && (frames[1]?.at ?? 0) <= read) frames.shift()
      const { at, time } = frames[0] ?? { at: 0, time: 0 }
      const result = Math.round(time + read - at)
      read += ticks
      return result
    },
    get lag() {
      return (written - read) / OPUS_RATE
    },
  }
}
