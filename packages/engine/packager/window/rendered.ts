import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { RenderedPlaylist } from '../live.ts'

const compress = promisify(gzip)

/** @param etag strong validator without quotes. */
export function rendered(text: string, etag: string): RenderedPlaylist {
  const plain = Buffer.from(text)
  let zipped: Promise<Buffer> | undefined
  return {
    plain,
    gzip: () => {
      zipped ??= compress(plain)
      return zipped
    },
    etag: `"${etag}"`,
  }
}
