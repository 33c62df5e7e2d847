import * as z from 'zod'
import { instant } from '../api/values.ts'

export const chatAuthor = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.boolean().describe('signed in as owner: the page shows a badge'),
})

export const chatMessage = z
  .object({
    id: z.string(),
    at: instant,
    author: chatAuthor,
    text: z.string().describe('plain text; links are made by the reader, from http and https only'),
    clientId: z.string().optional().describe('as given with `say`, so that the writer knows the message as sent'),
  })
  .meta({ id: 'ChatMessage' })
export type ChatMessage = z.infer<typeof chatMessage>
