/** Bounds of the MPEG-TS code. */
export const MPEGTS_LIMITS = {
  /** Bytes without packets before it is said that this is no MPEG-TS. */
  unsyncedBytes: 256 * 1024,
  /** Packets before a programme's tables must have been there: some 10 s at 4 Mbit/s. The standard asks for them every 0.5 s. */
  tablelessPackets: 25_000,
  /**
   * Changes of programmes and their streams, and the packets that make one more bearable (a second or so): readers are made anew for each.
   */
  tableChanges: 64,
  packetsPerChange: 1_000,
  /** Programmes of an association table that are looked at, and streams of one programme. */
  programs: 32,
  streams: 32,
  /** One coded picture. */
  videoBytes: 8 * 1024 * 1024,
  /** PES packets that one picture may be cut into: 2 KB each for the largest. Empty ones cost memory too. */
  picturePieces: 4096,
  /** One PES packet of sound; its length has 16 bits, what comes without length is not sound. */
  audioBytes: 66 * 1024,
  /** PES packets of a sound without any frame in them before another sound is taken. */
  unreadablePes: 50,
  /**
   * How often a stream has to say that it is of a kind that is not taken, or encrypted, without a unit in between, until that is believed:
   * behind a loss anything may look so.
   */
  unsupportedRow: 3,
}

export type MpegTsLimits = Readonly<typeof MPEGTS_LIMITS>
