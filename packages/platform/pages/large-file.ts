import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { PlatformError } from '../error.ts'
import { LARGE_FILE_CHUNK } from './limits.ts'
import type { Lookups } from './lookups.ts'
import { stampOf } from './stamp.ts'

/** Reads of large files; who is sent the same at a time shares one. */
export type LargeReads = Lookups<Buffer>

/**
 * Bytes from `start` to before `end` of a file that is too large for memory, read as they are taken. Nothing is held open
 * meanwhile: a viewer may take an hour.
 *
 * @param stamp of the file that was promised. Another one in its place ends the stream with PlatformError `disk`; as too many
 *   reads that wait do, with `limit`.
 */
export function streamFile(reads: LargeReads, full: string, stamp: string, start: number, end: number): Readable {
  async function* chunks() {
    for (let at = start; at < end; ) {
      const to = Math.min(end, at + LARGE_FILE_CHUNK)
      yield await reads.share(`${stamp} ${at} ${to}`, () => readChunk(full, stamp, at, to))
      at = to
    }
  }
  return Readable.from(chunks(), { objectMode: false, highWaterMark: LARGE_FILE_CHUNK })
}

async function readChunk(full: string, stamp: string, from: number, to: number): Promise<Buffer> {
  const file = await open(full)
  try {
    const chunk = Buffer.allocUnsafe(to - from)
    const { bytesRead } = await file.read(chunk, 0, chunk.length, from)
    // Looked at last: whatever was written before the read has changed it by then.
    if (bytesRead < chunk.length || stampOf(full, await file.stat()) !== stamp)
      throw new PlatformError('disk', 'a file of the site was replaced while it was sent')
    return chunk
  } finally {
    await file.close()
  }
}
