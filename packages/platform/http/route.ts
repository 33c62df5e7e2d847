import type { ErrorCode } from '@bandstand/contract/errors.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type * as z from 'zod'
import type { Action, Principal } from '../access/principal.ts'

/** What a handler is given: everything checked, and who asks. */
export interface Call<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly principal: Principal
  /** Remote address, as a trusted proxy says it. */
  readonly address: string
  readonly secure: boolean
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

type Schema = z.ZodType
type Output<S> = S extends z.ZodType ? z.output<S> : undefined

/**
 * One operation of the API: what Fastify is told, what OpenAPI says and who may do it come from this one place, so none can
 * be forgotten.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Behind `/api/v1`, parameters as `{name}`. */
  readonly path: string
  readonly action: Action
  readonly tag: 'Channels' | 'Publishing' | 'Replays' | 'Chat' | 'Session' | 'Instance'
  readonly summary: string
  readonly params?: Schema | undefined
  readonly query?: Schema | undefined
  readonly body?: Schema | undefined
  /** Takes these media types as bytes instead of JSON. */
  readonly upload?: { readonly types: readonly string[]; readonly limit: number } | undefined
  readonly status: 200 | 201 | 204
  /** Undefined with 204 and where the handler sends bytes itself. */
  readonly response?: Schema | undefined
  /** Media type of the bytes that the handler sends itself. */
  readonly produces?: string | undefined
  /** Codes beside those every operation may answer. */
  readonly errors: readonly ErrorCode[]
  /** The answer sets the cookie of the session, or takes it away. */
  readonly setsCookie?: boolean | undefined
  /** `Cache-Control` of the answer; `no-store` where not given. */
  readonly cache?: string | undefined
  handle(call: Call<never, never, never>): unknown
}

/** Declares an operation; the handler's types follow from its schemas. */
export function defineRoute<
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  R extends Schema | undefined = undefined,
>(
  route: Omit<Route, 'params' | 'query' | 'body' | 'response' | 'handle'> & {
    readonly params?: P
    readonly query?: Q
    readonly body?: B
    readonly response?: R
    handle(
      call: Call<Output<P>, Output<Q>, Output<B>>,
    ): R extends Schema ? z.input<R> | Promise<z.input<R>> : void | Promise<void>
  },
): Route {
  return route
}
