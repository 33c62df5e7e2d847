import type { ChannelRecord } from '../channels/model.ts'
import type { PublishAdmission, PublishQuestion, PublishRefusal } from '../ports.ts'

export interface AdmissionOptions {
  readonly channels: {
    byId(id: string): ChannelRecord | undefined
    bySlug(slug: string): ChannelRecord | undefined
    byKey(key: string): ChannelRecord | undefined
  }
}

const CHANGED: PublishRefusal = {
  code: 'stopped',
  reason: 'the stream key of this channel was changed; copy the new one from the studio',
}

/** Decides who may publish where. */
export function createAdmission({ channels }: AdmissionOptions) {
  return async function admit({
    key,
    channel: named,
  }: PublishQuestion): Promise<PublishAdmission | { readonly refusal: PublishRefusal }> {
    const channel = channels.byKey(key)
    if (channel === undefined) {
      return {
        refusal: {
          code: 'wrong-key',
          reason: 'wrong stream key: copy the key shown in the studio of this server into the encoder',
        },
      }
    }
    if (named !== undefined && channels.bySlug(named)?.id !== channel.id) {
      return {
        refusal: { code: 'forbidden', reason: 'this key is of another channel: use the address that belongs to it' },
      }
    }
    return { channel, objection: () => (channels.byKey(key)?.id === channel.id ? undefined : CHANGED) }
  }
}
