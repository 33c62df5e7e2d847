import { gunzipSync } from 'node:zlib'

/** What a viewer asks with: one request at a time and connection on HTTP/1.1, all at once on HTTP/2. */
export interface Client {
  readonly get: Get
  readonly close: () => void
}

/** @param known tells by its validator whether an answer's text is needed; without it the text is thrown away. */
export type Get = (request: Request, known?: (etag: string) => boolean) => Promise<Answer>

export interface Answer {
  readonly status: number
  readonly etag: string
  /** Bytes of the body. */
  readonly size: number
  /** Only where asked for, and not where `etag` was known. */
  readonly text: string
}

/** Made once for all who send it. */
export interface Request {
  readonly path: string
  readonly bytes: Buffer
}

/** What a viewer takes. Browsers always send it, and the server's work for a playlist is another then. */
export const ACCEPT_ENCODING = 'gzip'

/** @param host with its port, as the header has it. */
export function createRequest(host: string, path: string): Request {
  const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: bench\r\nAccept-Encoding: ${ACCEPT_ENCODING}\r\n\r\n`
  return { path, bytes: Buffer.from(head) }
}

/** Text of a body: of each version of a playlist for one viewer only, so that unpacking takes nothing of what is measured. */
export function textOf(body: readonly Buffer[], encoding: string): string {
  if (body.length === 0) return ''
  const whole = Buffer.concat(body)
  return String(encoding === 'gzip' ? gunzipSync(whole) : whole)
}
