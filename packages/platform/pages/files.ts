import { createHash } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { LRUCache } from 'lru-cache'
import { CACHED_BYTES, CACHED_FILES, SITE_FILE_MAX, STAT_EVERY } from './limits.ts'
import { createLookups } from './lookups.ts'

/** A file in memory. */
export interface SiteFile {
  readonly body: Buffer
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

/** Files below a folder, kept in memory and read again when they change on the disk. Links that lead out are not followed. */
export function createFileReader(folder: string, now: () => number = Date.now): FileReader {
  const cache = new LRUCache<string, { file: SiteFile | undefined; stamp: string; checked: number }>({
    max: CACHED_FILES,
    maxSize: CACHED_BYTES,
    sizeCalculation: (entry) => (entry.file?.body.length ?? 0) + 200,
  })
  const lookups = createLookups<SiteFile | undefined>()

  return {
    async read(path) {
      if (!isPlainPath(path)) return undefined
      const held = cache.get(path)
      const at = now()
      if (held && at - held.checked < STAT_EVERY) return held.file
      return lookups.share(path, async () => {
        const found = await find(folder, path)
        const stamp = found?.stamp ?? ''
        const file = held && held.stamp === stamp ? held.file : found && (await load(found.full, path))
        cache.set(path, { file, stamp, checked: at })
        return file
      })
    },
  }
}

async function find(folder: string, path: string): Promise<{ full: string; stamp: string } | undefined> {
  try {
    const root = await realpath(folder)
    const full = await realpath(join(root, path))
    if (!full.startsWith(root + sep)) return undefined
    const facts = await stat(full)
    if (!facts.isFile() || facts.size > SITE_FILE_MAX) return undefined
    return { full, stamp: `${full} ${facts.mtimeMs} ${facts.size}` }
  } catch {
    return undefined
  }
}

async function load(full: string, path: string): Promise<SiteFile | undefined> {
  try {
    const body = await readFile(full)
    const etag = `"${createHash('sha1').update(body).digest('base64url')}"`
    return { body, etag, type: types[extname(path).toLowerCase()] ?? 'application/octet-stream' }
  } catch {
    return undefined
  }
}
