import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { etagOf } from '../../etag.ts'
import type { RenderedText } from '../live.ts'

const compress = promisify(gzip)

/** @param etag strong validator, quoted; of the bytes where nothing cheaper tells versions apart. */
export function rendered(text: string | Buffer, etag?: string): RenderedText {
  const plain = typeof text === 'string' ? Buffer.from(text) : text
  let zipping: Promise<Buffer> | undefined
  let zipped: Buffer | undefined
  return {
    plain,
    gzip: () => {
      zipping ??= compress(plain).then((bytes) => (zipped = bytes))
      return zipping
    },
    get gzipped() {
      return zipped
    },
    etag: etag ?? etagOf(plain),
  }
}
