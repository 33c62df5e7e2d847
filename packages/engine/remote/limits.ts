/** ms within which equal refusals of one address are counted instead of logged. */
export const REFUSAL_WINDOW = 10_000
/** Addresses and kinds that are counted apart; refusals of more are counted together, for each message. */
export const REFUSALS_MAX = 200
