import { createId, isId } from '@bandstand/contract/ids.ts'
import type { Secrets } from '../access/secrets.ts'

/** Who an anonymous chatter is: a public id, and a token that only its holder knows. Nothing is stored. */
export interface ChatIdentity {
  readonly id: string
  readonly token: string
}

export function createIdentity(secrets: Secrets): ChatIdentity {
  const id = createId('chatter')
  return { id, token: `${id}.${secrets.digest('chat-token', id)}` }
}

/** The chatter that a token of ours stands for, or undefined. */
export function readIdentity(token: string, secrets: Secrets): ChatIdentity | undefined {
  const dot = token.indexOf('.')
  const id = token.slice(0, dot)
  if (dot < 0 || !isId('chatter', id) || !secrets.verify('chat-token', id, token.slice(dot + 1))) return undefined
  return { id, token }
}
