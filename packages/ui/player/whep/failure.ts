import type { Problem } from '@bandstand/contract/errors.ts'
import type { Failure } from '../choice/choice.ts'
import { readText } from './body.ts'

/** Refusals that time alone does not mend. 404 is also the answer while a broadcast is just beginning. */
const lasting = new Set([400, 401, 403, 405, 406, 409, 410, 415, 422, 501])

/** What a refused offer means for the choice. Reads the problem document (RFC 9457) where there is one. */
export async function failureOf(response: Response): Promise<Failure> {
  const { code, detail } = await readText(response)
    .then((text) => (JSON.parse(text ?? '') ?? {}) as Partial<Problem>)
    .catch((): Partial<Problem> => ({}))
  return {
    code: typeof code === 'string' ? code : `http-${response.status}`,
    ...(typeof detail === 'string' && { text: detail }),
    ...(lasting.has(response.status) && { lasting: true }),
  }
}

/** An offer that got no answer, or one that the browser cannot use. */
export function networkFailure(error: unknown): Failure {
  // `fetch` rejects with a TypeError where there is no network, no server or no permission of another origin.
  const none = error instanceof TypeError || (error instanceof DOMException && error.name === 'AbortError')
  return none ? { code: 'unreachable' } : { code: 'not-understood', lasting: true }
}
