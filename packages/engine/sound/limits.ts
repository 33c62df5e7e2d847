/** Every bound of what makes AAC of other sound in one place. Milliseconds and bytes, unless said otherwise. */
export const SOUND_LIMITS = {
  /** ffmpegs that make sound at once, for each processor: one takes about a fiftieth of it. */
  perProcessor: 16,
  /** What waits to be read by ffmpeg; beyond it is taken for one that cannot keep up. */
  input: 8 * 1024 * 1024,
  /** A frame that is longer is none (an ADTS frame has 13 bits of length, FLAC of 65,535 samples has most), and is left out. */
  frame: 512 * 1024,
  /** Frames given to one ffmpeg before another goes on: its MP4 reader keeps nearly a kilobyte of each. 17 minutes of 20 ms. */
  frames: 50_000,
  /** One box of what it writes: a frame is at most 6,144 bits for each channel (ISO/IEC 14496-3 §4.5.3.3). */
  box: 64 * 1024,
  /** Of its complaints, for the log. */
  complaint: 400,
  /** The source's newest sound, from which one that is asked for begins: seconds, and at most so many bytes and frames (of 2.5 ms). */
  backlogSeconds: 30,
  backlogBytes: 4 * 1024 * 1024,
  backlogUnits: 12_000,
  /** Seconds given to the decoder before what is wanted: Opus needs 80 ms to converge (RFC 7845 §4.6), an MP3 frame its reservoir. */
  preroll: 0.2,
  /** Frames of AAC made and left out before what is wanted: the encoder's own begin is faded in. */
  lead: 4,
  /** Seconds without sound within an epoch that are filled with silence; what is longer is a gap. */
  hole: 1,
  /** Seconds by which a time that comes out may be past what was given. */
  ahead: 1,
  /** ffmpegs of one broadcast that may end or be killed and not gone yet, at once, before another is started. */
  ending: 2,
  /** It is made for so long after the last who asked for it. */
  linger: 30_000,
} as const
