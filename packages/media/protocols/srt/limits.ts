/** Every bound of the SRT code. Times in milliseconds, sizes in bytes. */
export const SRT_LIMITS = {
  /** Largest datagram that is offered and taken: Ethernet's, with the headers of IP and UDP (§4.3.1.1, MTU size). */
  mtu: 1500,
  /** Packets that wait for their time, or for one that was lost before them: 2.6 s of 32 Mbit/s. Power of two. */
  receivePackets: 8192,
  /** Packets kept for sending again. Power of two. */
  sendPackets: 8192,
  /** Latency that is agreed to, whatever a caller asks for: it is memory here. */
  latencyMs: 8_000,
  /** Latency of a caller that asks for none or less (§4.4): libsrt's own default. */
  leastLatencyMs: 120,
  /** Stream id (§3.2.1.3): 512 as specified. */
  streamIdBytes: 512,
  /** Extensions of one handshake. */
  extensions: 16,
  /** Longest passphrase that libsrt takes; the shortest is {@link PASSPHRASE_LEAST}. */
  passphraseBytes: 79,
  /** Nothing at all from the peer for this long: it is gone (libsrt: SRTO_PEERIDLETIMEO). */
  idleMs: 5_000,
  /** Nothing was sent for this long: a keep-alive is (§4.5.3). */
  keepAliveMs: 1_000,
  /** A caller repeats its handshake so often, and gives up after so long. */
  handshakeRepeatMs: 250,
  handshakeMs: 3_000,
  /** A cookie is good for the rest of this period and all of the next one. */
  cookieMs: 30_000,
  /** Entries of one loss report that are read: what a datagram holds. */
  lossRanges: 364,
  /** Packets that one loss report has sent again; a peer that misses more asks again. */
  resentPerReport: 256,
  /** Packets of which each one sent allows one to be sent again; so many at most, and so many at first. */
  resendAllowance: 1_024,
  resendAllowanceAtFirst: 128,
  /** Key material of a peer is looked at no more often. */
  keyMaterialMs: 100,
  /** Packets under one key before the next is used, and before that is announced (libsrt: SRTO_KMREFRESHRATE, 2^24). */
  keyPackets: 0x1000000,
  keyAnnouncePackets: 0x1000,
} as const

/** Shortest passphrase that libsrt takes, bytes. */
export const PASSPHRASE_LEAST = 10

/** Limits as one value, so that a test can change some of them. */
export type SrtLimits = { readonly [name in keyof typeof SRT_LIMITS]: number }
