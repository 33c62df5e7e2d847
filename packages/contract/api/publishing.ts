import * as z from 'zod'
import { KEY_NOTE_MAX, SIGNED_NETWORKS_MAX } from '../limits.ts'
import { instant, keyId } from './values.ts'

const note = z
  .string()
  .trim()
  .max(KEY_NOTE_MAX)
  .regex(/^\P{Cc}*$/u, 'takes text of one line')
  .describe('who or what it is for')
const expiresAt = instant
  .nullable()
  .describe('from then on it is refused, and who is live with it is stopped; null for never')

/** A further stream key of a channel, without the key itself. */
export const publishKey = z
  .object({
    id: keyId,
    note,
    createdAt: instant,
    expiresAt,
    usedAt: instant.nullable().describe('when an encoder was last let in with it, to the minute'),
    inUse: z.boolean().describe('whether the encoder that is live has it'),
  })
  .meta({ id: 'PublishKey' })
export type PublishKey = z.infer<typeof publishKey>

/** `GET /api/v1/channels/{slug}/keys` (owner). */
export const publishKeyList = z
  .object({
    own: z.object({
      usedAt: instant.nullable().describe('when an encoder was last let in with the channel’s own key, to the minute'),
    }),
    keys: z.array(publishKey).describe('oldest first'),
  })
  .meta({ id: 'PublishKeyList' })
export type PublishKeyList = z.infer<typeof publishKeyList>

/** `GET /api/v1/channels/{slug}/keys/{id}` and the answer to making one (owner). */
export const shownKey = publishKey.extend({ key: z.string() }).meta({ id: 'ShownKey' })
export type ShownKey = z.infer<typeof shownKey>

/** `POST /api/v1/channels/{slug}/keys` (owner). */
export const createKey = z
  .strictObject({ note: note.default(''), expiresAt: expiresAt.default(null) })
  .meta({ id: 'CreateKey' })
export type CreateKey = z.input<typeof createKey>

/** `PATCH /api/v1/channels/{slug}/keys/{id}` (owner): only what is given changes. */
export const updateKey = z
  .strictObject({ note: note.optional(), expiresAt: expiresAt.optional() })
  .meta({ id: 'UpdateKey' })
export type UpdateKey = z.infer<typeof updateKey>

/** `POST /api/v1/channels/{slug}/signed-keys` (owner). */
export const createSignedKey = z
  .strictObject({
    expiresAt: instant.describe('until then an encoder may begin, or come back, with it; seconds count'),
    sessionEndsAt: instant
      .nullable()
      .default(null)
      .describe('who is live with it is stopped then; null: may go on until it stops by itself'),
    addresses: z
      .array(z.string().max(64))
      .max(SIGNED_NETWORKS_MAX)
      .default([])
      .describe('IP addresses and networks (CIDR) that the encoder may come from; none named: any'),
  })
  .meta({ id: 'CreateSignedKey' })
export type CreateSignedKey = z.input<typeof createSignedKey>

/** A key that is kept nowhere: what it allows is written in it and signed. Given to an encoder in place of a stream key. */
export const signedKey = z
  .object({
    key: z.string(),
    expiresAt: instant,
    sessionEndsAt: instant.nullable(),
    addresses: z.array(z.string()).describe('as they are compared'),
  })
  .meta({ id: 'SignedKey' })
export type SignedKey = z.infer<typeof signedKey>
