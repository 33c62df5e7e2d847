/** Bounds that pages show and the server enforces. No imports, so that pages may use them for nothing. */

/** Characters (Unicode code points) of a channel's title. */
export const TITLE_MAX = 140
export const DESCRIPTION_MAX = 5000
export const OFFLINE_TEXT_MAX = 500
export const SLUG_MAX = 40
/** Bytes of an offline image. */
export const OFFLINE_IMAGE_MAX = 2 * 1024 * 1024
export const PASSWORD_MAX = 256
/** Further stream keys of a channel, and code points of the note on one. */
export const KEYS_MAX = 20
export const KEY_NOTE_MAX = 100
/** Networks that a signed key may name. */
export const SIGNED_NETWORKS_MAX = 8
/** Smaller pictures of a channel. */
export const LADDER_RUNGS_MAX = 6

/** Code points of a chat message after normalisation. */
export const CHAT_TEXT_MAX = 500
/** UTF-16 units of one before it: more is too long, however much of it cannot be seen. */
export const CHAT_RAW_TEXT_MAX = 4000
export const CHAT_NAME_MAX = 30
/** Messages given on joining. */
export const CHAT_HISTORY = 100
/** Bytes of one frame from a chatter; a larger one, which no page sends, closes the connection (RFC 6455 code 1009). */
export const CHAT_FRAME_MAX = 32_768
