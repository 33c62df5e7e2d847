import * as z from 'zod'
import { channel, chatSettings } from '../api/channel.ts'
import { errorCode } from '../errors.ts'
import { chatMessage } from './model.ts'

/** Pushed when something of it changes; viewers at most every few seconds. */
const channelEvent = channel
  .pick({
    slug: true,
    title: true,
    live: true,
    viewers: true,
    startedAt: true,
    assetId: true,
    generation: true,
    latency: true,
  })
  .extend({ type: z.literal('channel') })
export type ChannelEvent = z.infer<typeof channelEvent>

/** What the server sends: one JSON object per text frame. */
export const serverMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    you: z
      .object({
        id: z.string(),
        name: z.string().nullable().describe('null until the chatter has chosen one'),
        token: z.string().describe('keep it and give it with the next hello'),
        owner: z.boolean(),
      })
      .nullable()
      .describe('null where hello had chat: false'),
    history: z.array(chatMessage).describe('oldest first'),
    settings: chatSettings,
  }),
  z.object({
    type: z.literal('messages'),
    messages: z.array(chatMessage).describe('what was said since the last frame, oldest first; own messages too'),
  }),
  z.object({
    type: z.literal('renamed'),
    name: z.string().describe('the answer to `rename`; the owner is told on each page'),
  }),
  z.object({ type: z.literal('hidden'), ids: z.array(z.string()).describe('take these messages away') }),
  z.object({ type: z.literal('settings'), settings: chatSettings }),
  z.object({ type: z.literal('banned'), text: z.string() }),
  z.object({
    type: z.literal('error'),
    code: errorCode,
    text: z.string(),
    clientId: z.string().optional().describe('of the `say` that was refused'),
    retryAfter: z.int().optional().describe('ms to wait, with rate-limited'),
  }),
  channelEvent,
  z.object({ type: z.literal('pong') }),
])
export type ServerMessage = z.infer<typeof serverMessage>
