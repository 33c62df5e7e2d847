import * as z from 'zod'
import { SLUG_MAX } from '../limits.ts'

/** A moment, in UTC: `2026-01-02T03:04:05.678Z`. */
export const instant = z.iso.datetime().meta({ id: 'Instant', description: 'RFC 3339 date and time in UTC' })

/** A channel's name in addresses. */
export const slug = z
  .string()
  .min(1)
  .max(SLUG_MAX)
  .regex(/^[a-z0-9]+(?:-+[a-z0-9]+)*$/, 'small letters, digits and hyphens between them')

export const assetId = z.string().regex(/^as_[a-z0-9-]{1,64}$/)
export const messageId = z.string().regex(/^msg_[a-z0-9-]{1,64}$/)
export const chatterId = z.string().regex(/^usr_[a-z0-9-]{1,64}$/)
export const keyId = z.string().regex(/^key_[a-z0-9-]{1,64}$/)
export const banId = z.string().regex(/^ban_[a-z0-9-]{1,64}$/)

/** A length of time in milliseconds. */
export const milliseconds = z.int().min(0)
export const bytes = z.int().min(0)
