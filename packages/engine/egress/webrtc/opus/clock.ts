/** Ticks a second of Opus in RTP, whatever its sample rate (RFC 7587 §4.1). */
const OPUS_RATE = 48_000
const TICKS_PER_MS = OPUS_RATE / 1000

/**
 * Milliseconds over which the least that was within the encoder is looked for, and by which it may grow: an encoder that is held up
 * has caught up in between, but what it could not decode never comes.
 */
const WINDOW = 500
const GROWTH = 60

/**
 * Times for what comes out of an encoder that counts samples only: each packet out belongs to the moment its first sample had going
 * in. The timeline stretches a frame now and then, so the way in is remembered frame by frame. Frames that are not decoded are seen
 * by what is within the encoder never becoming as little again as it was: what comes out then belongs to a later moment.
 */
export interface OpusClock {
  /** A frame of so many ticks goes in. Times in ticks of `timescale`. */
  wrote(time: number, ticks: number): void
  /** A packet of so many ticks of 48 kHz comes out. Returns its time on the broadcast's clock, in ticks of 48 kHz. */
  read(ticks: number): number
  /** Seconds that are within the encoder. */
  readonly lag: number
}

/**
 * @param timescale of what goes in.
 * @param delay ticks of 48 kHz that the encoder puts in front (pre-skip, RFC 7845 §4.2).
 */
export function createOpusClock(timescale: number, delay: number): OpusClock {
  /** Frames that something is still to come of: position and time of the first sample, in ticks of 48 kHz. */
  const frames: { readonly at: number; readonly time: number }[] = []
  let written = 0
  let read = -delay
  /** What is within the encoder at least, in ticks of 48 kHz: in the running window, and in the one that all are held against. */
  let least = Number.POSITIVE_INFINITY
  let usual: number | undefined
  let windowTicks = 0
  /** What was taken for lost. */
  let skipped = 0
  const scale = OPUS_RATE / timescale
  function look(): void {
    usual ??= least
    const missing = least - usual
    if (missing > GROWTH * TICKS_PER_MS) {
      read += missing
      skipped += missing
    } else if (missing < 0) {
      // What was taken for lost came after all.
      const back = Math.min(skipped, -missing)
      read -= back
      skipped -= back
      usual = Math.min(usual, least + back)
    }
    least = Number.POSITIVE_INFINITY
    windowTicks = 0
  }

  return {
    wrote(time, ticks) {
      frames.push({ at: written, time: time * scale })
      written += ticks * scale
    },
    read(ticks) {
      while (frames.length > 1 && (frames[1]?.at ?? 0) <= read) frames.shift()
      const { at, time } = frames[0] ?? { at: 0, time: 0 }
      const result = Math.round(time + read - at)
      read += ticks
      least = Math.min(least, written - read)
      windowTicks += ticks
      if (windowTicks >= WINDOW * TICKS_PER_MS) look()
      return result
    },
    get lag() {
      return (written - read) / OPUS_RATE
    },
  }
}
