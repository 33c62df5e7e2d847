/** Bounds of playback by WebRTC. `MS` and durations are milliseconds, `bytes` bytes. */
export const WEBRTC_LIMITS = {
  /** An offer's body. A browser's has about 8 kB. */
  offerBytes: 64 * 1024,
  /** A choice of a rendition. */
  choiceBytes: 1024,
  /** Streams (channels, or renditions of them) that are watched at one time. */
  streams: 200,
  /** How long an offer may take to be answered. */
  answerMs: 5_000,
  /** How long an offer waits to learn whether the source has B-frames, and the pictures that tell. */
  judgeMs: 1_000,
  judgePictures: 4,
  /** How long an offer waits for a rendition that has to be made first, and how often it looks. */
  beginMs: 4_000,
  beginStepMs: 20,
  /** A viewer has this long to connect, and may be silent (no RTCP) this long. Browsers report every second or so. */
  connectMs: 15_000,
  silenceMs: 15_000,
  /**
   * The encoder sends, and the rendition that a viewer is on has stood still for so long, with no other to be had: it has to come again.
   * Longer than an ffmpeg may take to begin (`LADDER_LIMITS.startPatience`): a viewer who left for that would ask for the same one.
   */
  stillMs: 10_000,
  /** A stream is fed on for so long after its last viewer left. */
  lingerMs: 10_000,
  /** What waits for the process to take more: beyond that the stream's reader loses whole groups of pictures. */
  queuedBytes: 8 * 1024 * 1024,
  queuedDuration: 2_000,
} as const

/** Bounds within the process, for one stream or viewer. */
export const PEER_LIMITS = {
  /** The newest group of pictures, kept as packets; as the hub's. */
  groupBytes: 16 * 1024 * 1024,
  groupPackets: 16_384,
  /** Sending what was missed: so many times the stream's own rate, within bits a second, in steps of milliseconds. */
  catchUpFactor: 4,
  catchUpLeast: 4_000_000,
  catchUpMost: 60_000_000,
  /** At least so many times the stream's rate, whatever the receiver thinks that it can take. */
  catchUpFloor: 1.25,
  stepMs: 5,
  /** Ticks of 90 kHz between two pictures that are shown as soon as they are decoded. */
  hurriedTicks: 90,
  /** Without a picture of what it has for so long, a viewer that goes over to another stream begins there at once. */
  stillMs: 500,
  /**
   * Resends for one viewer: bits a second on top of half the stream's rate, and what may come at once; both within what the receiver
   * thinks that it can take, but for so many bits a second on top of an eighth of the stream's rate.
   */
  resendRate: 1_000_000,
  resendBurst: 256 * 1024,
  resendBurstMs: 500,
  resendLeast: 64_000,
  /**
   * Packets back from the newest one sent that may be sent again: SRTP's window on both sides (RFC 3711 §3.3.2; libdatachannel and
   * browsers take 1024). The library throws for an older one.
   */
  resendWindow: 1_024,
  /** The same of retransmissions, which have sequence numbers of their own: all that is kept for two seconds of 19 Mbit/s. */
  retransmissionWindow: 4_096,
  /** The same packet is not sent again sooner. */
  resendGapMs: 15,
  /** Runs of sequence numbers that a viewer's resends are looked up in. */
  runs: 8,
  /** A viewer that asks for a key frame is not given one again sooner, twice as long for each time within one group. */
  keyGapMs: 500,
  /**
   * A line is tried with so many times the next rendition's rate, and at least so many bits a second on top of what it is sent: for so many
   * milliseconds and bytes at most, in which the newest packets are repeated. Less than this share of it was not tried.
   */
  probeFactor: 1.1,
  probeLeast: 200_000,
  probeMs: 500,
  probeBytes: 512 * 1024,
  probeRepeats: 32,
  probeSent: 0.8,
  /** It does not carry that where this share is lost on top of what was lost before, or packets take so many ms longer at the end; it ends where one takes so many. */
  probeLoss: 0.05,
  probeDelayMs: 30,
  probeStopMs: 120,
  /** Reports of the last packets are waited for. */
  probeWaitMs: 1_000,
  /** Datagrams of RTCP that may come once more by another track. */
  copies: 8,
  /** Milliseconds of a stream that may be sent again for that at once, and within each millisecond. */
  repairMs: 10_000,
  repairShare: 0.5,
} as const

/** Bounds of making Opus of AAC. */
export const OPUS_LIMITS = {
  /** Failures of ffmpeg in a row for one stream's sound; milliseconds of rest after the first, doubled with each, and of work that make good for all. */
  failures: 4,
  restartMs: 500,
  provenMs: 60_000,
  /** Milliseconds before sound that was given up is tried again for the same encoder. */
  givenUpMs: 60_000,
  /** Bytes of a frame of AAC: what an ADTS header can say, which has 7 itself. Of other sound it is `SOUND_LIMITS.frame`. */
  adtsFrameBytes: 8_184,
  /** Bytes that wait for it to read, and seconds of sound that may be within it. */
  waitingBytes: 1024 * 1024,
  lag: 2,
  /** Seconds of sound it is given before it has to say anything. */
  early: 4,
  /**
   * Frames given to one ffmpeg before another goes on: its MP4 reader keeps nearly a kilobyte of each. 28 minutes of AC-3. 2³ · 3³ · 5 · 7² are
   * whole packets of 20 ms of frames of 1,152, 1,536, 4,096 and 4,608 samples at 48 and 44.1 kHz, and of Opus: the next one's begin where the
   * one before has them.
   */
  frames: 52_920,
  /** Packets of Opus the next one makes beside it before it takes over, so that its first ones, which fade in, are not heard. */
  overlap: 10,
  /** Characters kept of what it complains of. */
  complaint: 2_000,
} as const
