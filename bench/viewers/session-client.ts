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
        let keep = false
        const kept: Buffer[] = []
        let size = 0
        let head: Record<string, unknown> = {}
        stream.on('response', (h) => {
          head = h
          keep = known !== undefined && !known(h['etag'] ?? '')
        })
        stream.on('data', (chunk: Buffer) => {
          size += chunk.length
          figures.bytes += chunk.length
          if (keep) kept.push(chunk)
        })
        stream.on('error', reject)
        stream.on('end', () => {
          if (Number(head['content-length'] ?? size) !== size) return reject(new Error('fewer bytes than announced'))
          resolve({
            status: Number(head[':status'] ?? 0),
            etag: typeof head['etag'] === 'string' ? head['etag'] : '',
            size,
            text: textOf(kept, [head['content-encoding']].flat().join()),
          })
        })
      }),
    close: () => session.destroy(),
  }
}
