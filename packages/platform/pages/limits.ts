/** A larger file of the owner's site is sent to nobody: put it on a file server. Bytes. */
export const SITE_FILE_MAX = 32 * 1024 * 1024
/** A larger one that is no page is read from the disk while it is sent, in chunks; bytes. */
export const LARGE_FILE = 1024 * 1024
export const LARGE_FILE_CHUNK = 64 * 1024
/** Files of the owner's site and of the pages kept in memory, by count and in all; bytes. */
export const CACHED_FILES = 200
export const CACHED_BYTES = 64 * 1024 * 1024
/** Names under which there was nothing, kept until they are looked at again. */
export const MISSING_FILES = 1000
/** A file is not looked at again on the disk for so long; milliseconds. */
export const STAT_EVERY = 1000
/** Look-ups of one folder at a time: Node has four threads for files, and recordings are written by them too. */
export const LOOKUPS = 1
/** Look-ups of one folder that wait; more are refused. */
export const LOOKUPS_WAITING = 1000
/** Channels in the directory page. */
export const DIRECTORY_MAX = 200
/** Characters of a description in a page's head. */
export const DESCRIPTION_IN_HEAD = 300
