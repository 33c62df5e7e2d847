import { ban, banList, createBan } from '@bandstand/contract/api/moderation.ts'
import { banId, messageId, slug } from '@bandstand/contract/api/values.ts'
import * as z from 'zod'
import { Refusal } from '../http/problem.ts'
import { defineRoute, type Route } from '../http/route.ts'
import type { Moderation } from './moderation.ts'

/** @param findChannel id of the channel with this slug */
export function chatRoutes(moderation: Moderation, findChannel: (slug: string) => string | undefined): Route[] {
  const find = (given: string): string => {
    const id = findChannel(given)
    if (id === undefined) throw new Refusal('not-found', `there is no channel "${given}"`)
    return id
  }
  const common = { action: 'chat.moderate', tag: 'Chat' } as const
  return [
    defineRoute({
      ...common,
      method: 'POST',
      path: '/channels/{slug}/chat/messages/{id}/hide',
      summary: 'Take a message away from every page',
      params: z.object({ slug, id: messageId }),
      status: 204,
      errors: ['not-found'],
      handle: ({ params }) => moderation.hide(find(params.slug), params.id),
    }),
    defineRoute({
      ...common,
      method: 'GET',
      path: '/channels/{slug}/chat/bans',
      summary: 'List who is banned, newest first',
      params: z.object({ slug }),
      status: 200,
      response: banList,
      errors: ['not-found'],
      handle: async ({ params }) => ({ bans: await moderation.bans(find(params.slug)) }),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: '/channels/{slug}/chat/bans',
      summary: 'Ban who wrote a message; it takes effect at once',
      params: z.object({ slug }),
      body: createBan,
      status: 201,
      response: ban,
      errors: ['not-found', 'conflict', 'limit'],
      handle: ({ params, body }) => moderation.ban(find(params.slug), body),
    }),
    defineRoute({
      ...common,
      method: 'DELETE',
      path: '/channels/{slug}/chat/bans/{id}',
      summary: 'Lift a ban',
      params: z.object({ slug, id: banId }),
      status: 204,
      errors: ['not-found'],
      handle: ({ params }) => moderation.unban(find(params.slug), params.id),
    }),
  ]
}
