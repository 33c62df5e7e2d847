import type { Log, PublishAdmission, PublishQuestion, PublishRefusal } from '../ports.ts'
import type { PublishHook } from './hook/hook.ts'
import type { PublishChannels } from './model.ts'
import { CHANNEL_GONE, type createRights, type Right } from './rights.ts'

export interface AdmissionOptions {
  readonly channels: PublishChannels
  readonly rightOf: ReturnType<typeof createRights>
  /** Not there where nobody else is asked. */
  readonly hook?: Pick<PublishHook, 'ask'> | undefined
  /** For lines that encoders can cause as often as they like. */
  readonly log: Log
}

type Answer = PublishAdmission | { readonly refusal: PublishRefusal }

const ELSEWHERE: PublishRefusal = {
  code: 'forbidden',
  reason: 'this key is of another channel: use the address that belongs to it',
}
const NOWHERE: PublishRefusal = {
  code: 'unavailable',
  reason: 'the server was told to send this encoder to a channel that it does not have',
}

/** Decides who may publish where: by the key, and by the publish hook where there is one. */
export function createAdmission({ channels, rightOf, hook, log }: AdmissionOptions) {
  /** Where it publishes, as the channel is now. */
  function admitted(right: Right, channelId: string): Answer {
    const objection = () => right.objection() ?? (channels.isOpen(channelId) ? undefined : CHANNEL_GONE)
    const channel = channels.byId(channelId)
    const refusal = objection()
    if (refusal !== undefined || channel === undefined) return { refusal: refusal ?? CHANNEL_GONE }
    right.used()
    const { id, slug } = channel
    return { channel: { id, slug }, ...(right.keyId !== undefined && { keyId: right.keyId }), objection }
  }

  return async function admit(question: PublishQuestion): Promise<Answer> {
    const right = rightOf(question.key)
    if ('refusal' in right) return right
    const { channelId, keyId, note, isSigned } = right
    const refusal = right.objection() ?? right.barred(question.remote)
    if (refusal !== undefined) return { refusal }
    const isElsewhere = question.channel !== undefined && channels.bySlug(question.channel)?.id !== channelId
    if (isElsewhere) return { refusal: ELSEWHERE }
    const channel = channels.byId(channelId)
    if (hook === undefined || channel === undefined) return admitted(right, channelId)

    const { protocol, remote, encoder } = question
    const verdict = await hook.ask({
      ...{ channel: channel.slug, protocol, remote, isSigned },
      ...{ encoder: encoder ?? null, keyId: keyId ?? null, note: note ?? null },
    })
    if ('refusal' in verdict) return verdict
    if (verdict.channel === undefined) return admitted(right, channelId)
    const other = channels.bySlug(verdict.channel)
    if (other === undefined) {
      log.warn(
        { remote, channel: channel.slug, to: verdict.channel },
        'the publish hook named a channel that is not here',
      )
      return { refusal: NOWHERE }
    }
    log.info({ remote, channel: channel.slug, to: other.slug }, 'the publish hook sends an encoder to another channel')
    return admitted(right, other.id)
  }
}
