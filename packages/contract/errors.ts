import * as z from 'zod'

/** Closed list of what may go wrong, for programs: texts may change, these do not. */
export const ERROR_CODES = [
  'bad-request',
  'not-signed-in',
  'wrong-password',
  'forbidden',
  'bad-origin',
  'not-found',
  'method-not-allowed',
  'conflict',
  'slug-taken',
  'slug-reserved',
  'limit',
  'too-large',
  'unsupported-media-type',
  'rate-limited',
  'chat-off',
  'name-taken',
  'bad-name',
  'bad-text',
  'internal',
  'unavailable',
  'disk-full',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

export const errorCode = z.enum(ERROR_CODES)

/** What every failed request answers, as `application/problem+json` (RFC 9457, 3.1). */
export const problem = z
  .object({
    type: z.string().describe('always about:blank: the code says which problem it is'),
    title: z.string().describe('the status in words'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('what is wrong and what to change, for people'),
    code: errorCode,
    errors: z
      .array(z.object({ path: z.string().describe('JSON pointer into the request'), detail: z.string() }))
      .optional()
      .describe('each field that is wrong'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem' })

export type Problem = z.infer<typeof problem>
