import type { ErrorCode, Problem } from '@bandstand/contract/errors.ts'

// An `import` of it would load Node's HTTP client too, for the sake of one of its exports.
const { STATUS_CODES } = process.getBuiltinModule('node:http')

const STATUS: Readonly<Record<ErrorCode, number>> = {
  'bad-request': 400,
  'not-signed-in': 401,
  'wrong-password': 401,
  forbidden: 403,
  'bad-origin': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'slug-taken': 409,
  'slug-reserved': 409,
  limit: 409,
  'chat-off': 409,
  'name-taken': 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  'bad-name': 422,
  'bad-text': 422,
  'rate-limited': 429,
  internal: 500,
  unavailable: 503,
  'disk-full': 507,
}

/** The HTTP status that goes with a code. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code]
}

/** A request that is answered with a problem; `detail` is for people and never holds a secret. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly errors: Problem['errors']
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ErrorCode,
    detail: string,
    { errors, headers }: { errors?: Problem['errors']; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail)
    this.name = 'Refusal'
    this.code = code
    this.errors = errors
    this.headers = headers ?? {}
  }
}

/** A refusal for being too fast. @param wait ms */
export function tooFast(detail: string, wait: number): Refusal {
  return new Refusal('rate-limited', detail, {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(wait / 1000))) },
  })
}

/** The body of a failed request (RFC 9457, 3.1). */
export function toProblem({ code, message, errors }: Pick<Refusal, 'code' | 'message' | 'errors'>): Problem {
  const status = statusOf(code)
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    code,
    ...(errors && { errors }),
  }
}
