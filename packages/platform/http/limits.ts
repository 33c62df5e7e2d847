/** Bytes of a JSON body. */
export const BODY_MAX = 64 * 1024
/** Requests that change something, per address: many at once, then one each interval (ms). */
export const WRITE_RATE = { burst: 60, interval: 500 }
/** Addresses that are counted. */
export const ADDRESSES_MAX = 10_000
