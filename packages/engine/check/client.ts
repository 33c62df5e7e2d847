import { EngineError } from '../error.ts'
import { limits } from './limits.ts'
import type { Fetched } from './observation.ts'

/** What the check uses of `fetch`. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; signal: AbortSignal; redirect: 'follow' },
) => Promise<Response>

/** Asks the server; an answer of status 0 stands for none. */
export type Ask = (
  url: string,
  more?: { readonly method?: string; readonly headers?: Record<string, string>; readonly timeout?: number },
) => Promise<Fetched>

/** Origin that the check sends, so that the server shows its rules for other sites. */
const origin = 'https://check.invalid'

/** @param now milliseconds. */
export function createClient(fetch: Fetch, now: () => number): Ask {
  return async (url, { method = 'GET', headers = {}, timeout = limits.request } = {}) => {
    const startedAt = now()
    const base = { url, method, startedAt }
    try {
      const response = await fetch(url, {
        method,
        headers: { origin, ...headers },
        signal: AbortSignal.timeout(timeout),
        redirect: 'follow',
      })
      const body = await readBody(response)
      return {
        ...base,
        // Relative URIs are resolved against where redirects have led.
        url: response.url === '' ? url : response.url,
        status: response.status,
        headers: new Map(response.headers),
        body,
        size: body.byteLength,
        endedAt: now(),
      }
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
      const failure = error instanceof Error ? `${error.message}${cause}` : String(error)
      return { ...base, status: 0, headers: new Map(), body: new Uint8Array(), size: 0, endedAt: now(), failure }
    }
  }
}

async function readBody(response: Response): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > limits.body) throw new EngineError('limit', `the answer exceeds ${limits.body} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
