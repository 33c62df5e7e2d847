/** ms between two notes of a key's last use: an encoder that comes again and again writes no more often. */
export const USE_INTERVAL = 60_000

/** Characters of a signed key; the longest that can be made has 279. SRT's stream id takes 512 with all that is around it. */
export const SIGNED_KEY_LENGTH = 280
/** Seconds since 1970 that a signed key can say: 2106. */
export const SIGNED_SECONDS_MAX = 0xffff_ffff

/** Calls of the publish hook at one time, and of those for encoders behind one address (of IPv6 its /64). */
export const HOOK_CALLS = 64
export const HOOK_CALLS_PER_ADDRESS = 8
/** Encoders that wait for their call; more are refused at once. */
export const HOOK_WAITING = 512
/** Bytes of a hook's answer. */
export const HOOK_ANSWER_BYTES = 16 * 1024
/** Bytes of its header. */
export const HOOK_HEADER_BYTES = 16 * 1024
/** Code points of a reason that is told to an encoder. */
export const REASON_LENGTH = 200
/** Characters of what an encoder says of itself, as far as the hook is told. */
export const ENCODER_LENGTH = 100
