/** Bounds of the choice between transports; milliseconds unless they say otherwise. */

/** WebRTC that is not connected by then is given up on for now. */
export const CONNECT_LIMIT = 2000
/** What a connection may take from being there to its first picture. */
export const PICTURE_LIMIT = 2000
/** A picture has to stand this long, without trouble, before something better is tried behind it. */
export const STEADY = 3000
/** So many troubles within `TROUBLE_WINDOW` and the next steadier transport takes over. */
export const TROUBLES_MAX = 3
export const TROUBLE_WINDOW = 60_000
/**
 * So long without trouble takes one failure off the count. Twice the longest wait: what breaks more often than that is tried ever
 * more rarely.
 */
export const PROVEN = 600_000
/**
 * First wait after a failure; doubled with each further one. Short: what fails is WebRTC, and that is tried behind the picture, which
 * costs the viewer nothing.
 */
export const FIRST_WAIT = 5000
/** The same after too many stalls, of which an attempt behind the picture shows nothing. */
export const STALLS_WAIT = 30_000
export const LONGEST_WAIT = 300_000
