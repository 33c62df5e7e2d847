import { LADDER_RUNGS_MAX } from '@bandstand/contract/limits.ts'

/** Every bound of the ladder in one place. Milliseconds and bytes, unless said otherwise. */
export const LADDER_LIMITS = {
  /** Renditions of a ladder. */
  rungs: LADDER_RUNGS_MAX,
  /** Ladders that run at once, for each processor: a usual one takes a quarter of one. */
  perProcessor: 4,
  /** Of a source's picture, as coded: 8K. */
  pixels: 8192 * 4352,
  /** How many times as long as the other a side may be made by pixels that are not square. */
  shape: 4,
  /** What waits to be read by ffmpeg; beyond it is taken for one that cannot keep up. */
  input: 24 * 1024 * 1024,
  /**
   * Pictures given to one ffmpeg before another goes on, from a key frame on: its MP4 reader keeps nearly a kilobyte of each. An hour
   * of 30 a second.
   */
  pictures: 108_000,
  /** Pictures that it was given and has not answered, with the same consequence. */
  unanswered: 10_000,
  /** One box of what it writes: a picture of 2 s at 20 Mbit/s fits many times. */
  box: 8 * 1024 * 1024,
  /** Of its complaints, for the log. */
  complaint: 400,
  /**
   * Pictures kept for a ladder that is asked for: whole segments up to so many bytes, and so many that all can be decoded before it
   * is taken for one that hangs.
   */
  backlog: 16 * 1024 * 1024,
  backlogPictures: 1_500,
  /** A ladder begins where a segment does that is at least so old, in ticks of 90 kHz: players are about there. */
  backlogTicks: 90_000,
  /** One that takes the place of another goes on behind the newest picture of that, if it is no more ticks behind the source's newest picture… */
  seam: 2.5 * 90_000,
  /** … and so many behind the key frame from which it has to decode. What is so far behind the newest is not encoded by any. */
  seamLead: 10 * 90_000,
  /** Without anything written, though there was something to write: while it starts, and later. */
  startPatience: 8_000,
  patience: 2_000,
  /**
   * The same of one that sleeps, or is stopped, beside its work: what a machine without time for it never shows. It is looked at from
   * `suspicion` on, and has to rest for `restFor` without a break. One that sleeps has to have begun, and to have been given more
   * pictures than a decoder may hold (16, H.264 A.3.1), the one that ffmpeg's MP4 writer does, and some.
   */
  restPatience: 1_000,
  suspicion: 500,
  restFor: 400,
  restPictures: 20,
  /** One that wants a processor and had less than this share of one since then gets none: it does not hang. */
  starved: 0.25,
  /** A source that sends nothing for so long stands still, and so does ffmpeg. */
  still: 500,
  /** To write what it holds after the last picture: without anything written, and at most. What is later is a gap already. */
  flushPatience: 3_000,
  flush: 6_000,
  /** Of one ladder that may do so, or be killed and not gone yet, at once, before another is started. */
  ending: 2,
  /** Before it is started again: at first, and at most. One that made pictures and ran for longer than `worked` is replaced at once. */
  backOff: 250,
  longestBackOff: 15_000,
  worked: 3_000,
  /** One that has run so long has nothing of its last end to tell. */
  settled: 10_000,
  /** Ends in a row after which its rungs are not listed any more, until one writes something. */
  failures: 4,
  /** A trial encode; and the end of any ffmpeg once it is killed. */
  trialPatience: 8_000,
  killPatience: 2_000,
  /** An encoder that failed its trial is tried again after, and one whose trial only took too long. */
  trialAgain: 10 * 60_000,
  inconclusiveAgain: 20_000,
  /** So old may a success be when ffmpeg fails again and again with that encoder. */
  doubted: 30_000,
  /** Encoding goes on so long after the last viewer of a rung. */
  linger: 30_000,
} as const

/** When a ladder is too much for the machine; see `capacity.ts`. */
export const CAPACITY_LIMITS = {
  /** Milliseconds between looks. */
  look: 1_000,
  /** Seconds by which a rung may be behind the source. */
  lag: 2.5,
  /** Looks in a row that it may be further behind and not coming nearer. */
  looks: 4,
  /** Milliseconds until a rung that was shed is tried again; doubled each time it is shed again, up to the longest. */
  pause: 60_000,
  longestPause: 30 * 60_000,
  /** Not before the machine's load is below this share of its processors. */
  load: 0.7,
  /** Milliseconds between two rungs that come back, of all ladders. */
  restores: 20_000,
} as const

/** Encoding a source again without B-frames. Milliseconds and bytes. */
export const PLAIN_LIMITS = {
  /** Of the source, not taken yet; it is taken as it comes. */
  queuedBytes: 16 * 1024 * 1024,
  queuedDuration: 12_000,
  tick: 100,
} as const
