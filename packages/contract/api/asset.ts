import * as z from 'zod'
import { bytes, instant, milliseconds } from './values.ts'

/** One broadcast as it can be watched again: `GET /api/v1/assets/{id}`; needs no key. */
export const asset = z
  .object({
    id: z.string(),
    channel: z.string().describe('slug of its channel'),
    title: z.string().describe("the channel's title: of now while it is live, of when it ended afterwards"),
    live: z.boolean().describe('still being broadcast'),
    startedAt: instant,
    endedAt: instant.nullable(),
    duration: milliseconds.nullable().describe('milliseconds of media; null while live'),
    bytes: bytes.nullable().describe('size on disk; null while live'),
  })
  .meta({ id: 'Asset' })
export type Asset = z.infer<typeof asset>

/** `GET /api/v1/channels/{slug}/assets` (public) and `GET /api/v1/assets` (owner), newest first. */
export const assetList = z
  .object({
    assets: z.array(asset),
    next: z.string().nullable().describe('give it as `before` for the next page; null at the end'),
  })
  .meta({ id: 'AssetList' })
export type AssetList = z.infer<typeof assetList>

export const pageQuery = z.object({
  before: z.string().max(80).optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(100).default(30),
})
