import { type Bandstand, ownerPassword } from './bandstand.ts'

/** The API as the owner has it. */
export interface Owner {
  /** JSON of an answer, if it has any; throws unless it is one of success. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>
  /** Makes a channel and gives its stream key. */
  createChannel(slug: string): Promise<string>
}

/** Signs in. */
export async function signIn(server: Bandstand): Promise<Owner> {
  const origin = server.http
  const answer = await fetch(`${origin}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ password: ownerPassword }),
  })
  if (!answer.ok) throw new Error(`signing in: ${answer.status} ${await answer.text()}`)
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .join('; ')

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const found = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: { origin, cookie, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (!found.ok) throw new Error(`${method} ${path}: ${found.status} ${await found.text()}`)
    return (found.status === 204 ? undefined : await found.json()) as T
  }
  return {
    call,
    async createChannel(slug) {
      await call('POST', '/channels', { slug })
      return (await call<{ key: string }>('GET', `/channels/${slug}/key`)).key
    },
  }
}
