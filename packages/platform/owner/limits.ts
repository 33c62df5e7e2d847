/** Attempts to sign in from one address: many at once, then one each interval (ms). */
export const ATTEMPTS_PER_ADDRESS = { burst: 5, interval: 30_000 }
/** Attempts in total, from addresses that have not signed in before: guessing from everywhere stays hopeless. */
export const ATTEMPTS_IN_TOTAL = { burst: 30, interval: 10_000 }
/** Addresses that are counted, and addresses remembered as the owner's. */
export const ADDRESSES_MAX = 10_000
export const KNOWN_ADDRESSES_MAX = 100
/** Passwords checked one after another (each takes 32 MB); more are turned away. */
export const CHECKS_WAITING_MAX = 8
/** ms that a session lasts. */
export const SESSION_LENGTH = 30 * 24 * 3_600_000
export const SESSIONS_MAX = 50
