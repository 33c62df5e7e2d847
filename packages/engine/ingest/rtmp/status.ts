import type { PublishRefusal } from '../../ports.ts'

/** Status code for an encoder; OBS and others tell their user "wrong stream key" for `BadName`. */
export function statusOf(refusal: PublishRefusal['code']): 'NetStream.Publish.BadName' | 'NetStream.Publish.Rejected' {
  const isBadName = refusal === 'wrong-key' || refusal === 'expired' || refusal === 'in-use'
  return isBadName ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Rejected'
}

/** First 4 characters of a stream key: all that a log may say of it. */
export function shortKey(key: string): string {
  return key.length > 4 ? `${key.slice(0, 4)}…` : '…'
}
