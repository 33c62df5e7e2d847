import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Secrets } from '../access/secrets.ts'
import { SIGNED_KEY_LENGTH } from './limits.ts'
import { type Policy, parsePolicy, printPolicy } from './policy.ts'

/** What signed keys begin with: another form would have another number. */
export const SIGNED_KEY_MARK = 'bs1.'

const FORM = /^(bs1\.([A-Za-z0-9_-]{39,231}))\.([A-Za-z0-9_-]{43})$/

/**
 * `bs1.<policy>.<HMAC-SHA256>`, both in base64url (RFC 4648, 5): characters that every encoder and address takes as they are.
 * Each channel has a secret of its own for each number, derived from the instance's: with another number nothing that was
 * signed before counts.
 */
export function signKey(secrets: Pick<Secrets, 'digest'>, policy: Policy): string {
  const signed = SIGNED_KEY_MARK + printPolicy(policy).toString('base64url')
  return `${signed}.${sign(secrets, policy, signed)}`
}

/** What a signed key allows; undefined where this instance has not signed it so. */
export function readSignedKey(secrets: Pick<Secrets, 'digest'>, key: string): Policy | undefined {
  if (key.length > SIGNED_KEY_LENGTH) return undefined
  const [, signed = '', body = '', given = ''] = FORM.exec(key) ?? []
  const bytes = Buffer.from(body, 'base64url')
  // Spare bits at the end of base64 may be anything, and the same policy would have many keys.
  const policy = bytes.toString('base64url') === body ? parsePolicy(bytes) : undefined
  if (policy === undefined) return undefined
  const expected = Buffer.from(sign(secrets, policy, signed))
  const actual = Buffer.from(given)
  return expected.length === actual.length && timingSafeEqual(expected, actual) ? policy : undefined
}

function sign(secrets: Pick<Secrets, 'digest'>, { channelId, secretNumber }: Policy, text: string): string {
  const secret = secrets.digest('signed-key', `${channelId} ${secretNumber}`)
  return createHmac('sha256', secret).update(text).digest('base64url')
}
