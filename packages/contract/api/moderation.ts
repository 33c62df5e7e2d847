import * as z from 'zod'
import { banId, chatterId, instant, messageId } from './values.ts'

export const ban = z
  .object({
    id: banId,
    name: z.string().describe('the name the chatter had'),
    chatterId: chatterId,
    address: z.boolean().describe('whether the network address is banned too'),
    createdAt: instant,
  })
  .meta({ id: 'Ban' })
export type Ban = z.infer<typeof ban>

export const banList = z.object({ bans: z.array(ban) }).meta({ id: 'BanList' })
export type BanList = z.infer<typeof banList>

/** `POST /api/v1/channels/{slug}/chat/bans` (owner): bans who wrote the message. */
export const createBan = z
  .strictObject({
    messageId: messageId,
    address: z
      .boolean()
      .default(true)
      .describe("also ban the network address it came from, and all who share that; never the server's own"),
    hideMessages: z.boolean().default(true).describe('also hide what the chatter wrote before'),
  })
  .meta({ id: 'CreateBan' })
export type CreateBan = z.input<typeof createBan>
