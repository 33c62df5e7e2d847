import {
  channel,
  channelList,
  createChannel,
  offlineImage,
  streamKey,
  updateChannel,
} from '@bandstand/contract/api/channel.ts'
import { channelHealth } from '@bandstand/contract/api/health.ts'
import { ladderEncoders, ladderSettings } from '@bandstand/contract/api/ladder.ts'
import { slug } from '@bandstand/contract/api/values.ts'
import { OFFLINE_IMAGE_MAX } from '@bandstand/contract/limits.ts'
import * as z from 'zod'
import { Refusal } from '../http/problem.ts'
import { defineRoute, type Route } from '../http/route.ts'
import type { EnginePort } from '../ports.ts'
import { IMAGE_TYPES } from './image.ts'
import { imageType } from './images.ts'
import type { Channels } from './service.ts'

const bySlug = z.object({ slug })
const imagePath = z.object({ slug, name: z.string().regex(/^[0-9a-f]{16}\.(png|jpeg|webp|avif)$/) })

/** Pages ask again every few seconds; a second of caching serves a crowd. */
const BRIEFLY = 'public, max-age=1'

export function channelRoutes(channels: Channels, engine: Pick<EnginePort, 'ladderEncoders'>): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/channels',
      action: 'channel.read',
      tag: 'Channels',
      summary: 'List the channels',
      status: 200,
      response: channelList,
      errors: [],
      cache: BRIEFLY,
      handle: () => ({ channels: channels.list().map(channels.view) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/channels',
      action: 'channel.create',
      tag: 'Channels',
      summary: 'Make a channel',
      body: createChannel,
      status: 201,
      response: channel,
      errors: ['slug-taken', 'slug-reserved', 'limit'],
      handle: async ({ body }) => channels.view(await channels.create(body)),
    }),
    defineRoute({
      method: 'GET',
      path: '/channels/{slug}',
      action: 'channel.read',
      tag: 'Channels',
      summary:
        'Say what a channel is and whether it is live; an earlier name answers too, with the name of today in `slug`',
      params: bySlug,
      status: 200,
      response: channel,
      errors: ['not-found'],
      cache: BRIEFLY,
      handle: ({ params }) => channels.view(channels.require(params.slug)),
    }),
    defineRoute({
      method: 'PATCH',
      path: '/channels/{slug}',
      action: 'channel.update',
      tag: 'Channels',
      summary: 'Rename or describe a channel, or change its latency or its chat settings',
      params: bySlug,
      body: updateChannel,
      status: 200,
      response: channel,
      errors: ['not-found', 'slug-taken', 'slug-reserved'],
      handle: async ({ params, body }) => channels.view(await channels.update(channels.require(params.slug), body)),
    }),
    defineRoute({
      method: 'GET',
      path: '/channels/{slug}/ladder',
      action: 'channel.health',
      tag: 'Channels',
      summary: 'Say what smaller pictures a channel has',
      params: bySlug,
      status: 200,
      response: ladderSettings,
      errors: ['not-found'],
      handle: ({ params }) => channels.require(params.slug).ladder,
    }),
    defineRoute({
      method: 'PUT',
      path: '/channels/{slug}/ladder',
      action: 'channel.update',
      tag: 'Channels',
      summary: 'Choose what smaller pictures a channel has; counts from its next broadcast on',
      params: bySlug,
      body: ladderSettings,
      status: 200,
      response: ladderSettings,
      errors: ['not-found'],
      handle: ({ params, body }) => channels.setLadder(channels.require(params.slug), body),
    }),
    defineRoute({
      method: 'GET',
      path: '/ladder/encoders',
      action: 'channel.health',
      tag: 'Channels',
      summary: 'Try which encoders work on this machine; takes seconds the first time',
      status: 200,
      response: ladderEncoders,
      errors: [],
      handle: async () => ({ encoders: [...(await engine.ladderEncoders())] }),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/channels/{slug}',
      action: 'channel.delete',
      tag: 'Channels',
      summary: 'Stop a channel and delete it with its replays and chat',
      params: bySlug,
      status: 204,
      errors: ['not-found'],
      handle: ({ params }) => channels.remove(channels.require(params.slug)),
    }),
    defineRoute({
      method: 'PUT',
      path: '/channels/{slug}/offline-image',
      action: 'channel.update',
      tag: 'Channels',
      summary: 'Set the picture that is shown while offline',
      params: bySlug,
      upload: { types: Object.values(IMAGE_TYPES), limit: OFFLINE_IMAGE_MAX },
      status: 200,
      response: offlineImage,
      errors: ['not-found', 'too-large', 'unsupported-media-type'],
      async handle({ params, body }) {
        return { offlineImage: await channels.setImage(channels.require(params.slug), body as unknown as Uint8Array) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/channels/{slug}/offline-image',
      action: 'channel.update',
      tag: 'Channels',
      summary: 'Take the picture away',
      params: bySlug,
      status: 204,
      errors: ['not-found'],
      handle: ({ params }) => channels.removeImage(channels.require(params.slug)),
    }),
    defineRoute({
      method: 'GET',
      path: '/channels/{slug}/offline-image/{name}',
      action: 'channel.read',
      tag: 'Channels',
      summary: 'Read the picture, at the address that the channel gives',
      params: imagePath,
      status: 200,
      produces: 'image/*',
      errors: ['not-found'],
      async handle({ params, reply }) {
        const bytes = await channels.image(channels.require(params.slug).id, params.name)
        if (bytes === undefined) throw new Refusal('not-found', 'this picture was replaced')
        reply
          .header('cache-control', 'public, max-age=86400, immutable')
          .header('access-control-allow-origin', '*')
          .header('cross-origin-resource-policy', 'cross-origin')
          .type(imageType(params.name))
          .send(bytes)
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/channels/{slug}/key',
      action: 'key.read',
      tag: 'Channels',
      summary: 'Show the stream key',
      params: bySlug,
      status: 200,
      response: streamKey,
      errors: ['not-found'],
      handle: async ({ params }) => ({ key: await channels.key(channels.require(params.slug)) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/channels/{slug}/key/rotate',
      action: 'key.rotate',
      tag: 'Channels',
      summary: 'Make a new stream key; who publishes with the old one is stopped at once',
      params: bySlug,
      status: 200,
      response: streamKey,
      errors: ['not-found'],
      handle: async ({ params }) => ({ key: await channels.rotateKey(channels.require(params.slug)) }),
    }),
    defineRoute({
      method: 'GET',
      path: '/channels/{slug}/health',
      action: 'channel.health',
      tag: 'Channels',
      summary: 'Say what the encoder sends, with advice',
      params: bySlug,
      status: 200,
      response: channelHealth,
      errors: ['not-found'],
      handle: ({ params }) => channels.health(channels.require(params.slug)),
    }),
  ]
}
