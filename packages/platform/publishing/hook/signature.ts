import { createHmac } from 'node:crypto'

/** What secrets begin with (standard-webhooks specification, "Signing secrets"). */
const MARK = 'whsec_'
const [LEAST, MOST] = [24, 64]
/** Different bytes in a secret; of 24 random ones there are 20 and more. */
const DIFFERENT = 12

/** The key in a signing secret, `whsec_` and base64; undefined where it is not one, or can be guessed. */
export function parseHookSecret(text: string): Buffer | undefined {
  if (!text.startsWith(MARK)) return undefined
  const body = text.slice(MARK.length)
  const bytes = Buffer.from(body, 'base64')
  const isBase64 = bytes.toString('base64').replace(/=+$/, '') === body.replace(/=+$/, '')
  const isStrong = bytes.length >= LEAST && bytes.length <= MOST && new Set(bytes).size >= DIFFERENT
  return isBase64 && isStrong ? bytes : undefined
}

/**
 * The headers by which a receiver knows that a call is ours and new (standard-webhooks specification, "Signature scheme").
 * Node's own HMAC: the library for it brings nothing that these lines lack, and is made for receivers.
 *
 * @param at Unix ms
 */
export function signHook(secret: Buffer, id: string, at: number, body: string): Readonly<Record<string, string>> {
  const seconds = Math.floor(at / 1000)
  const mac = createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${mac}` }
}
