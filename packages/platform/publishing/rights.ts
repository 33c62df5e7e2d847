import type { Secrets } from '../access/secrets.ts'
import type { PublishRefusal } from '../ports.ts'
import type { Keys } from './keys.ts'
import { momentText, type PublishChannels } from './model.ts'
import { isWithin, printNetwork } from './networks.ts'
import { readSignedKey, SIGNED_KEY_MARK } from './signed-key.ts'

/** What a key gives to whoever has it. */
export interface Right {
  readonly channelId: string
  /** Which of the further keys it is. */
  readonly keyId?: string
  readonly note?: string
  readonly isSigned: boolean
  /** Why an encoder may not begin with it, beside what is said against going on. */
  barred(remote: string): PublishRefusal | undefined
  /** Why an encoder that has it may not go on now. */
  objection(): PublishRefusal | undefined
  /** It let an encoder in. */
  used(): void
}

export interface RightsOptions {
  readonly channels: PublishChannels
  readonly keys: Keys
  readonly secrets: Pick<Secrets, 'digest'>
  /** Unix ms. */
  readonly now: () => number
}

const CHANGED: PublishRefusal = {
  code: 'stopped',
  reason: 'the stream key of this channel was changed; copy the new one from the studio',
}
const REVOKED: PublishRefusal = {
  code: 'stopped',
  reason: 'this stream key was revoked: ask for another one, or make one in the studio',
}
const SIGNATURES_REVOKED: PublishRefusal = {
  code: 'expired',
  reason: 'this publish address was revoked: make a new one in the studio',
}
export const CHANNEL_GONE: PublishRefusal = { code: 'stopped', reason: 'this channel was deleted' }

const WRONG: PublishRefusal = {
  code: 'wrong-key',
  reason: 'wrong stream key: copy the key shown in the studio of this server into the encoder',
}
const NOT_SIGNED: PublishRefusal = {
  code: 'wrong-key',
  reason:
    'this publish address was not signed by this server, or has changed on its way: copy the whole of it once more',
}

/** Finds what a key is good for: the channel's own one, a further one, or one that is signed. */
export function createRights({ channels, keys, secrets, now }: RightsOptions) {
  const gone = (channelId: string) => (channels.isOpen(channelId) ? undefined : CHANNEL_GONE)
  const expired = (what: string, at: number, next: string): PublishRefusal => ({
    code: 'expired',
    reason: `${what} at ${momentText(at)}: make a new one in the studio${next}`,
  })

  function ownRight(key: string): Right | undefined {
    const channel = channels.byKey(key)
    if (channel === undefined) return undefined
    const { id, keyDigest } = channel
    return {
      channelId: id,
      isSigned: false,
      barred: () => undefined,
      objection: () => gone(id) ?? (channels.byId(id)?.keyDigest === keyDigest ? undefined : CHANGED),
      used: () => channels.used(id),
    }
  }

  function furtherRight(key: string): Right | undefined {
    const record = keys.byKey(key)
    if (record === undefined) return undefined
    const { id, channelId } = record
    return {
      ...{ channelId, keyId: id, note: record.note },
      isSigned: false,
      barred: () => undefined,
      objection() {
        const known = keys.byId(id)
        if (known === undefined) return gone(channelId) ?? REVOKED
        const { expiresAt } = known
        if (expiresAt !== null && expiresAt <= now()) return expired('this stream key expired', expiresAt, '')
        return gone(channelId)
      },
      used: () => keys.used(id),
    }
  }

  function signedRight(key: string): Right | undefined {
    const policy = readSignedKey(secrets, key)
    if (policy === undefined) return undefined
    const { channelId, networks } = policy
    const expiresAt = policy.expiresAt * 1000
    const endsAt = policy.sessionEndsAt * 1000
    return {
      channelId,
      isSigned: true,
      barred(remote) {
        if (expiresAt <= now()) return expired('this publish address expired', expiresAt, '')
        if (networks.length === 0 || isWithin(remote, networks)) return undefined
        const allowed = networks.map(printNetwork).join(', ')
        return {
          code: 'forbidden',
          reason: `this publish address is for encoders at ${allowed}, and this one is at ${remote}`,
        }
      },
      objection() {
        const missing = gone(channelId)
        if (missing !== undefined) return missing
        if (channels.byId(channelId)?.signingNumber !== policy.secretNumber) return SIGNATURES_REVOKED
        if (endsAt === 0 || endsAt > now()) return undefined
        return expired('the time of this publish address was over', endsAt, ' to go on')
      },
      used() {},
    }
  }

  return function rightOf(key: string): Right | { readonly refusal: PublishRefusal } {
    const right = ownRight(key) ?? furtherRight(key) ?? signedRight(key)
    return right ?? { refusal: key.startsWith(SIGNED_KEY_MARK) ? NOT_SIGNED : WRONG }
  }
}
