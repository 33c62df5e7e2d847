import { type ErrorCode, problem } from '@bandstand/contract/errors.ts'
import * as z from 'zod'
import { isPublic } from '../access/principal.ts'
import { statusOf } from './problem.ts'
import type { Route } from './route.ts'

type Json = { readonly [key: string]: unknown }

/** Codes that every operation may answer. */
const ALWAYS: readonly ErrorCode[] = ['internal', 'unavailable']

/**
 * OpenAPI 3.1 description of the operations. Its schema dialect is JSON Schema 2020-12 (OpenAPI 3.1.1, 4.8.24), which is what
 * zod writes.
 */
export function describeApi(routes: readonly Route[], { version, prefix }: { version: string; prefix: string }): Json {
  const components: Record<string, unknown> = {}
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output') => toSchema(schema, io, components)
  schemaOf(problem, 'output')
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = (paths[prefix + route.path] ??= {})
    path[route.method.toLowerCase()] = describeRoute(route, schemaOf)
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Bandstand',
      version,
      description:
        'What pages and programs ask of a Bandstand server. Failed requests answer `application/problem+json` (RFC 9457) with a stable `code`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'bandstand',
          description: 'set by signing in; called `__Host-bandstand` over HTTPS',
        },
      },
    },
  }
}

/** Codes that every operation which changes something may answer; each takes a body as far as reading it goes. */
const OF_CHANGES: readonly ErrorCode[] = [
  ...(['bad-request', 'bad-origin', 'too-large', 'unsupported-media-type', 'rate-limited', 'disk-full'] as const),
]

function describeRoute(route: Route, schemaOf: (schema: z.ZodType, io: 'input' | 'output') => Json): Json {
  const secured = !isPublic(route.action)
  const codes: ErrorCode[] = [...route.errors, ...ALWAYS]
  if (secured) codes.push('not-signed-in', 'forbidden')
  if (route.method !== 'GET') codes.push(...OF_CHANGES)
  // A path that is no UTF-8, or fields that are wrong.
  if (route.params || route.query) codes.push('bad-request')
  const parameters = [...parametersOf(route.params, 'path', schemaOf), ...parametersOf(route.query, 'query', schemaOf)]
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } },
    }),
    ...(route.upload && {
      requestBody: { required: true, content: Object.fromEntries(route.upload.types.map((type) => [type, {}])) },
    }),
    responses: { ...success(route, schemaOf), ...failures(codes) },
    security: secured ? [{ session: [] }] : [],
  }
}

/** `get_channels_slug_key`: stable, so that generated clients keep their names. */
function operationId({ method, path }: Route): string {
  return method.toLowerCase() + path.replace(/[{}]/g, '').replace(/[/-]/g, '_')
}

function parametersOf(
  schema: z.ZodType | undefined,
  place: 'path' | 'query',
  schemaOf: (schema: z.ZodType, io: 'input') => Json,
): Json[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }))
}

function success(route: Route, schemaOf: (schema: z.ZodType, io: 'output') => Json): Json {
  const headers = { ...(isCompared(route) && ETAG), ...(route.setsCookie && SET_COOKIE) }
  const answer = {
    description: route.status === 204 ? 'done' : 'the answer',
    ...(Object.keys(headers).length > 0 && { headers }),
  }
  if (route.response !== undefined) {
    const content = { 'application/json': { schema: schemaOf(route.response, 'output') } }
    return {
      [route.status]: { ...answer, content },
      ...(isCompared(route) && { 304: { description: 'it is as `If-None-Match` says', headers: ETAG } }),
    }
  }
  if (route.produces !== undefined) return { [route.status]: { ...answer, content: { [route.produces]: {} } } }
  return { [route.status]: answer }
}

/** Public answers of JSON carry an ETag; see `sendJson`. */
function isCompared({ cache, response }: Route): boolean {
  return cache !== undefined && response !== undefined
}

const header = (name: string, description: string, type = 'string') => ({ [name]: { description, schema: { type } } })
const ETAG = header('ETag', 'for `If-None-Match`')
const SET_COOKIE = header(
  'Set-Cookie',
  'the session, or its end; on signing in also what the browser is known by next time',
)
const RETRY_AFTER = header('Retry-After', 'seconds to wait', 'integer')

function failures(codes: readonly ErrorCode[]): Json {
  const byStatus = Map.groupBy([...new Set(codes)], statusOf)
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      {
        description: names.map((name) => `\`${name}\``).join(', '),
        ...(names.includes('rate-limited') && { headers: RETRY_AFTER }),
        content,
      },
    ]),
  )
}

/** Named schemas go to the components and are referred to. */
function toSchema(schema: z.ZodType, io: 'input' | 'output', components: Record<string, unknown>): Json {
  const {
    $schema: _,
    $defs,
    ...root
  } = z.toJSONSchema(schema, {
    ...{ io, target: 'draft-2020-12' },
    override({ jsonSchema }) {
      // Answers may hold more one day; clients made from this must not refuse that.
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
    },
  }) as Record<string, unknown>
  const rename = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'))
  // What is both sent and answered is described as it is answered.
  const keep = (name: string, definition: Json) => {
    if (io === 'output' || components[name] === undefined) components[name] = rename(definition)
  }
  for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Json>)) {
    const { id: _id, ...rest } = definition
    keep(name, rest)
  }
  const { id, ...rest } = root
  if (typeof id !== 'string') return rename(rest) as Json
  keep(id, rest)
  return { $ref: `#/components/schemas/${id}` }
}
