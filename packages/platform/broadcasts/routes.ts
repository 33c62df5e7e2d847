import { asset, assetList, pageQuery } from '@bandstand/contract/api/asset.ts'
import { replayList } from '@bandstand/contract/api/replay.ts'
import { assetId, slug } from '@bandstand/contract/api/values.ts'
import * as z from 'zod'
import { Refusal } from '../http/problem.ts'
import { defineRoute, type Route } from '../http/route.ts'
import type { Broadcasts } from './service.ts'

const byId = z.object({ id: assetId })
const BRIEFLY = 'public, max-age=1'

/** @param findChannel id of the channel with this slug */
export function broadcastRoutes(broadcasts: Broadcasts, findChannel: (slug: string) => string | undefined): Route[] {
  const find = (given: string): string => {
    const channelId = findChannel(given)
    if (channelId === undefined) throw new Refusal('not-found', `there is no channel "${given}"`)
    return channelId
  }
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
        broadcasts.replays({ channelId: find(params.slug), before: query.before, limit: query.limit }),
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
        broadcasts.list({ channelId: find(params.slug), before: query.before, limit: query.limit }),
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
