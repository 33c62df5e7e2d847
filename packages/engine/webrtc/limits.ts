/** Bounds of the WebRTC process, whoever uses it. `MS` are milliseconds, `bytes` bytes. */
export const PROCESS_LIMITS = {
  /** How long it may take to start: half a second of a processor, of which encoders may leave it little. Killed for that it would begin anew. */
  startMs: 30_000,
  /** Who needs it waits no longer for that: after this a browser has given up, and would hold its place for nothing. */
  startPatienceMs: 10_000,
  /** It lives on for so long with nothing to do. */
  idleMs: 60_000,
  /** Media on its way to the process: beyond that whoever sends it has to wait. */
  sendingBytes: 4 * 1024 * 1024,
  /** Milliseconds until it is started again, doubled with every failure in a row. */
  restartMs: 500,
  restartMostMs: 30_000,
  /** It says how its peers fare so often; without a word for `hungMs` it is killed, which is looked at so often. */
  reportMs: 1_000,
  watchMs: 500,
  hungMs: 10_000,
  /** How long it may take to say goodbye to its peers at the end. */
  goodbyeMs: 1_000,
  /**
   * Addresses of relays that come by the port for them, of all peers and of one; one is let go of that has been silent for so long. As
   * many peers as one address may have do not take all.
   */
  relays: 500,
  relaysPerPeer: 8,
  relaySilenceMs: 30_000,
  /** Bytes of an ICE check that is looked at: no path has to carry more (RFC 8489 §6.1); browsers send some 100 to 200. */
  checkBytes: 1_280,
} as const
