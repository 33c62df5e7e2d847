import * as z from 'zod'
import { CHAT_FRAME_MAX } from '../limits.ts'

/**
 * What a page sends over the WebSocket `/live/{channel}/chat`: one JSON object per text frame. `hello` comes first and once;
 * `chat: false` asks for `channel` events only.
 */
export const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    chat: z.boolean(),
    name: z.string().max(200).optional().describe('the owner has a name already, which only `rename` changes'),
    token: z
      .string()
      .max(200)
      .optional()
      .describe('from an earlier `welcome`: who this chatter is; without it somebody new, who waits in slow mode'),
  }),
  z.strictObject({
    type: z.literal('say'),
    text: z.string().max(CHAT_FRAME_MAX),
    clientId: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,40}$/)
      .describe("the page's own name for it, returned with the message"),
  }),
  z.strictObject({ type: z.literal('rename'), name: z.string().max(200) }),
  z.strictObject({ type: z.literal('ping') }),
])
export type ClientMessage = z.infer<typeof clientMessage>
