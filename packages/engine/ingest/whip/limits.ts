import { BROUGHT_TRACKS } from '@bandstand/media/access-unit.ts'

/** Bounds of publishing by WHIP. `MS` are milliseconds. */
export const WHIP_LIMITS = {
  /** Encoders at one time. */
  sessions: 200,
  /** An offer's body, and that of a PATCH with candidates. */
  offerBytes: 64 * 1024,
  fragmentBytes: 16 * 1024,
  /** Characters of a key. */
  key: 1_024,
  /** Sizes of one picture that are taken, sections and their restriction ids together: each has a brought track of its own for when another leads. */
  video: BROUGHT_TRACKS.most,
  /** How long an offer may take to be answered by the process. */
  answerMs: 5_000,
  /** Sessions that ended a short while ago and may be told goodbye once more. */
  ended: 1_000,
  /** Changes of configuration that one session may make beyond one a second: each begins a period for every player. */
  configurations: 30,
  /** An encoder of which nothing could be read for so long is sent away: longer than it takes to connect, and than key frames are apart. */
  unreadableMs: 45_000,
  /** The largest rendition that has sent nothing for so long no longer leads; one that is back leads again after so long. */
  stillMs: 1_500,
  backMs: 4_000,
} as const

/** Bounds within the process, for one encoder. */
export const DESK_LIMITS = {
  /** It has this long to connect, and may send nothing for so long. */
  connectMs: 15_000,
  silenceMs: 10_000,
  /** How long a missing packet is waited for: of pictures it is asked for meanwhile, of sound it may only be late. */
  holdVideoMs: 500,
  holdAudioMs: 80,
  /** How often holes are looked after while there are any. */
  stepMs: 10,
  /** How often the encoder is told how it fares, and of arrivals where it goes by those. */
  reportMs: 250,
  arrivalsMs: 100,
  /** A key frame is asked for where the newest is older: segments begin with one, 2 s at the earliest. */
  keyMs: 2_050,
  /** And again so long after, doubled where none comes; at once after a loss, but no sooner than this. */
  askKeyMs: 500,
  askKeyMostMs: 4_000,
  askKeyLostMs: 200,
  /** Sources of one section: simulcast, and one that takes over from another. */
  sources: 8,
  /** A source that has sent nothing for so long is replaced by another of its section. */
  replacedMs: 500,
  /** What the encoder may send, in times of the highest bitrate, over so many milliseconds. */
  excess: 1.5,
  excessMs: 5_000,
  /** Media on its way to the server: beyond that pictures are left out up to the next key frame. */
  sendingBytes: 8 * 1024 * 1024,
} as const
