import type { CreateBan } from '@bandstand/contract/api/moderation.ts'
import type { Problem } from '@bandstand/contract/errors.ts'
import { addresses, type Place } from '../channel/address.ts'

/** What only the owner may do; the session's cookie says who asks. @returns why it failed, in words, or nothing */
export function hideMessage(place: Place, messageId: string): Promise<string | undefined> {
  return call('POST', `${addresses.channelFacts(place)}/chat/messages/${encodeURIComponent(messageId)}/hide`)
}

export function banAuthor(place: Place, messageId: string): Promise<string | undefined> {
  const ban: CreateBan = { messageId }
  return call('POST', `${addresses.channelFacts(place)}/chat/bans`, ban)
}

async function call(method: string, url: string, body?: object): Promise<string | undefined> {
  try {
    const headers = body ? { 'content-type': 'application/json' } : {}
    const response = await fetch(url, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
    if (response.ok) return undefined
    return ((await response.json()) as Partial<Problem>).detail ?? 'That did not work.'
  } catch {
    return 'The server could not be reached.'
  }
}
