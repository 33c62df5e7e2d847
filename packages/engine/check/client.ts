import { EngineError } from '../error.ts'
import { createGather } from '../gather.ts'
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
      const failure = whyUnanswered(error)
      return { ...base, status: 0, headers: new Map(), body: new Uint8Array(), size: 0, endedAt: now(), failure }
    }
  }
}

async function readBody(response: Response): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array()
  const gather = createGather()
  let size = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > limits.body) throw new EngineError('limit', `the answer exceeds ${limits.body} bytes`)
    gather.push(chunk)
  }
  return gather.bytes()
}

/** Codes of Node and OpenSSL that people meet, in words. */
const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at this address and port',
  ECONNRESET: 'the server closed the connection',
  ENOTFOUND: 'there is no server of this name',
  EAI_AGAIN: 'the name of the server could not be looked up',
  EHOSTUNREACH: 'there is no way to this server',
  ENETUNREACH: 'there is no way to this server',
  ETIMEDOUT: 'the server does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'the server does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; to trust it name it in NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate comes from an authority of its own; to trust that name it in NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not signed by an authority that is known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not signed by an authority that is known here',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  EPROTO: 'it does not speak TLS there: try http:// instead of https://',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there: try http:// instead of https://',
}

function whyUnanswered(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'the server does not answer in time'
  const cause = error.cause instanceof Error ? error.cause : undefined
  if (cause === undefined) return error.message
  const { code, message } = cause as NodeJS.ErrnoException
  if (message === 'bad port')
    return 'this port is reserved for another service, and neither browsers nor this command use it'
  const words = code === undefined ? undefined : CAUSES[code]
  return words === undefined ? `${error.message}: ${message}` : `${words} (${code})`
}
