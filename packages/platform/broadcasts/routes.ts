import { asset, assetList, pageQuery } from '@bandstand/contract/api/asset.ts'
import { replayList } from '@bandstand/contract/api/replay.ts'
import { assetId, slug } from '@bandstand/contract/api/values.ts'
import * as z from 'zod'
import { Refusal } from '../http/problem.ts'
import { defineRoute, type Route } from '../http/route.ts'
import type { Broadcasts } from './service.ts'

const byId = z.object({ id: assetId })
const BRIEFLY = 'public, max-age=1'

/** @param find the channel with this slug; refuses where there is none */
export function broadcastRoutes(broadcasts: Broadcasts, find: (slug: string) => { readonly id: string }): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/channels/{slug}/replays',
      action: 'asset.read',
      tag: 'Replays',
      summary: 'List the past broadcasts of a channel whose recordings are there, newest first',
      params: z.object({ slug }),
      query: pageQuery,
      status: 200,
      response: replayList,
      errors: ['not-found'],
      cache: BRIEFLY,
      handle: ({ params, query }) =>
        broadcasts.replays({ channelId: find(params.slug).id, before: query.before, limit: query.limit }),
    }),
    defineRoute({
      method: 'GET',
      path: '/channels/{slug}/assets',
      action: 'asset.read',
      tag: 'Replays',
      summary: 'List the broadcasts of a channel, the running one too, newest first',
      params: z.object({ slug }),
      query: pageQuery,
      status: 200,
      response: assetList,
      errors: ['not-found'],
      cache: BRIEFLY,
      handle: ({ params, query }) =>
        broadcasts.list({ channelId: find(params.slug).id, before: query.before, limit: query.limit }),
    }),
    defineRoute({
      method: 'GET',
      path: '/assets',
      action: 'asset.list-all',
      tag: 'Replays',
      summary: 'List the broadcasts of all channels, newest first',
      query: pageQuery,
      status: 200,
      response: assetList,
      errors: [],
      handle: ({ query }) => broadcasts.list({ before: query.before, limit: query.limit }),
    }),
    defineRoute({
      method: 'GET',
      path: '/assets/{id}',
      action: 'asset.read',
      tag: 'Replays',
      summary: 'Say what a broadcast is, live or ended',
      params: byId,
      status: 200,
      response: asset,
      errors: ['not-found'],
      cache: BRIEFLY,
      async handle({ params }) {
        const found = await broadcasts.get(params.id)
        if (found === undefined) throw new Refusal('not-found', 'there is no such replay')
        return found
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/assets/{id}',
      action: 'asset.delete',
      tag: 'Replays',
      summary: 'Delete a replay',
      params: byId,
      status: 204,
      errors: ['not-found', 'conflict'],
      handle: ({ params }) => broadcasts.remove(params.id),
    }),
  ]
}
