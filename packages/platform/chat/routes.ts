import { ban, banList, createBan } from '@bandstand/contract/api/moderation.ts'
import { banId, messageId, slug } from '@bandstand/contract/api/values.ts'
import * as z from 'zod'
import { defineRoute, type Route } from '../http/route.ts'
import type { Moderation } from './moderation.ts'

/** @param find the channel with this slug; refuses where there is none */
export function chatRoutes(moderation: Moderation, find: (slug: string) => { readonly id: string }): Route[] {
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
      handle: ({ params }) => moderation.hide(find(params.slug).id, params.id),
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
      handle: async ({ params }) => ({ bans: await moderation.bans(find(params.slug).id) }),
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
      handle: ({ params, body }) => moderation.ban(find(params.slug).id, body),
    }),
    defineRoute({
      ...common,
      method: 'DELETE',
      path: '/channels/{slug}/chat/bans/{id}',
      summary: 'Lift a ban',
      params: z.object({ slug, id: banId }),
      status: 204,
      errors: ['not-found'],
      handle: ({ params }) => moderation.unban(find(params.slug).id, params.id),
    }),
  ]
}
