import type { Rate } from '../access/rate-limit.ts'

/** What of the chat may be set otherwise for benchmarks and tests. */
export interface ChatLimits {
  /** Open sockets: in total, and from one address (a school behind one address is fine, a script is not). */
  readonly connections: number
  readonly connectionsPerAddress: number
  /** Messages of one chatter, and of one address. */
  readonly sayRate: Rate
  readonly addressRate: Rate
  /** New names of one chatter, and names that are compared for one address, those of `hello` too. */
  readonly renameRate: Rate
  readonly nameRate: Rate
  /** Frames of any kind from one connection. */
  readonly frameRate: Rate
  /** ms in which messages are gathered into one frame. */
  readonly gather: number
  /** Bytes that may wait for one reader; one who has more is disconnected. */
  readonly unread: number
}

export const CHAT_LIMITS: ChatLimits = {
  connections: 20_000,
  connectionsPerAddress: 200,
  sayRate: { burst: 5, interval: 1000 },
  addressRate: { burst: 30, interval: 200 },
  renameRate: { burst: 5, interval: 2000 },
  // After a restart all pages of one address come back at once, each with its name.
  nameRate: { burst: 200, interval: 200 },
  frameRate: { burst: 30, interval: 250 },
  gather: 80,
  unread: 256 * 1024,
}

/** Chatters and addresses that are counted. */
export const COUNTED_MAX = 20_000
/** Frames of any kind before `hello`; a page sends none. */
export const EARLY_FRAMES_MAX = 10
/** ms from the opening of a connection until `hello` must have come. */
export const HELLO_TIMEOUT = 10_000
/** ms after which a silent reader is asked for a sign of life, and disconnected. */
export const SILENT_PING = 30_000
export const SILENT_GONE = 75_000
/** ms between looks at viewer counts and silent readers. */
export const VIEWERS_INTERVAL = 3000
export const SWEEP_INTERVAL = 15_000
/** Readers that are written to before other work gets its turn. */
export const SLICE = 250
/** Frames that wait for their turn in one room; more than a stalled process would make. */
export const OUTBOX_MAX = 200
/** Messages gathered for one frame. */
export const GATHER_MAX = 100
/** Messages that wait for the database, and how many go in one statement. */
export const UNSAVED_MAX = 5000
export const SAVE_BATCH = 100
/** ms between writes to the database. */
export const SAVE_INTERVAL = 200
export const BANS_MAX = 5000
/** Messages hidden at once; a ban hides twice, the second time what was said meanwhile. */
export const HIDE_MAX = 1000
/** ms that the digest of an address is kept with a message. */
export const ADDRESS_KEPT = 7 * 24 * 3_600_000
/** Combining marks that may follow one character: more pile up over other lines. */
export const MARKS_MAX = 4
