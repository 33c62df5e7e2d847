import type { Channel, CreateChannel, UpdateChannel } from '@bandstand/contract/api/channel.ts'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import type { LadderSettings } from '@bandstand/contract/api/ladder.ts'
import { createId } from '@bandstand/contract/ids.ts'
import { generateStreamKey } from '../access/password.ts'
import type { Secrets } from '../access/secrets.ts'
import { PlatformError } from '../error.ts'
import { Refusal } from '../http/problem.ts'
import type { EnginePort, Log } from '../ports.ts'
import { adviseEncoder } from './advice.ts'
import { sniffImage } from './image.ts'
import { type ImageSize, imageSize } from './image-size.ts'
import type { Images } from './images.ts'
import { writeLadder } from './ladder.ts'
import { CHANNELS_MAX, IMAGE_PIXELS_MAX, IMAGE_SIDE_MAX, KEY_USE_INTERVAL, RESERVED_SLUGS } from './limits.ts'
import { type ChannelRecord, imageAddress, toPublic, toRecord } from './model.ts'
import type { ChannelChange, ChannelStore } from './store.ts'

export interface ChannelsOptions {
  readonly store: ChannelStore
  readonly images: Images
  readonly secrets: Secrets
  readonly orgId: string
  readonly engine: EnginePort
  readonly log: Log
  readonly now: () => number
  /** Told after each change, and with `undefined` after a deletion. */
  readonly onChange: (channelId: string, channel: ChannelRecord | undefined) => void
}

/** All channels, kept in memory: viewers ask for them all the time. */
export interface Channels {
  readonly load: () => Promise<void>
  readonly list: () => readonly ChannelRecord[]
  readonly byId: (id: string) => ChannelRecord | undefined
  /** By slug, or by an earlier one: compare the slug to know. */
  readonly bySlug: (slug: string) => ChannelRecord | undefined
  /** The same. @throws Refusal `not-found` */
  readonly require: (slug: string) => ChannelRecord
  /** Earlier slugs by which it is still found. */
  readonly formerSlugs: (id: string) => readonly string[]
  readonly byKey: (key: string) => ChannelRecord | undefined
  readonly view: (channel: ChannelRecord) => Channel
  readonly create: (given: CreateChannel, key?: string) => Promise<ChannelRecord>
  readonly update: (channel: ChannelRecord, change: UpdateChannel) => Promise<ChannelRecord>
  readonly setLadder: (channel: ChannelRecord, settings: LadderSettings) => Promise<LadderSettings>
  readonly remove: (channel: ChannelRecord) => Promise<void>
  readonly key: (channel: ChannelRecord) => Promise<string>
  readonly rotateKey: (channel: ChannelRecord) => Promise<string>
  /** It is there, and not being deleted. */
  readonly isOpen: (id: string) => boolean
  /** An encoder was let in with the channel's own key. */
  readonly used: (id: string) => void
  /** Whatever was signed for the channel counts no more. */
  readonly revokeSigned: (channel: Pick<ChannelRecord, 'id'>) => Promise<void>
  /** Applies the stream key setting once: a key that was rotated afterwards stays, and so does a channel that was renamed. */
  readonly applyKeySetting: (channel: ChannelRecord, setting: string) => Promise<void>
  readonly setImage: (channel: ChannelRecord, bytes: Uint8Array) => Promise<string>
  readonly removeImage: (channel: ChannelRecord) => Promise<void>
  readonly image: (channelId: string, name: string) => Promise<Buffer | undefined>
  readonly health: (channel: ChannelRecord) => ChannelHealth
}

export function createChannels(options: ChannelsOptions): Channels {
  const { store, images, secrets, orgId, engine, log, now } = options
  const channels = new Map<string, ChannelRecord>()
  const slugs = new Map<string, string>()
  const aliases = new Map<string, string>()
  const digests = new Map<string, string>()
  /** Being deleted: their keys are refused already. */
  const leaving = new Set<string>()

  const forgetNames = (id: string) => {
    const old = channels.get(id)
    if (old === undefined) return
    slugs.delete(old.slug)
    digests.delete(old.keyDigest)
  }
  const forget = (id: string) => {
    forgetNames(id)
    channels.delete(id)
  }
  const forgetAliases = (id: string) => {
    for (const [slug, channelId] of aliases) if (channelId === id) aliases.delete(slug)
  }
  const remember = (channel: ChannelRecord, earlier?: readonly string[]) => {
    // In its place: lists of channels stay in the order in which they were made.
    forgetNames(channel.id)
    channels.set(channel.id, channel)
    slugs.set(channel.slug, channel.id)
    digests.set(channel.keyDigest, channel.id)
    aliases.delete(channel.slug)
    if (earlier) {
      forgetAliases(channel.id)
      for (const slug of earlier) aliases.set(slug, channel.id)
    }
    options.onChange(channel.id, channel)
    return channel
  }
  const change = async (channel: ChannelRecord, columns: ChannelChange) => {
    const updated = await taken(() => store.update(channel.id, columns, now()))
    if (updated === undefined || !channels.has(channel.id)) throw gone()
    return remember(toRecord(updated.row), updated.aliases)
  }
  const bySlug = (slug: string) => channels.get(slugs.get(slug) ?? aliases.get(slug) ?? '')
  const offlineImage = (id: string) => channels.get(id)?.offlineImage
  let lastImage: Promise<unknown> = Promise.resolve()
  /** One after another, so that each knows the file that it replaces, and no two write the same one. */
  const replaceImage = (channel: ChannelRecord, put: () => Promise<string | null>): Promise<ChannelRecord> => {
    const replacing = lastImage.then(async () => {
      const name = await put()
      const before = offlineImage(channel.id)
      try {
        return await change(channel, { offline_image: name })
      } finally {
        // Where it could not be set, or the channel has gone, it is the new file that nobody needs.
        for (const file of new Set([before, name])) {
          if (file && file !== offlineImage(channel.id)) await images.remove(channel.id, file)
        }
      }
    })
    lastImage = replacing.catch(() => {})
    return replacing
  }
  const deleteAssets = async (id: string) => {
    // All of them before the channel goes, and their rows with it: what is left has nobody who could delete it. Each is
    // tried once, for the rows stay until then.
    for (let ids = await store.assets(id, ''); ids.length > 0; ids = await store.assets(id, ids.at(-1) ?? '')) {
      for (const assetId of ids) await engine.deleteAsset(assetId)
    }
  }
  const seal = (id: string, key: string, setting: string | null) => ({
    key_cipher: secrets.seal(key, id),
    key_digest: secrets.digest('stream-key', key),
    key_setting: setting,
    key_used_at: null,
  })
  const replaceKey = async (channel: ChannelRecord, key: string, setting: string | null) => {
    const row = await store.setKey(channel.id, seal(channel.id, key, setting), now())
    if (row === undefined) throw gone()
    remember(toRecord(row))
    engine.onKeysChanged(channel.id)
    log.info({ channel: row.slug, key: `${key.slice(0, 4)}…` }, 'the stream key was changed')
    return key
  }

  return {
    async load() {
      for (const row of await store.all()) {
        const channel = toRecord(row)
        channels.set(channel.id, channel)
        slugs.set(channel.slug, channel.id)
        digests.set(channel.keyDigest, channel.id)
      }
      for (const alias of await store.aliases()) aliases.set(alias.slug, alias.channel_id)
    },
    list: () => [...channels.values()],
    byId: (id) => channels.get(id),
    bySlug,
    require(slug) {
      const found = bySlug(slug)
      if (found === undefined) throw new Refusal('not-found', `there is no channel "${slug}"`)
      return found
    },
    formerSlugs: (id) => [...aliases].flatMap(([slug, channelId]) => (channelId === id ? [slug] : [])),
    // The digest is keyed, so how long the lookup takes says nothing about the keys.
    byKey(key) {
      const id = digests.get(secrets.digest('stream-key', key))
      return id === undefined || leaving.has(id) ? undefined : channels.get(id)
    },
    isOpen: (id) => channels.has(id) && !leaving.has(id),
    view: (channel) => toPublic(channel, engine.live(channel.id)),

    async create(given, key = generateStreamKey()) {
      if (channels.size >= CHANNELS_MAX)
        throw new Refusal('limit', `there are ${CHANNELS_MAX} channels, no more are taken`)
      checkSlug(given.slug)
      const id = createId('channel')
      const at = now()
      const row = {
        id,
        org_id: orgId,
        slug: given.slug,
        title: given.title ?? given.slug,
        description: given.description ?? '',
        offline_text: '',
        offline_image: null,
        chat_enabled: 1,
        chat_slow_mode: 0,
        ladder: null,
        latency: 'low' as const,
        signing_number: 1,
        ...seal(id, key, null),
        created_at: at,
        updated_at: at,
      }
      await taken(() => store.insert(row))
      return remember(toRecord(row))
    },

    async update(channel, given) {
      const { slug, title, description, offlineText, latency, chat } = given
      if (slug !== undefined && slug !== channel.slug) checkSlug(slug)
      const columns: ChannelChange = {
        ...(slug !== undefined && { slug }),
        ...(title !== undefined && { title }),
        ...(description !== undefined && { description }),
        ...(offlineText !== undefined && { offline_text: offlineText }),
        ...(latency !== undefined && { latency }),
        ...(chat?.enabled !== undefined && { chat_enabled: chat.enabled ? 1 : 0 }),
        ...(chat?.slowMode !== undefined && { chat_slow_mode: chat.slowMode }),
      }
      if (Object.keys(columns).length === 0) return channel
      const updated = await change(channel, columns)
      if (updated.slug !== channel.slug) engine.onChannelRenamed(channel.id, updated.slug)
      return updated
    },

    async setLadder(channel, settings) {
      const { ladder } = await change(channel, { ladder: writeLadder(settings) })
      return ladder
    },

    async remove(channel) {
      // First nobody can publish any more, then what runs is stopped, then it is forgotten.
      if (leaving.has(channel.id)) throw gone()
      leaving.add(channel.id)
      let image: string | null | undefined
      try {
        await engine.stopChannel(channel.id)
        await deleteAssets(channel.id)
        await store.remove(channel.id, channel.orgId, channel.slug, now())
        image = offlineImage(channel.id)
        forget(channel.id)
      } finally {
        leaving.delete(channel.id)
      }
      forgetAliases(channel.id)
      options.onChange(channel.id, undefined)
      if (image) await images.remove(channel.id, image)
      log.info({ channel: channel.slug }, 'the channel was deleted')
    },

    async key(channel) {
      const row = await store.key(channel.id)
      if (row === undefined) throw gone()
      return secrets.unseal(row.key_cipher, channel.id)
    },
    async rotateKey(channel) {
      const row = await store.key(channel.id)
      return replaceKey(channel, generateStreamKey(), row?.key_setting ?? null)
    },
    used(id) {
      const channel = channels.get(id)
      const at = now()
      if (channel === undefined || at - (channel.keyUsedAt ?? Number.NEGATIVE_INFINITY) < KEY_USE_INTERVAL) return
      channels.set(id, { ...channel, keyUsedAt: at })
      // An encoder does not wait for a note, and goes live without it.
      store
        .setKeyUsed(id, channel.keyDigest, at)
        .catch((error: unknown) => log.warn({ err: error }, 'the use of a key could not be noted'))
    },
    async revokeSigned({ id }) {
      const row = await store.raiseSigning(id, now())
      if (row === undefined || !channels.has(id)) throw gone()
      remember(toRecord(row))
      engine.onKeysChanged(id)
      log.info({ channel: row.slug }, 'the signed keys of a channel were revoked')
    },
    async applyKeySetting(channel, setting) {
      const digest = secrets.digest('setting', setting)
      const holder = await store.holderOf(digest)
      if (holder === undefined) await replaceKey(channel, setting, digest)
      else if (holder !== channel.slug)
        log.info({ channel: holder }, 'the stream key setting was applied to this channel, before it was renamed')
    },

    async setImage(channel, bytes) {
      const kind = sniffImage(bytes)
      if (kind === undefined) throw new Refusal('unsupported-media-type', 'this is not a PNG, JPEG, WebP or AVIF image')
      checkImageSize(imageSize(kind, bytes))
      return imageAddress(await replaceImage(channel, () => images.put(channel.id, kind, bytes)))
    },
    async removeImage(channel) {
      if (offlineImage(channel.id)) await replaceImage(channel, async () => null)
    },
    async image(channelId, name) {
      return channels.get(channelId)?.offlineImage === name ? images.get(channelId, name) : undefined
    },

    health(channel) {
      const health = engine.health(channel.id)
      if (health === undefined) return { connected: false, encoder: null, advice: [] }
      const encoder = { ...health, connectedAt: new Date(health.connectedAt).toISOString() }
      const unrecorded = engine.unrecorded(channel.id)
      return { connected: true, encoder, advice: adviseEncoder(health, { unrecorded, hasWebRtc: engine.hasWebRtc }) }
    },
  }
}

function gone(): Refusal {
  return new Refusal('not-found', 'the channel was deleted')
}

function checkImageSize(size: ImageSize | undefined): void {
  if (size === undefined || size.width === 0 || size.height === 0)
    throw new Refusal('unsupported-media-type', 'this image is damaged: its header does not say how large it is')
  const { width, height } = size
  if (Math.max(width, height) > IMAGE_SIDE_MAX || width * height > IMAGE_PIXELS_MAX)
    throw new Refusal(
      'too-large',
      `this image has ${width} × ${height} pixels; up to ${IMAGE_SIDE_MAX} on a side and ${IMAGE_PIXELS_MAX / 1e6} million in all are taken`,
    )
}

function checkSlug(slug: string): void {
  if (RESERVED_SLUGS.has(slug))
    throw new Refusal('slug-reserved', `"${slug}" is kept for the server itself; choose another`)
}

async function taken<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'constraint')
      throw new Refusal('slug-taken', 'another channel has this name in its address; choose another')
    throw error
  }
}
