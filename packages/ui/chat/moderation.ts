import type { CreateBan } from '@bandstand/contract/api/moderation.ts'
import { addresses, type Place } from '../channel/address.ts'
import { request } from '../channel/request.ts'

/** What only the owner may do; the session's cookie says who asks. @throws ApiError */
export function hideMessage(place: Place, messageId: string): Promise<void> {
  return request('POST', `${addresses.channelFacts(place)}/chat/messages/${encodeURIComponent(messageId)}/hide`)
}

/** @param address with everybody at the network address that the message came from */
export async function banAuthor(place: Place, messageId: string, address: boolean): Promise<void> {
  const ban: CreateBan = { messageId, address }
  await request('POST', `${addresses.channelFacts(place)}/chat/bans`, ban)
}
