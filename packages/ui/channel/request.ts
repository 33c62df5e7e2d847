import type { ErrorCode, Problem } from '@bandstand/contract/errors.ts'
import { sentence } from './sentence.ts'

/** What the server refused, with words for people. */
export class ApiError extends Error {
  readonly code: ErrorCode | 'unreachable'
  constructor(code: ErrorCode | 'unreachable', message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Asks an operation of the API; JSON goes in, or bytes with their type, and JSON comes out.
 * @throws ApiError
 */
export async function request<T>(method: string, url: string, body?: object | Blob): Promise<T> {
  const init: RequestInit = { method, cache: 'no-store' }
  if (body instanceof Blob) {
    init.body = body
    init.headers = { 'content-type': body.type }
  } else if (body) {
    init.body = JSON.stringify(body)
    init.headers = { 'content-type': 'application/json' }
  }
  let response: Response
  try {
    response = await fetch(url, init)
  } catch {
    throw new ApiError('unreachable', 'The server cannot be reached just now.')
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>
  throw new ApiError(problem.code ?? 'internal', sentence(problem.detail ?? `That did not work (${response.status}).`))
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'That did not work.'
}
