import { lookup } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { PlatformError } from '../../error.ts'
import { readBody } from '../../http/body.ts'
import { HOOK_ANSWER_BYTES, HOOK_HEADER_BYTES } from '../limits.ts'

export interface Posted {
  readonly status: number
  readonly body: string
}

/**
 * Posts JSON and reads the whole answer, on a connection of its own: one that was kept may be closed by the server at the very
 * moment, and an encoder would be refused for it. Redirects are answers like any other.
 *
 * @param signal ends it, wherever it is
 * @throws PlatformError `hook`, saying what came instead of an answer
 */
export function postJson(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Posted> {
  const { promise, resolve, reject } = Promise.withResolvers<Posted>()
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  const request = send(url, {
    method: 'POST',
    agent: false,
    signal,
    lookup: lookupOnce,
    maxHeaderSize: HOOK_HEADER_BYTES,
    headers: {
      ...headers,
      accept: 'application/json',
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
    },
  })
  let hasAnswered = false
  const fail = (error: Error) => {
    reject(error instanceof PlatformError ? error : fault(whyFailed(error), error))
    request.destroy()
  }
  request.on('response', (response) => {
    hasAnswered = true
    response.on('error', fail)
    textOf(response).then((text) => resolve({ status: response.statusCode ?? 0, body: text }), fail)
  })
  // Not asked for; whoever listens for nothing here would wait for ever.
  request.on('upgrade', (_response, socket) => {
    socket.destroy()
    fail(fault('it answered with another protocol (101)'))
  })
  request.on('error', fail)
  request.on('close', () => {
    // Of an answer that has begun, reading it says how it went.
    if (!hasAnswered) fail(fault('it closed the connection before it had answered'))
  })
  request.end(body)
  return promise
}

type Found = Parameters<LookupFunction>[2]

/** Who waits for a look-up that is under way, by the name that is looked up. */
const lookups = new Map<string, Found[]>()

/** Each takes a thread of Node's pool, which disks need too: where the resolver hangs it has one, however many ask. */
const lookupOnce: LookupFunction = (host, options, callback) => {
  const tell: Found = (error, all, family) => {
    if (error !== null || !Array.isArray(all) || options.all === true) callback(error, all, family)
    else callback(null, all[0]?.address ?? '', all[0]?.family)
  }
  const waiting = lookups.get(host)
  if (waiting !== undefined) {
    waiting.push(tell)
    return
  }
  lookups.set(host, [tell])
  lookup(host, { ...options, all: true }, (error, all) => {
    const asked = lookups.get(host) ?? []
    lookups.delete(host)
    for (const one of asked) one(error, all)
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const body = await readBody(response, HOOK_ANSWER_BYTES)
  if (body === 'too-large') throw fault(`its answer has more than ${HOOK_ANSWER_BYTES} bytes`)
  if (body === 'cut') throw fault('its answer ended early')
  return body.toString('utf8')
}

function fault(text: string, cause?: unknown): PlatformError {
  return new PlatformError('hook', text, {}, cause)
}

function whyFailed(error: NodeJS.ErrnoException): string {
  if (error.name === 'AbortError') return 'it has not answered in time'
  return error.message === '' ? (error.code ?? error.name) : error.message
}
