import { createHash } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { LRUCache } from 'lru-cache'
import { type LargeReads, streamFile } from './large-file.ts'
import { CACHED_BYTES, CACHED_FILES, LARGE_FILE, MISSING_FILES, SITE_FILE_MAX, STAT_EVERY } from './limits.ts'
import { createLookups } from './lookups.ts'
import { stampOf } from './stamp.ts'

/** A file in memory, or a large one on the disk. */
export interface SiteFile {
  /** Bytes. */
  readonly size: number
  /** Its bytes; absent of a large one that is no page. */
  readonly body?: Buffer
  /** Bytes from `start` to before `end`, of a large one as they are taken. */
  slice(start: number, end: number): Buffer | Readable
  readonly type: string
  /** Strong validator, quoted. */
  readonly etag: string
}

export interface FileReader {
  /**
   * @param path as in the address, decoded, without the leading slash; `undefined` for what is not there or not allowed
   * @throws PlatformError `limit` when too many look-ups wait
   */
  read(path: string): Promise<SiteFile | undefined>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.xml': 'application/xml; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.mp4': 'video/mp4',
  '.mp3': 'audio/mpeg',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
}

/** Whether every step of the path is an ordinary visible name. Refuses `..`, dot files, drives, backslashes and NUL. */
export function isPlainPath(path: string): boolean {
  if (path === '' || path.length > 300) return false
  return path.split('/').every((step) => /^[^.\\:\p{Cc}][^\\:\p{Cc}]*$/u.test(step))
}

/**
 * Files below a folder, the small ones kept in memory, and read again when they change on the disk. Links that lead out are
 * not followed.
 */
export function createFileReader(folder: string, now: () => number = Date.now): FileReader {
  const cache = new LRUCache<string, { file: SiteFile; stamp: string; checked: number }>({
    max: CACHED_FILES,
    maxSize: CACHED_BYTES,
    sizeCalculation: ({ file }) => (file.body?.length ?? 0) + 200,
  })
  /** When each was looked for. Apart, so that names that anybody makes up push no file out. */
  const missing = new LRUCache<string, number>({ max: MISSING_FILES })
  const lookups = createLookups<SiteFile | undefined>()
  const reads: LargeReads = createLookups()

  return {
    async read(path) {
      if (!isPlainPath(path)) return undefined
      const held = cache.get(path)
      const at = now()
      if (at - (held?.checked ?? missing.get(path) ?? Number.NEGATIVE_INFINITY) < STAT_EVERY) return held?.file
      return lookups.share(path, async () => {
        const found = await find(folder, path)
        const file = held && held.stamp === found?.stamp ? held.file : found && (await load(reads, found, path))
        if (found === undefined || file === undefined) {
          cache.delete(path)
          missing.set(path, at)
          return undefined
        }
        missing.delete(path)
        cache.set(path, { file, stamp: found.stamp, checked: at })
        return file
      })
    },
  }
}

interface Found {
  readonly full: string
  readonly size: number
  readonly stamp: string
}

async function find(folder: string, path: string): Promise<Found | undefined> {
  try {
    const root = await realpath(folder)
    const full = await realpath(join(root, path))
    if (!full.startsWith(root + sep)) return undefined
    const facts = await stat(full)
    if (!facts.isFile() || facts.size > SITE_FILE_MAX) return undefined
    return { full, size: facts.size, stamp: stampOf(full, facts) }
  } catch {
    return undefined
  }
}

async function load(reads: LargeReads, { full, size, stamp }: Found, path: string): Promise<SiteFile | undefined> {
  const ending = extname(path).toLowerCase()
  const type = types[ending] ?? 'application/octet-stream'
  const isLarge = size > LARGE_FILE
  // What is filled in has to be there as a whole.
  if (isLarge && ending !== '.html') {
    const slice = (start: number, end: number) => streamFile(reads, full, stamp, start, end)
    return { size, slice, type, etag: tagOf(stamp) }
  }
  try {
    const body = await readFile(full)
    const slice = (start: number, end: number) => body.subarray(start, end)
    // Of megabytes it would take the main thread as many milliseconds.
    return { size: body.length, body, slice, type, etag: tagOf(isLarge ? stamp : body) }
  } catch {
    return undefined
  }
}

function tagOf(what: string | Buffer): string {
  return `"${createHash('sha1').update(what).digest('base64url')}"`
}
