import { parseHookSecret } from '@bandstand/platform/publishing/hook/signature.ts'
import { z } from 'zod'

/** Where somebody can be asked: user name and password in an address would end up in logs, and a fragment is sent to nobody. */
function isHookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === '' && hash === ''
}

export const hookUrl = z
  .string()
  .trim()
  .max(2000)
  .refine(isHookUrl, 'takes an address that begins with http:// or https://, without user name, password and "#"')

export const hookSecret = z
  .string()
  .trim()
  .refine(
    (text) => parseHookSecret(text) !== undefined,
    'takes whsec_ and base64 of 24 to 64 random bytes, such as: echo whsec_$(openssl rand -base64 32)',
  )
