import * as z from 'zod'
import { instant } from './values.ts'

/** One past broadcast, as viewers see it in a list. */
export const replay = z
  .object({
    assetId: z.string(),
    title: z.string().describe("the channel's title when the broadcast began"),
    startedAt: instant,
    duration: z.number().min(0).describe('seconds of media'),
    url: z.string().describe('address of its page, relative to the server'),
  })
  .meta({ id: 'Replay' })
export type Replay = z.infer<typeof replay>

/** `GET /api/v1/channels/{slug}/replays`, newest first; needs no key. */
export const replayList = z
  .object({
    replays: z.array(replay),
    next: z.string().nullable().describe('give it as `before` for the next page; null at the end'),
  })
  .meta({ id: 'ReplayList' })
export type ReplayList = z.infer<typeof replayList>
