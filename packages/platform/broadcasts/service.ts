import type { Asset, AssetList } from '@bandstand/contract/api/asset.ts'
import type { Replay, ReplayList } from '@bandstand/contract/api/replay.ts'
import type { AssetTable } from '../database/schema.ts'
import { PlatformError } from '../error.ts'
import { Refusal } from '../http/problem.ts'
import type { EnginePort, Log } from '../ports.ts'
import type { AssetQuery, AssetStore } from './store.ts'

/** What is asked of channels here. */
export interface ChannelNames {
  byId(id: string): { readonly id: string; readonly orgId: string; readonly slug: string } | undefined
}

export interface BroadcastsOptions {
  readonly store: AssetStore
  readonly channels: ChannelNames
  readonly orgId: string
  readonly engine: EnginePort
  readonly log: Log
  readonly now: () => number
}

/** A broadcast that was started and not ended. */
export interface OpenBroadcast {
  readonly assetId: string
  readonly channelId: string
  readonly slug: string
  readonly startedAt: number
}

/** Where the engine remembers broadcasts. Moments are Unix ms. */
export interface BroadcastRegister {
  /** Once or again for the same broadcast. */
  started(broadcast: {
    readonly assetId: string
    readonly channelId: string
    readonly startedAt: number
  }): Promise<void>
  ended(broadcast: {
    readonly assetId: string
    readonly endedAt: number
    /** ms of media. */
    readonly duration: number
    readonly bytes: number
  }): Promise<void>
  open(): Promise<readonly OpenBroadcast[]>
  /** Those of them that are not known: at most 500. */
  unknown(assetIds: readonly string[]): Promise<readonly string[]>
  /** Nothing of it is left on disk: retention took it. */
  removed(assetId: string): Promise<void>
}

export interface Broadcasts {
  readonly register: BroadcastRegister
  get(id: string): Promise<Asset | undefined>
  list(query: { channelId?: string; before: string | undefined; limit: number }): Promise<AssetList>
  /** What viewers can watch again. */
  replays(query: { channelId: string; before: string | undefined; limit: number }): Promise<ReplayList>
  /** @throws Refusal `not-found`, `conflict` while it is live */
  remove(id: string): Promise<void>
}

export function createBroadcasts({ store, channels, orgId, engine, log, now }: BroadcastsOptions): Broadcasts {
  const view = (row: AssetTable): Asset => ({
    id: row.id,
    channel: channels.byId(row.channel_id)?.slug ?? '',
    title: row.title,
    live: isLive(row),
    startedAt: new Date(row.started_at).toISOString(),
    endedAt: row.ended_at === null ? null : new Date(row.ended_at).toISOString(),
    duration: row.duration,
    bytes: row.bytes,
  })
  // A broadcast waiting for its encoder after a restart is neither live nor ended: its page says live, as players go on.
  const isLive = (row: AssetTable) => row.ended_at === null
  /** @returns `next`: the id that the following page begins after; null at the end */
  const readPage = async ({ limit, ...query }: AssetQuery) => {
    const rows = await store.list(orgId, { ...query, limit: limit + 1 })
    const page = rows.slice(0, limit)
    return { rows: page, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null }
  }

  return {
    register: {
      async started({ assetId, channelId, startedAt }) {
        const channel = channels.byId(channelId)
        if (channel === undefined) {
          log.warn({ asset: assetId, channel: channelId }, 'a broadcast began on a channel that is deleted')
          return
        }
        const { orgId } = channel
        const open = { ended_at: null, duration: null, bytes: null }
        try {
          await store.start({
            id: assetId,
            org_id: orgId,
            channel_id: channelId,
            started_at: startedAt,
            ...open,
          })
        } catch (error) {
          if (!(error instanceof PlatformError && error.code === 'constraint')) throw error
          log.warn({ asset: assetId, channel: channelId }, 'a broadcast began on a channel that is deleted')
        }
      },
      async ended({ assetId, endedAt, duration, bytes }) {
        await store.end(assetId, endedAt, Math.round(duration), bytes)
      },
      async open() {
        return (await store.open()).flatMap((row) => {
          const channel = channels.byId(row.channel_id)
          if (channel === undefined) return []
          return [{ assetId: row.id, channelId: channel.id, slug: channel.slug, startedAt: row.started_at }]
        })
      },
      async unknown(assetIds) {
        const known = new Set(await store.known(assetIds))
        return assetIds.filter((id) => !known.has(id))
      },
      async removed(assetId) {
        await store.remove(assetId, now())
      },
    },
    async get(id) {
      const row = await store.get(id)
      return row && view(row)
    },
    async list(query) {
      const { rows, next } = await readPage(query)
      return { assets: rows.map(view), next }
    },
    async replays(query) {
      const { rows, next } = await readPage({ ...query, recorded: true })
      return { replays: rows.map(toReplay), next }
    },
    async remove(id) {
      const row = await store.get(id)
      if (row === undefined) throw new Refusal('not-found', 'there is no such replay')
      if (engine.live(row.channel_id)?.assetId === id)
        throw new Refusal('conflict', 'it is being broadcast; it can be deleted when it has ended')
      await engine.deleteAsset(id)
      await store.remove(id, now())
      log.info({ asset: id }, 'the replay was deleted')
    },
  }
}

function toReplay({ id, title, started_at, duration }: AssetTable): Replay {
  return {
    assetId: id,
    title,
    startedAt: new Date(started_at).toISOString(),
    duration: (duration ?? 0) / 1000,
    url: `/watch/${id}`,
  }
}
