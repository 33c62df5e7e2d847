import * as z from 'zod'
import { DESCRIPTION_MAX, OFFLINE_TEXT_MAX } from '../limits.ts'
import { instant, slug, title } from './values.ts'

export const chatSettings = z
  .object({
    enabled: z.boolean(),
    slowMode: z
      .int()
      .min(0)
      .max(600)
      .describe('seconds a chatter waits between messages, and from joining as somebody new to the first; 0 for none'),
  })
  .meta({ id: 'ChatSettings' })

/** What delay a channel's viewers get where their browser and network allow it. */
export const latency = z
  .enum(['real-time', 'low', 'normal'])
  .describe('real-time: WebRTC, well under a second; low: LL-HLS, about two; normal: HLS, about ten, steadiest')
  .meta({ id: 'Latency' })
export type Latency = z.infer<typeof latency>

/** What changes while a channel is watched; also pushed over the chat socket. */
export const liveState = z.object({
  live: z.boolean(),
  viewers: z.int().min(0).describe('distinct players seen in the last 15 s'),
  startedAt: instant.nullable().describe('when the running broadcast began'),
  assetId: z.string().nullable().describe('the running broadcast, to rewind at /vod/{asset}/index.m3u8'),
  generation: z.int().min(0).describe('rises when players must read the multivariant playlist again'),
})

/** `GET /api/v1/channels/{slug}`; needs no key. */
export const channel = liveState
  .extend({
    slug,
    title: z.string(),
    description: z.string(),
    offlineImage: z.string().nullable().describe('address of the picture shown while offline'),
    offlineText: z.string(),
    latency,
    chat: chatSettings,
  })
  .meta({ id: 'Channel' })
export type Channel = z.infer<typeof channel>

export const channelList = z.object({ channels: z.array(channel) }).meta({ id: 'ChannelList' })
export type ChannelList = z.infer<typeof channelList>

/** `POST /api/v1/channels` (owner). */
export const createChannel = z
  .strictObject({ slug, title: title.optional(), description: z.string().max(DESCRIPTION_MAX).optional() })
  .meta({ id: 'CreateChannel' })
export type CreateChannel = z.infer<typeof createChannel>

/** `PATCH /api/v1/channels/{slug}` (owner): only what is given changes. */
export const updateChannel = z
  .strictObject({
    slug: slug.optional(),
    title: title.optional(),
    description: z.string().max(DESCRIPTION_MAX).optional(),
    offlineText: z.string().max(OFFLINE_TEXT_MAX).optional(),
    latency: latency.optional(),
    chat: z.strictObject(chatSettings.shape).partial().optional(),
  })
  .meta({ id: 'UpdateChannel' })
export type UpdateChannel = z.infer<typeof updateChannel>

/** `GET /api/v1/channels/{slug}/key` and `POST …/key/rotate` (owner). */
export const streamKey = z.object({ key: z.string() }).meta({ id: 'StreamKey' })
export type StreamKey = z.infer<typeof streamKey>

/** `PUT /api/v1/channels/{slug}/offline-image` (owner). */
export const offlineImage = z.object({ offlineImage: z.string() }).meta({ id: 'OfflineImage' })
export type OfflineImage = z.infer<typeof offlineImage>
