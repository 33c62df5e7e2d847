import * as z from 'zod'
import { REASON_LENGTH } from '../limits.ts'
import type { Posted } from './post.ts'

/** What the hook says. */
export type HookAnswer =
  | { readonly allow: true; readonly channel?: string | undefined }
  | { readonly allow: false; readonly reason: string }
  /** Something that is no answer; it is said why. */
  | { readonly fault: string }

const schema = z.discriminatedUnion('allow', [
  z.object({ allow: z.literal(true), channel: z.string().min(1).max(100).nullish() }),
  z.object({ allow: z.literal(false), reason: z.string().nullish() }),
])

/** Reads an answer: anything but a clear yes is none. */
export function readAnswer({ status, body }: Posted): HookAnswer {
  if (status !== 200) return { fault: `it answered ${status}, not 200` }
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return { fault: 'its answer is no JSON' }
  }
  const { success, data } = schema.safeParse(value)
  if (!success)
    return { fault: 'its answer has no "allow" that is true or false, or a "channel" or "reason" that is no text' }
  if (data.allow) return { allow: true, channel: data.channel ?? undefined }
  return { allow: false, reason: readable(data.reason ?? '') || 'this server does not let this encoder publish now' }
}

/** As one line of bounded length, without what steers a terminal or turns a line around. */
function readable(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()
  // Not by code units: half a character is none.
  return Array.from(line.slice(0, 2 * REASON_LENGTH))
    .slice(0, REASON_LENGTH)
    .join('')
    .toWellFormed()
}
