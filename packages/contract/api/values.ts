import * as z from 'zod'
import { SLUG_MAX, TITLE_MAX } from '../limits.ts'

/** A moment, in UTC: `2026-01-02T03:04:05.678Z`. */
export const instant = z.iso.datetime().meta({ id: 'Instant', description: 'RFC 3339 date and time in UTC' })

/** A channel's name in addresses. */
export const slug = z
  .string()
  .min(1)
  .max(SLUG_MAX)
  .regex(/^[a-z0-9]+(?:-+[a-z0-9]+)*$/, 'small letters, digits and hyphens between them')

/** Anything but spaces, control and format characters, marks on nothing, fillers and the blank of Braille. */
const VISIBLE = /[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u

/** A title: people have to see something of it. */
export const title = z
  .string()
  .trim()
  .max(TITLE_MAX)
  .refine((text) => VISIBLE.test(text), 'a title needs a character that can be seen')
  .meta({ minLength: 1 })

export const assetId = z.string().regex(/^as_[a-z0-9-]{1,64}$/)
export const messageId = z.string().regex(/^msg_[a-z0-9-]{1,64}$/)
export const chatterId = z.string().regex(/^usr_[a-z0-9-]{1,64}$/)
export const keyId = z.string().regex(/^key_[a-z0-9-]{1,64}$/)
export const banId = z.string().regex(/^ban_[a-z0-9-]{1,64}$/)

/** A length of time in milliseconds. */
export const milliseconds = z.int().min(0)
export const bytes = z.int().min(0)
