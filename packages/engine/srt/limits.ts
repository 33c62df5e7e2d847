import { SRT_LIMITS } from '@bandstand/media/protocols/srt/limits.ts'

/** Bounds of the SRT listener on top of those of each session. */
export const SRT_LISTENER_LIMITS = {
  ...SRT_LIMITS,
  /** Connections, of encoders and readers. */
  connections: 1_000,
  /** Of these, readers: however many there are, there is room for encoders. */
  readers: 800,
  /** Bytes that are kept until readers have acknowledged them, of all together: beyond it the one that has most is let go of. */
  keptBytes: 256 * 1024 * 1024,
  /**
   * Connections from one address (IPv6: one /64 network), those that are being decided on among them: so many encoders, and so many
   * readers.
   */
  connectionsPerAddress: 10,
  /** Callers that have shown their address and wait for the decision whether they may. */
  halfOpen: 200,
  halfOpenPerAddress: 8,
  /** How long a decision may take, ms: the caller has given up before. */
  decisionMs: 10_000,
  /**
   * Handshakes of one address in a second for which keys are derived and decisions made (a caller repeats itself four times a
   * second), those of all together, and addresses that are counted apart. Behind `repeatedAttempts` of all only the first of each address counts.
   */
  attemptsPerAddress: 20,
  attempts: 200,
  repeatedAttempts: 100,
  addresses: 4_096,
  /** Answers to callers that were refused, kept for those that have not heard it, and for how long, ms. */
  refusals: 256,
  refusalMs: 3_000,
  /** Bytes that the kernel keeps of what was not read yet; it gives as much as it may (Linux: net.core.rmem_max). */
  socketBytes: 8 * 1024 * 1024,
  /** Bytes that wait because the network takes no more: what comes then is dropped, for it is too late or is asked for again. */
  unsentBytes: 4 * 1024 * 1024,
  /** How often time passes in all sessions, ms: so much later than it should anything is handed on. */
  tickMs: 10,
  /** Bits a second that an encoder may send over `bitrateWindowMs`. */
  bitrate: 100_000_000,
  bitrateWindowMs: 5_000,
} as const

export type SrtListenerLimits = { readonly [name in keyof typeof SRT_LISTENER_LIMITS]: number }
