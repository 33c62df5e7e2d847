/** Every bound of the HTTP side in one place. Times in milliseconds, sizes in bytes. */
export const limits = {
  /** Characters of a request's URL; longer is 414. */
  url: 2_048,
  /** Characters of an opaque token in a path prefix. */
  token: 1_024,
  /** Bytes of all request headers together (Node answers 431). */
  headers: 16 * 1024,
  /** Bytes of one connection's answers that its peer has not taken yet; beyond it further answers are refused. */
  connectionBytes: 32 * 1024 * 1024,
  /** Answers of one connection not yet taken by its peer (pipelining, HTTP/2 streams). */
  connectionAnswers: 64,
  /** Such answers of all connections, beyond which a connection may have no more than `crowdedAnswers`. */
  totalAnswers: 8_192,
  crowdedAnswers: 4,
  /** Bytes that were read from the store and that answers of all connections hold; beyond it further ones are 503. */
  storedBytes: 256 * 1024 * 1024,
  /** The same of a connection that a reverse proxy shares among its viewers. */
  sharedBytes: 512 * 1024 * 1024,
  sharedAnswers: 4_096,
  sharedCrowdedAnswers: 512,
  /** Requests that one connection has sent ahead and that are answered in one go. */
  requestsAtOnce: 16,
  /**
   * Requests of one HTTP/1.1 connection that the fallback works on at a time; a connection that sends more ahead is cut. No
   * browser sends any ahead, and one read of a socket holds two thousand.
   */
  requestsAhead: 32,
  /** Requests that the fallback works on at a time, of all connections and of one address; and of probes, which come besides. */
  generalRequests: 4_096,
  generalPerAddress: 512,
  probes: 256,
  probesPerAddress: 32,
  /** Requests with a body at a time, whoever takes them, of all connections and of one address: each may hold 128 kB of it. */
  bodies: 2_048,
  bodiesPerAddress: 512,
  /** An answer of the fallback that its peer does not take is cut after this; for what is long there is more, bytes for each ms. */
  answerTimeout: 90_000,
  leastRate: 8,
  /** Requests of one connection waiting for a playlist or part to be made. */
  connectionWaiting: 16,
  /** The same of a connection that a reverse proxy shares among its viewers. */
  sharedWaiting: 4_096,
  /** The same, all connections together. */
  totalWaiting: 20_000,
  /** One turn of the event loop goes on sending for so long. */
  turn: 5,
  /**
   * What an encrypted answer costs after the turn that sent it, when Node frames and encrypts all of them at once:
   * milliseconds for each, and for each megabyte.
   */
  encryptedAnswer: 0.05,
  encryptedMegabyte: 1.5,
  /** One write on an encrypted connection, where the kernel's buffer is not the only copy. */
  encryptedSlice: 128 * 1024,
  /** Downloads at a time: each holds half a megabyte that its peer has not taken. */
  downloads: 512,
  /** A slice of a download in the making may take this long to be accepted by the peer. */
  downloadStall: 30_000,
  /** Concurrent streams of an HTTP/2 session, and of one that a reverse proxy shares among its viewers. */
  streams: 100,
  sharedStreams: 4_096,
  /** Connections that the kernel holds until they are accepted: a crowd comes within a second (it may allow fewer). */
  backlog: 4_096,
  /** Connections in all and of one remote address. */
  connections: 10_000,
  connectionsPerAddress: 1_000,
  /** Time to send all request headers, the whole request, and between requests. */
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  /** Remembered viewers of all channels. */
  viewers: 100_000,
  /** Characters of a player's session id; longer ones are cut before hashing. */
  viewerKey: 128,
} as const
