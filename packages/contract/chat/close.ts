/** Close codes of the chat's socket beside those of RFC 6455. No imports, so that pages may use them for nothing. */

/** The ban may be lifted: connect again, but seldom, after half a minute at the earliest. */
export const CLOSE_BANNED = 4003
/** After this one a page does not connect again by itself. */
export const CLOSE_NO_CHANNEL = 4004
/** Too many connections or too much unread; connect again after a while. */
export const CLOSE_LIMIT = 4008
/** The owner's session has ended: connect again, as a viewer. */
export const CLOSE_SIGNED_OUT = 4001
