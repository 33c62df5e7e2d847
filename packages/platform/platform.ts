import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Asset } from '@bandstand/contract/api/asset.ts'
import type { Channel as PublicChannel } from '@bandstand/contract/api/channel.ts'
import type { LadderSettings } from '@bandstand/contract/api/ladder.ts'
import type { FastifyInstance } from 'fastify'
import { type Authorize, ownerPolicy } from './access/principal.ts'
import { createSecrets } from './access/secrets.ts'
import { type Beginning, beginPlatform } from './beginning.ts'
import { broadcastRoutes } from './broadcasts/routes.ts'
import { type BroadcastRegister, createBroadcasts } from './broadcasts/service.ts'
import { createAssetStore } from './broadcasts/store.ts'
import { createImages } from './channels/images.ts'
import type { ChannelRecord } from './channels/model.ts'
import { channelRoutes } from './channels/routes.ts'
import { createChannels } from './channels/service.ts'
import { createChannelStore } from './channels/store.ts'
import type { ClientFacts } from './chat/admission.ts'
import type { ChatLimits } from './chat/limits.ts'
import { chatRoutes } from './chat/routes.ts'
import { type Chat, createChat } from './chat/service.ts'
import { createChatStore } from './chat/store.ts'
import { openTables } from './database/open.ts'
import { createRetention } from './database/retention.ts'
import { PlatformError } from './error.ts'
import { registerDocs } from './http/docs.ts'
import { registerApi } from './http/register.ts'
import { instanceRoutes } from './instance/routes.ts'
import { openOrganisation } from './instance/service.ts'
import { createOrganisationStore } from './instance/store.ts'
import { multitrackRoutes } from './multitrack/routes.ts'
import { ownerRoutes, readToken } from './owner/routes.ts'
import { createOwner } from './owner/service.ts'
import { createOwnerStore } from './owner/store.ts'
import type {
  EnginePort,
  InstancePort,
  Log,
  PublishAdmission,
  PublishHookFigures,
  PublishQuestion,
  PublishRefusal,
} from './ports.ts'
import { createAdmission } from './publishing/admission.ts'
import { createKeys } from './publishing/keys.ts'
import { CHANNEL_GONE, createRights } from './publishing/rights.ts'
import { publishingRoutes } from './publishing/routes.ts'
import { createKeyStore } from './publishing/store.ts'

export interface PlatformSettings {
  readonly streamKey?: string | undefined
  readonly ownerPassword?: string | undefined
  readonly publicUrl?: string | undefined
  /** Asked before an encoder may publish. */
  readonly publishHook?: { readonly url: string; readonly secret: Buffer; readonly timeoutMs: number } | undefined
}

export interface PlatformOptions {
  /** Everything that must survive is put in here; made, for the server's own user alone, where it is missing. */
  readonly dataDir: string
  readonly settings: PlatformSettings
  readonly log: Log
  /**
   * For lines that strangers can cause as often as they like: it may leave out what is equal by message, `remote`, `code` and
   * `route`. `log` where not given.
   */
  readonly strangerLog?: Log
  readonly engine: EnginePort
  readonly instance: InstancePort
  /** Unix ms. */
  readonly now?: () => number
  /** Who may do what; the owner everything, others watch and chat, where not given. */
  readonly authorize?: Authorize
  /** Who is behind an upgrade request; the socket's own address where not given. With trusted proxies, give what they say. */
  readonly clientOf?: (request: IncomingMessage) => ClientFacts
  /** Other bounds of the chat than the usual, for benchmarks and tests. */
  readonly chatLimits?: Partial<ChatLimits>
  /** Of the same data folder and settings, where it has been begun already. */
  readonly begun?: Beginning
  /** Logarithm of what hashing the password costs, for tests that sign in again and again; as is safe where not given. */
  readonly passwordCost?: number
}

/** Keys and channels as the engine and the pages ask for them, from memory. */
export interface Directory {
  /** Who may publish where. Never rejects for what an encoder has sent. */
  admit(question: PublishQuestion): Promise<PublishAdmission | { readonly refusal: PublishRefusal }>
  /** Also by an earlier slug: `slug` in the answer is the one of today. */
  findBySlug(slug: string): { readonly id: string; readonly slug: string; readonly title: string } | undefined
  list(): readonly { readonly id: string; readonly slug: string; readonly title: string }[]
  /** Why nobody may publish there: it is being deleted, or not there; `undefined` of an open one. */
  gone(id: string): PublishRefusal | undefined
  /** What smaller pictures a channel has; `undefined` of an unknown one. */
  ladder(id: string): LadderSettings | undefined
}

export interface Platform {
  /** Adds the API and its description to the application's server. */
  register(app: FastifyInstance): Promise<void>
  readonly directory: Directory
  readonly broadcasts: BroadcastRegister
  /** Undefined where there is no publish hook. */
  publishHook(): PublishHookFigures | undefined
  readonly chat: Pick<Chat, 'upgrade' | 'stats'>
  /** Public facts for the pages that are served to people. */
  readonly pages: {
    channels(): readonly PublicChannel[]
    channel(slug: string): PublicChannel | undefined
    asset(id: string): Promise<Asset | undefined>
  }
  /** Stream key of a channel, for a publisher inside this process. @throws PlatformError `constraint` when there is none */
  streamKey(slug: string): Promise<string>
  /** Tell it when a channel goes live or offline, or its multivariant playlist has a new generation: pages follow at once. */
  channelChanged(channelId: string): void
  /** False while the database does not answer: what needs it is refused, everything else goes on. */
  readonly isAvailable: boolean
  /** At the first start only: to be shown once. */
  readonly firstStart?: { readonly ownerPassword?: string; readonly streamKey: string }
  /** Stops the chat, writes what waits, closes the database. */
  close(): Promise<void>
}

/**
 * Opens the platform in a data folder.
 * @throws PlatformError `data-folder`, `database-newer`, `secret`
 */
export async function createPlatform(options: PlatformOptions): Promise<Platform> {
  const { dataDir, settings, log, strangerLog = log, engine, now = Date.now, authorize = ownerPolicy } = options
  const { secret, client, password } =
    options.begun ?? (await beginPlatform({ ...options, ownerPassword: settings.ownerPassword }))
  const secrets = createSecrets(secret)
  const { database, state } = await openTables(await client)
  try {
    const organisations = createOrganisationStore(database)
    const organisation = await openOrganisation(organisations, secrets, now())
    const orgId = organisation.id
    const owner = createOwner({
      ...{
        store: createOwnerStore(database),
        secrets,
        orgId,
        log,
        strangerLog,
        now,
        passwordCost: options.passwordCost,
      },
      onSignedOut: (sessionId) => chat.signedOut(sessionId),
    })
    const onChange = (id: string, channel: ChannelRecord | undefined) => {
      if (channel !== undefined) return chat.channelChanged(id)
      keys.forget(id)
      chat.channelDeleted(id)
    }
    const channels = createChannels({
      store: createChannelStore(database),
      images: createImages(join(dataDir, 'images')),
      ...{ secrets, orgId, engine, log, now, onChange },
    })
    await channels.load()
    const keyStore = createKeyStore(database)
    const keys = createKeys({ store: keyStore, ...{ secrets, engine, log, now } })
    await keys.load()
    const { publishHook } = settings
    // Few servers have one, and the others do not load it.
    const hook =
      publishHook &&
      (await import('./publishing/hook/hook.ts')).createPublishHook({ ...publishHook, log: strangerLog, now })
    const rightOf = createRights({ channels, keys, secrets, now })
    const admit = createAdmission({ channels, rightOf, hook, log: strangerLog })
    const broadcasts = createBroadcasts({ store: createAssetStore(database), channels, orgId, engine, log, now })
    const viewById = (id: string) => {
      const found = channels.byId(id)
      return found && channels.view(found)
    }
    const chat = createChat({
      store: createChatStore(database),
      channels: {
        byId: channels.byId,
        bySlug: channels.bySlug,
        formerSlugs: channels.formerSlugs,
        view: viewById,
      },
      ...{ secrets, orgId, log, strangerLog, now },
      identify: (cookie) => owner.identify(readToken(cookie, true) ?? readToken(cookie, false)),
      clientOf: options.clientOf ?? clientOf,
      publicUrl: settings.publicUrl,
      ownerName: organisation.owner_name,
      saveOwnerName: (name) => organisations.setOwnerName(orgId, name, now()),
      limits: options.chatLimits ?? {},
    })

    const ids = () => channels.list().map(({ id }) => id)
    const retention = createRetention({ ...{ database, orgId, log, now }, channels: ids })

    // The password comes last, so that a first start that was killed halfway is one again. `main` is made by it and only by it.
    const isFirst = !(await owner.isPrepared())
    if (isFirst && channels.list().length === 0) await channels.create({ slug: 'main', title: 'Main' })
    const main = channels.bySlug('main')
    if (main && settings.streamKey !== undefined) await channels.applyKeySetting(main, settings.streamKey)
    const ownerPassword = await owner.prepare(settings.ownerPassword, password)

    const routes = [
      ...channelRoutes(channels, engine),
      ...publishingRoutes({
        ...{ keys, store: keyStore, secrets, engine, now },
        find: channels.require,
        revokeSigned: channels.revokeSigned,
      }),
      ...multitrackRoutes({
        rungsOf: (slug) => channels.require(slug).ladder.rungs,
        rungsFor(key, remote) {
          const right = rightOf(key)
          const refusal = 'refusal' in right ? right.refusal : (right.objection() ?? right.barred(remote))
          if (refusal !== undefined || 'refusal' in right) return { reason: refusal?.reason ?? '' }
          return channels.byId(right.channelId)?.ladder.rungs ?? []
        },
        instance: options.instance,
        log: strangerLog,
      }),
      ...broadcastRoutes(broadcasts, channels.require),
      ...chatRoutes(chat.moderation, channels.require),
      ...ownerRoutes(owner, now),
      ...instanceRoutes(options.instance),
    ]
    return {
      async register(app) {
        await registerApi(app, {
          ...{ routes, orgId, log: strangerLog, authorize, now, publicUrl: settings.publicUrl },
          identify: ({ headers, protocol }) => owner.identify(readToken(headers.cookie, protocol === 'https')),
        })
        registerDocs(app, routes, options.instance.version)
      },
      directory: {
        admit,
        findBySlug: channels.bySlug,
        list: channels.list,
        gone: (id) => (channels.isOpen(id) ? undefined : CHANNEL_GONE),
        ladder: (id) => channels.byId(id)?.ladder,
      },
      broadcasts: broadcasts.register,
      publishHook: () => hook?.figures,
      chat,
      pages: {
        channels: () => channels.list().map(channels.view),
        channel(slug) {
          const found = channels.bySlug(slug)
          return found && channels.view(found)
        },
        asset: (id) => broadcasts.get(id),
      },
      async streamKey(slug) {
        const found = channels.bySlug(slug)
        if (found === undefined) throw new PlatformError('constraint', `there is no channel ${slug}`)
        return channels.key(found)
      },
      channelChanged: chat.channelChanged,
      get isAvailable() {
        return state.isUp
      },
      ...(isFirst &&
        main && {
          firstStart: { streamKey: await channels.key(main), ...(ownerPassword !== undefined && { ownerPassword }) },
        }),
      async close() {
        retention.close()
        await chat.close()
        await database.destroy()
      },
    }
  } catch (error) {
    await database.destroy()
    throw error
  }
}

function clientOf({ socket, headers }: IncomingMessage): ClientFacts {
  return { address: socket.remoteAddress ?? '', host: headers.host ?? '' }
}
