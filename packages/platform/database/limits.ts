/** Statements posted or waiting for the worker; more are refused at once. */
export const STATEMENTS_MAX = 10_000
/** Prepared statements that the worker keeps. */
export const PREPARED_MAX = 200
/** Rows that one statement may return: every query pages. */
export const ROWS_MAX = 10_000
/** ms to wait for the lock of another process (a backup) before giving up. */
export const BUSY_TIMEOUT = 5000
/** MB of the worker's heap: it holds statements and rows in flight only. */
export const WORKER_HEAP_MB = 48
/** ms before a thread that ended is started again; twice as long after each further end, up to the most. */
export const RESTART_FIRST = 250
export const RESTART_MOST = 30_000
/** A thread that has lived for so many ms counts as sound: the next restart is a first one again. */
export const RESTART_CALM = 60_000
/**
 * ms between two looks at whether the thread gets anything done, and how many without any before it is given up: 30 s for one
 * statement. That is six times the wait for a lock, and far more than any statement of ours takes on a slow disk. Migrations
 * are not watched.
 */
export const WATCH_INTERVAL = 5000
export const WATCH_ROUNDS = 6
/** Chat messages kept for each channel, and for how many ms. */
export const MESSAGES_KEPT = 20_000
export const MESSAGE_AGE = 180 * 24 * 3_600_000
/** Events kept of each type, and for how many ms; those about a chat message go with it. */
export const EVENTS_KEPT = 100_000
export const EVENT_AGE = 365 * 24 * 3_600_000
/** Rows deleted in one statement, and ms between two: each takes the database's thread for a few ms. */
export const PRUNE_BATCH = 500
export const PRUNE_PAUSE = 50
/** ms from the start to the first look at what is too old, and between looks. */
export const PRUNE_FIRST = 60_000
export const PRUNE_INTERVAL = 3_600_000
