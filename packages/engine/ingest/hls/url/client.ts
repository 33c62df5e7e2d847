import { type LookupAddress, lookup as resolveName } from 'node:dns'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { EngineError } from '../../../error.ts'
import { createGather } from '../../../gather.ts'
import { isPublic } from '../../../remote/address.ts'
import type { FileRange } from '../follow.ts'
import { HLS_LIMITS } from '../limits.ts'

/** What a server answered, or why it did not, in words. */
export type Fetched =
  | {
      readonly kind: 'read'
      readonly bytes: Uint8Array
      /** Where redirects have led: what is relative is relative to this. */
      readonly url: string
      /** ETag, or else when it was changed last; absent where the server says neither. */
      readonly version?: string
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly reason: string }

export interface FetchOptions {
  /** Bytes of the answer. */
  readonly limit: number
  readonly range?: FileRange
  /** ms until the head has to be there, where the server is asked to wait with it. */
  readonly headMs?: number
}

/** Asks one source's server. */
export interface HlsClient {
  get(url: string, options: FetchOptions): Promise<Fetched>
  /** Ends what is under way. */
  close(): void
}

/**
 * @param first the address that the owner has configured. Where that is one of a private network or of this machine, what it names may be
 *   there too. Where it is a public one nothing it names, by a redirect, a playlist or its DNS, makes this server ask a private one: a
 *   public name that leads to a private address is asked only where a certificate shows that the server there is the one that is meant.
 */
export function createHlsClient(first: string): HlsClient {
  return new Client(first)
}

class Client implements HlsClient {
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: 16 })
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: 16 })
  readonly #ending = new AbortController()
  readonly #first: string
  /** Whether the configured address may be on a private network. */
  readonly #mayBePrivate: boolean
  /** Whether its last answer came from one: what that names may be there too. */
  #isPrivate = false

  constructor(first: string) {
    const { origin, hostname, protocol } = new URL(first)
    this.#first = origin
    this.#mayBePrivate = protocol === 'https:' || isIP(withoutBrackets(hostname)) !== 0 || isLocalName(hostname)
  }

  async get(url: string, options: FetchOptions): Promise<Fetched> {
    let at = url
    for (let redirects = 0; redirects <= HLS_LIMITS.redirects; redirects++) {
      if (!/^https?:\/\//i.test(at))
        return { kind: 'failed', reason: `only http:// and https:// are asked, not ${new URL(at).protocol}` }
      const answer = await this.#once(at, options).catch(
        (error: unknown): Fetched => ({ kind: 'failed', reason: whyUnanswered(error) }),
      )
      if (!('redirect' in answer)) return answer
      if (!URL.canParse(answer.redirect, at)) return { kind: 'failed', reason: 'a redirect leads nowhere' }
      at = new URL(answer.redirect, at).href
    }
    return { kind: 'failed', reason: `more than ${HLS_LIMITS.redirects} redirects` }
  }

  close(): void {
    this.#ending.abort()
    this.#http.destroy()
    this.#https.destroy()
  }

  async #once(url: string, { limit, range, headMs }: FetchOptions): Promise<Fetched | { readonly redirect: string }> {
    const { protocol, origin, hostname } = new URL(url)
    const isFirst = origin === this.#first
    const mayBePrivate = isFirst ? this.#mayBePrivate : this.#isPrivate
    const bare = withoutBrackets(hostname)
    if (isIP(bare) !== 0 && !mayBePrivate && !isPublic(bare)) return { kind: 'failed', reason: PRIVATE }
    const isSecure = protocol === 'https:'
    const deadline = AbortSignal.timeout((headMs ?? HLS_LIMITS.headMs) + HLS_LIMITS.answerMs)
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = (isSecure ? httpsRequest : httpRequest)(url, {
      agent: isSecure ? this.#https : this.#http,
      lookup: lookUp(mayBePrivate, isFirst ? OWN_NAME : PRIVATE),
      signal: AbortSignal.any([this.#ending.signal, deadline]),
      headers: {
        accept: '*/*',
        'accept-encoding': 'identity',
        'user-agent': 'Bandstand',
        ...(range !== undefined && { range: `bytes=${range.start}-${range.start + range.length - 1}` }),
      },
    })
    const head = setTimeout(
      () => request.destroy(new EngineError('timeout', 'the server does not answer in time')),
      headMs ?? HLS_LIMITS.headMs,
    )
    request.once('response', resolve)
    // Not asked for; whoever listens for nothing here is told of no error, and would wait for ever.
    request.once('upgrade', (_response, socket) => {
      socket.destroy()
      reject(new EngineError('refused', 'the server answers with another protocol (101)'))
    })
    request.once('close', () => reject(new EngineError('refused', 'the server closed the connection')))
    request.on('error', reject)
    request.end()
    try {
      const response = await promise
      clearTimeout(head)
      const { remoteAddress } = response.socket
      if (isFirst) this.#isPrivate = remoteAddress !== undefined && !isPublic(remoteAddress)
      return await read(response, url, limit, range)
    } finally {
      clearTimeout(head)
    }
  }
}

/** Looked up and judged in one, so that a name that leads elsewhere a moment later is judged again. */
function lookUp(mayBePrivate: boolean, reason: string): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      const all = found ?? []
      const [first] = all
      const isRefused = !mayBePrivate && !all.every(({ address }) => isPublic(address))
      if (error !== null || first === undefined || isRefused)
        callback(error ?? new EngineError('refused', reason), '', 0)
      else if (options.all === true) callback(null, all)
      else callback(null, first.address, first.family)
    })
  }
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** Names that only a local network gives: of one label, or below what is reserved for it or often taken (RFC 6761, 6762 appendix G, 8375). */
function isLocalName(hostname: string): boolean {
  return /(^[^.]+|\.(local|localhost|internal|lan|home|home\.arpa|intranet|private|corp|test))\.?$/i.test(hostname)
}

const PRIVATE =
  'it leads to a private address: a source on the internet must not name servers of this network; give the address of that server itself'
const OWN_NAME =
  'its name is a public one and leads to a private address, which its DNS may make of it at any time: give the address itself in place of the name, or https://'

async function read(
  response: IncomingMessage,
  url: string,
  limit: number,
  range: FileRange | undefined,
): Promise<Fetched | { readonly redirect: string }> {
  const { statusCode: status = 0, headers } = response
  const leave = <T>(answer: T): T => {
    response.destroy()
    return answer
  }
  if (status >= 300 && status < 400 && headers.location !== undefined) return leave({ redirect: headers.location })
  if (status === 404 || status === 410) return leave({ kind: 'missing' })
  if (status !== 200 && status !== 206) {
    return leave({
      kind: 'failed',
      reason: `the server answers with status ${status}${status === 401 ? ' (it wants a password)' : ''}`,
    })
  }
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    return leave({
      kind: 'failed',
      reason: `the server compresses what it was asked not to (${headers['content-encoding']})`,
    })
  }
  // A whole answer to the question for a range holds it all the same.
  const isPart = range !== undefined && status === 206
  const most = isPart || range === undefined ? limit : range.start + range.length
  const gather = createGather()
  let size = 0
  const wanted = Number(headers['content-length'] ?? 0)
  if (wanted > limit && range === undefined) return leave({ kind: 'failed', reason: tooLarge(limit) })
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    gather.push(chunk)
    if (size > limit) return leave({ kind: 'failed', reason: tooLarge(limit) })
    if (size >= most && !isPart && range !== undefined) break
  }
  if (!response.complete && range === undefined) return leave({ kind: 'failed', reason: 'the answer was cut off' })
  const bytes = gather.bytes()
  const version = headers.etag ?? headers['last-modified']
  const own = range === undefined || isPart ? bytes : bytes.subarray(range.start, range.start + range.length)
  if (range !== undefined && own.byteLength < range.length) return leave({ kind: 'missing' })
  return { kind: 'read', bytes: own, url, ...(version !== undefined && { version }) }
}

function tooLarge(limit: number): string {
  return `an answer has more than ${limit} bytes`
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
  ABORT_ERR: 'the server does not answer in time',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; to trust it name it in NODE_EXTRA_CA_CERTS',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  EPROTO: 'it does not speak TLS there: try http:// instead of https://',
}

function whyUnanswered(error: unknown): string {
  if (error instanceof EngineError) return error.message
  const { code = '', message } = error as NodeJS.ErrnoException
  return CAUSES[code] ?? message
}
