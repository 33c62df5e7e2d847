import { connect as connectHttp2 } from 'node:http2'
import { ACCEPT_ENCODING, type Client, textOf } from './client.ts'
import { countError, type Figures } from './figures.ts'

/** All requests of a viewer on one HTTP/2 session. */
export function createSessionClient(origin: URL, figures: Figures): Client {
  const session = connectHttp2(origin.origin, { rejectUnauthorized: false })
  session.on('error', (e) => countError(figures, `session: ${e.message}`))
  return {
    get: ({ path }, known) =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':path': path, 'accept-encoding': ACCEPT_ENCODING })
        const chunks: Buffer[] = []
        let size = 0
        let head: Record<string, unknown> = {}
        stream.on('response', (h) => {
          head = h
        })
        stream.on('data', (chunk: Buffer) => {
          size += chunk.length
          figures.bytes += chunk.length
          // Of an answer that comes in one read Node 24 tells the first bytes before its head, now and then.
          if (known !== undefined) chunks.push(chunk)
        })
        stream.on('error', reject)
        stream.on('end', () => {
          if (Number(head['content-length'] ?? size) !== size) return reject(new Error('fewer bytes than announced'))
          const etag = typeof head['etag'] === 'string' ? head['etag'] : ''
          const isNew = known !== undefined && !known(etag)
          resolve({
            status: Number(head[':status'] ?? 0),
            etag,
            size,
            text: isNew ? textOf(chunks, [head['content-encoding']].flat().join()) : '',
          })
        })
      }),
    close: () => session.destroy(),
  }
}
