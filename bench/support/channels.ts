import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import { type Bandstand, ownerPassword } from '../../test/support/bandstand.ts'

/** Signs the owner in; the cookie is for the `cookie` header of further requests. */
async function signIn(http: string): Promise<string> {
  const answer = await fetch(`${http}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: http },
    body: JSON.stringify({ password: ownerPassword }),
  })
  if (!answer.ok) throw new Error(`signing in: ${answer.status} ${await answer.text()}`)
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .join('; ')
}

/** Makes channels `bench-0`, `bench-1`, … and returns their stream keys. */
export async function createChannels(server: Bandstand, count: number): Promise<string[]> {
  const cookie = await signIn(server.http)
  const headers = { 'content-type': 'application/json', origin: server.http, cookie }
  const keys: string[] = []
  for (let index = 0; index < count; index += 1) {
    const slug = `bench-${index}`
    const made = await fetch(`${server.http}/api/v1/channels`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ slug }),
    })
    if (!made.ok) throw new Error(`making a channel: ${made.status} ${await made.text()}`)
    const answer = await fetch(`${server.http}/api/v1/channels/${slug}/key`, { headers })
    if (!answer.ok) throw new Error(`reading its key: ${answer.status} ${await answer.text()}`)
    keys.push(((await answer.json()) as { key: string }).key)
  }
  return keys
}

/** What the owner is told of the encoders of `bench-0`, `bench-1`, … */
export async function readHealth(server: Bandstand, count: number): Promise<ChannelHealth[]> {
  const cookie = await signIn(server.http)
  const ask = async (_: unknown, index: number) => {
    const answer = await fetch(`${server.http}/api/v1/channels/bench-${index}/health`, { headers: { cookie } })
    if (!answer.ok) throw new Error(`health of bench-${index}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as ChannelHealth
  }
  return Promise.all(Array.from({ length: count }, ask))
}
