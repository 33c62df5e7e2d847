import {
  createKey,
  createSignedKey,
  type PublishKey,
  publishKeyList,
  shownKey,
  signedKey,
  updateKey,
} from '@bandstand/contract/api/publishing.ts'
import { keyId, slug } from '@bandstand/contract/api/values.ts'
import * as z from 'zod'
import type { Secrets } from '../access/secrets.ts'
import { Refusal } from '../http/problem.ts'
import { defineRoute, type Route } from '../http/route.ts'
import type { EnginePort } from '../ports.ts'
import type { Keys } from './keys.ts'
import type { KeyRecord, PublishChannel } from './model.ts'
import { signGiven } from './signing.ts'
import type { KeyStore } from './store.ts'

export interface PublishingRoutesOptions {
  readonly keys: Keys
  readonly store: Pick<KeyStore, 'signed'>
  readonly secrets: Pick<Secrets, 'digest'>
  readonly engine: Pick<EnginePort, 'health'>
  readonly now: () => number
  /** The channel with this slug; refuses where there is none. */
  readonly find: (slug: string) => PublishChannel
  /** Whatever was signed for the channel counts no more. */
  readonly revokeSigned: (channel: PublishChannel) => Promise<void>
}

const bySlug = z.object({ slug })
const byId = z.object({ slug, id: keyId })
const tag = 'Publishing'

export function publishingRoutes(options: PublishingRoutesOptions): Route[] {
  const { keys, store, secrets, engine, now, find } = options
  const view = (record: KeyRecord): PublishKey => ({
    id: record.id,
    note: record.note,
    createdAt: new Date(record.createdAt).toISOString(),
    expiresAt: instantOf(record.expiresAt),
    usedAt: instantOf(record.usedAt),
    inUse: engine.health(record.channelId)?.keyId === record.id,
  })
  return [
    defineRoute({
      ...{ method: 'GET', path: '/channels/{slug}/keys', action: 'key.read', tag },
      summary: 'List the further keys of a channel, without the keys themselves',
      params: bySlug,
      status: 200,
      response: publishKeyList,
      errors: ['not-found'],
      handle({ params }) {
        const { id, keyUsedAt } = find(params.slug)
        return { own: { usedAt: instantOf(keyUsedAt) }, keys: keys.of(id).map(view) }
      },
    }),
    defineRoute({
      ...{ method: 'POST', path: '/channels/{slug}/keys', action: 'key.create', tag },
      summary: 'Make a further key for a channel',
      params: bySlug,
      body: createKey,
      status: 201,
      response: shownKey,
      errors: ['not-found', 'limit'],
      async handle({ params, body }) {
        const { record, key } = await keys.create(find(params.slug), body)
        return { ...view(record), key }
      },
    }),
    defineRoute({
      ...{ method: 'GET', path: '/channels/{slug}/keys/{id}', action: 'key.read', tag },
      summary: 'Show a further key',
      params: byId,
      status: 200,
      response: shownKey,
      errors: ['not-found'],
      async handle({ params }) {
        const record = keys.require(find(params.slug).id, params.id)
        return { ...view(record), key: await keys.show(record) }
      },
    }),
    defineRoute({
      ...{ method: 'PATCH', path: '/channels/{slug}/keys/{id}', action: 'key.update', tag },
      summary: 'Change the note on a further key, or when it expires',
      params: byId,
      body: updateKey,
      status: 200,
      response: shownKey.omit({ key: true }),
      errors: ['not-found'],
      handle: async ({ params, body }) => view(await keys.update(keys.require(find(params.slug).id, params.id), body)),
    }),
    defineRoute({
      ...{ method: 'DELETE', path: '/channels/{slug}/keys/{id}', action: 'key.revoke', tag },
      summary: 'Revoke a further key; who publishes with it is stopped at once',
      params: byId,
      status: 204,
      errors: ['not-found'],
      handle: ({ params }) => keys.revoke(keys.require(find(params.slug).id, params.id)),
    }),
    defineRoute({
      ...{ method: 'POST', path: '/channels/{slug}/signed-keys', action: 'key.create', tag },
      summary: 'Sign a key that says itself until when, and from where, an encoder may publish with it',
      params: bySlug,
      body: createSignedKey,
      status: 201,
      response: signedKey,
      errors: ['not-found'],
      async handle({ params, body }) {
        const channel = find(params.slug)
        const signed = signGiven(secrets, channel, body, now())
        if ('problem' in signed) throw new Refusal('bad-request', signed.problem)
        await store.signed(channel, Date.parse(signed.expiresAt), now())
        return signed
      },
    }),
    defineRoute({
      ...{ method: 'DELETE', path: '/channels/{slug}/signed-keys', action: 'key.revoke', tag },
      summary: 'Revoke every key that was signed for a channel; who publishes with one is stopped at once',
      params: bySlug,
      status: 204,
      errors: ['not-found'],
      handle: ({ params }) => options.revokeSigned(find(params.slug)),
    }),
  ]
}

function instantOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
