import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type * as z from 'zod'
import { addressGroup } from '../access/address.ts'
import { type Authorize, isAllowed, type Principal } from '../access/principal.ts'
import { createRateLimit } from '../access/rate-limit.ts'
import { PlatformError } from '../error.ts'
import type { Log } from '../ports.ts'
import { readBody } from './body.ts'
import { isKnown } from './etag.ts'
import { ADDRESSES_MAX, BODY_MAX, WRITE_RATE } from './limits.ts'
import { isOwnOrigin } from './origin.ts'
import { Refusal, statusOf, tooFast, toProblem } from './problem.ts'
import type { Call, Route } from './route.ts'

export const API_PREFIX = '/api/v1'

export interface ApiOptions {
  readonly routes: readonly Route[]
  readonly orgId: string
  readonly log: Log
  readonly authorize: Authorize
  /** Who sent this request; anonymous where nothing says otherwise. */
  readonly identify: (request: FastifyRequest) => Promise<Principal>
  readonly publicUrl: string | undefined
  readonly now: () => number
}

/** Adds the operations to a Fastify scope of their own: their parsers, checks and problems concern no other route. */
export async function registerApi(app: FastifyInstance, options: ApiOptions): Promise<void> {
  const writes = createRateLimit(WRITE_RATE, ADDRESSES_MAX)
  /** Who was let in, until the request is answered. */
  const admitted = new WeakMap<FastifyRequest, Principal>()
  await app.register(async (scope) => {
    parseBodies(scope, options.routes)
    scope.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply, options.log))
    scope.setNotFoundHandler((request) => refuseUnknown(request, options.routes))
    for (const route of options.routes) {
      scope.route({
        method: route.method,
        url: API_PREFIX + route.path.replace(/\{(\w+)\}/g, ':$1'),
        bodyLimit: route.upload?.limit ?? BODY_MAX,
        onRequest: async (request, reply) => {
          // What caches may keep is public: embeds on other sites read it, its failures too.
          if (route.cache !== undefined) reply.header('access-control-allow-origin', '*')
          if (route.method !== 'GET') {
            const { origin, 'sec-fetch-site': site } = request.headers
            const source = { origin, site, host: request.host, publicUrl: options.publicUrl }
            if (!isOwnOrigin(source)) throw new Refusal('bad-origin', 'this page may not change anything here')
            const wait = writes.take(addressGroup(request.ip), options.now())
            if (wait > 0) throw tooFast('too many requests from this address', wait)
          }
          // Before the body is read: a stranger does not get to send one.
          admitted.set(request, await allow(route, request, options))
        },
        handler: (request, reply) => handle(route, request, reply, admitted.get(request)),
      })
    }
  })
}

function parseBodies(scope: FastifyInstance, routes: readonly Route[]): void {
  scope.removeAllContentTypeParsers()
  const parseJson = scope.getDefaultJsonParser('error', 'error')
  // Read here: the framework keeps an object for each chunk, and a body may come a byte at a time.
  scope.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    const body = await bodyOf(request, payload)
    if (body.byteLength === 0) return undefined
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    void parseJson(request, body.toString('utf8'), (error, value) => (error === null ? resolve(value) : reject(error)))
    return promise
  })
  const types = [...new Set(routes.flatMap(({ upload }) => upload?.types ?? []))]
  if (types.length > 0)
    scope.addContentTypeParser(types, (request: FastifyRequest, payload: IncomingMessage) => bodyOf(request, payload))
}

async function bodyOf(request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> {
  // Where there is nothing, nothing is read: nobody has asked who sends it, or how often.
  if (request.is404) return Buffer.alloc(0)
  const most = request.routeOptions.bodyLimit ?? BODY_MAX
  const body = await readBody(payload, most)
  if (body === 'cut') throw new Refusal('bad-request', 'the body ended early')
  if (body === 'too-large') throw new Refusal('too-large', `the body may have ${most} bytes at most`)
  return body
}

async function allow(route: Route, request: FastifyRequest, options: ApiOptions): Promise<Principal> {
  const principal = await options.identify(request)
  const id = Object.values(request.params as Record<string, string>)[0]
  const resource = { orgId: options.orgId, ...(id !== undefined && { id }) }
  if (await isAllowed(options.authorize, principal, route.action, resource)) return principal
  if (principal.kind === 'anonymous') throw new Refusal('not-signed-in', 'sign in at /studio first')
  throw new Refusal('forbidden', 'this is not yours to do')
}

async function handle(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  principal: Principal | undefined,
): Promise<unknown> {
  if (principal === undefined) throw new Refusal('not-signed-in', 'sign in at /studio first')
  const call: Call<unknown, unknown, unknown> = {
    params: check(route.params, request.params, 'params'),
    query: check(route.query, request.query, 'query'),
    body: route.upload ? uploaded(route.upload.types, request) : check(route.body, request.body, ''),
    principal,
    address: request.ip,
    secure: request.protocol === 'https',
    request,
    reply,
  }
  reply.headers({ ...HEADERS, 'cache-control': route.cache ?? 'no-store' })
  const result = await route.handle(call as Call<never, never, never>)
  if (reply.sent || route.produces !== undefined) return reply
  if (route.response === undefined) return reply.code(204).send()
  return sendJson(request, reply.code(route.status), JSON.stringify(route.response.parse(result)), route)
}

/** Answers are never documents of ours: should a browser open one, it can do nothing. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

/** Public answers are compared by ETag. */
function sendJson(request: FastifyRequest, reply: FastifyReply, body: string, { cache }: Route): FastifyReply {
  reply.type('application/json; charset=utf-8')
  if (cache === undefined) return reply.send(body)
  const etag = `"${createHash('sha1').update(body).digest('base64url')}"`
  reply.header('etag', etag)
  return isKnown(request.headers['if-none-match'], etag) ? reply.code(304).send() : reply.send(body)
}

function check(schema: z.ZodType | undefined, value: unknown, at: string): unknown {
  if (schema === undefined) return undefined
  const result = schema.safeParse(value)
  if (result.success) return result.data
  // An address that cannot exist is not there.
  if (at === 'params') throw new Refusal('not-found', 'there is nothing at this address')
  const errors = result.error.issues.slice(0, 20).map(({ path, message, code, ...issue }) => ({
    path: ['', ...path].map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1')).join('/'),
    detail:
      code === 'unrecognized_keys'
        ? `unknown: ${(issue as { keys?: string[] }).keys?.join(', ').slice(0, 200)}`
        : message,
  }))
  throw new Refusal('bad-request', errors.map(({ path, detail }) => `${path || 'request'}: ${detail}`).join('; '), {
    errors,
  })
}

function uploaded(types: readonly string[], { body, headers }: FastifyRequest): Buffer {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!Buffer.isBuffer(body) || !types.includes(type))
    throw new Refusal('unsupported-media-type', `send one of: ${types.join(', ')}`)
  return body
}

function refuseUnknown(request: FastifyRequest, routes: readonly Route[]): never {
  const path = request.url.split('?')[0] ?? ''
  const methods = routes.filter((route) => matches(API_PREFIX + route.path, path)).map(({ method }) => method)
  if (methods.length > 0)
    throw new Refusal('method-not-allowed', `this address takes ${methods.join(', ')}`, {
      headers: { allow: methods.join(', ') },
    })
  throw new Refusal('not-found', 'there is nothing at this address')
}

function matches(pattern: string, path: string): boolean {
  const steps = pattern.split('/')
  const given = path.split('/')
  return steps.length === given.length && steps.every((step, i) => step.startsWith('{') || step === given[i])
}

const FASTIFY_CODES: Readonly<Record<number, Refusal['code']>> = {
  400: 'bad-request',
  404: 'not-found',
  413: 'too-large',
  415: 'unsupported-media-type',
}

/** Turns whatever was thrown into a problem; what was not foreseen is logged and told to nobody. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const refusal = toRefusal(error)
  if (statusOf(refusal.code) >= 500) {
    const route = `${request.method} ${request.routeOptions.url ?? ''}`
    // Not the address itself: what a stranger puts into it may be a key.
    log.error({ err: error, code: refusal.code, route }, 'a request failed')
  }
  // Of a body that is too large the framework says so; HTTP/2 has no such field (RFC 9113 §8.2.2), and Node warns of it.
  if (request.raw.httpVersionMajor === 2) reply.removeHeader('connection')
  return reply
    .code(statusOf(refusal.code))
    .headers({ ...HEADERS, ...refusal.headers, 'cache-control': 'no-store' })
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(toProblem(refusal)))
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof PlatformError && error.code === 'disk-full')
    return new Refusal(
      'disk-full',
      'the disk of the data folder is full: nothing can be changed until there is room; delete a replay or free some space',
    )
  if (error instanceof PlatformError && ['limit', 'disk', 'closed', 'unavailable'].includes(error.code))
    return new Refusal('unavailable', 'this cannot be done at the moment; try again')
  const { statusCode, code } = error as FastifyError
  const known = typeof code === 'string' && code.startsWith('FST_') ? FASTIFY_CODES[statusCode ?? 500] : undefined
  if (known !== undefined) return new Refusal(known, (error as FastifyError).message)
  if (error instanceof SyntaxError || statusCode === 400)
    return new Refusal('bad-request', 'the body is not valid JSON')
  return new Refusal('internal', 'something went wrong here; the log says what')
}
