/** ms within which equal refusals of one address are counted instead of logged. */
export const REFUSAL_WINDOW = 60_000
/**
 * Addresses and kinds that are counted apart, of errors as many again; refusals of more are counted together, for each level
 * and message. Within each window there are two lines at most of each: whatever strangers do, that bounds the log.
 */
export const REFUSALS_MAX = 100
