/** Attempts to sign in from one address: many at once, then one each interval (ms). */
export const ATTEMPTS_PER_ADDRESS = { burst: 5, interval: 30_000 }
/**
 * Attempts in total, from addresses and browsers that have not signed in before: guessing from everywhere stays hopeless. A
 * browser that has signed in has as many of its own.
 */
export const ATTEMPTS_IN_TOTAL = { burst: 30, interval: 10_000 }
/** Addresses that are counted, and addresses remembered as the owner's. */
export const ADDRESSES_MAX = 10_000
export const KNOWN_ADDRESSES_MAX = 100
/** Passwords checked one after another (each takes 32 MB); more are turned away. */
export const CHECKS_WAITING_MAX = 8
/** Browsers that have signed in, whose attempts are counted. */
export const DEVICES_MAX = 1000
/** Seconds that a browser is known for after signing in; browsers keep no cookie longer (RFC 6265bis, 5.5). */
export const DEVICE_KNOWN = 400 * 24 * 3600
/** ms that a session lasts. */
export const SESSION_LENGTH = 30 * 24 * 3_600_000
export const SESSIONS_MAX = 50
