import { randomBytes } from 'node:crypto'
import { createId } from '@bandstand/contract/ids.ts'
import type { Watchable } from '@bandstand/engine/egress/webrtc/watchable.ts'
import type { LiveBroadcast } from '@bandstand/engine/packager/live.ts'
import { systemScheduler } from '@bandstand/engine/packager/window/system-scheduler.ts'
import type { DiskStore } from '@bandstand/engine/store/disk.ts'
import { createBroadcast } from '@bandstand/engine/stream/broadcast.ts'
import { createStreams, type Streams } from '@bandstand/engine/stream/streams.ts'
import type { Platform } from '@bandstand/platform/platform.ts'
import { adoptLater } from '../adopt.ts'
import { createLadders } from '../ladders.ts'
import { createSounds } from '../sounds.ts'
import { createSteadyRegister } from '../steady-register.ts'
import { takeUpBroadcasts } from '../take-up.ts'
import { createWatchables } from '../watchable.ts'
import type { Begun } from './begun.ts'
import type { Resources } from './resources.ts'

export interface LiveNeeds {
  readonly platform: Platform
  readonly store: DiskStore
  readonly resources: Resources
}

/** The live core. Channels are found also by an earlier slug: who watches while one is renamed goes on watching. */
export interface Live {
  readonly streams: Streams
  find(slug: string): LiveBroadcast | undefined
  findAsset(slug: string, assetId: string): LiveBroadcast | undefined
  /** The channel's running broadcast for viewers by WebRTC. */
  watchable(slug: string): Watchable | undefined
  /** Goes on with what a former process left open; broadcasts that nobody noted are looked for a while later. @throws EngineError */
  takeUp(): Promise<void>
  /** Stops encoders and tells players of the last parts; what the database does not note at once is given up. */
  suspend(): Promise<void>
}

/** Makes the channels: whoever publishes to one gets a broadcast with its ladder. Nobody can publish yet. */
export function createLive({ settings, log, now, started }: Begun, { platform, store, resources }: LiveNeeds): Live {
  const { directory, broadcasts } = platform
  const register = createSteadyRegister(broadcasts, log)
  const nonce = randomBytes(6).toString('base64url')
  const encoding = { ...resources, settingsOf: (id: string) => directory.ladder(id), log, now }
  const ladders = createLadders(encoding)
  const sounds = createSounds(encoding)
  const watchable = createWatchables(encoding)
  const streams = createStreams({
    directory,
    register,
    takeover: settings.takeover,
    reconnectWindow: settings.reconnectWindow * 1000,
    createBroadcast: (channel, onOpened, recovered) =>
      createBroadcast({
        assetId: recovered?.assetId ?? createId('asset'),
        channelId: channel.id,
        store,
        recording: settings.recording,
        budget: resources.budget,
        scheduler: systemScheduler,
        keepsGroup: true,
        onReaderFault: (reader, error) => log.error({ channel: channel.slug, reader, err: error }, 'a reader failed'),
        nonce,
        onOpened,
        onGeneration: () => platform.channelChanged(channel.id),
        createLadder: (ports, assetId) => ladders(channel, ports, assetId),
        createSound: (ports, assetId) => sounds(channel, ports, assetId),
        ...(recovered !== undefined && { recovered }),
      }),
    log,
    now,
    onChange: (channelId) => platform.channelChanged(channelId),
  })
  started.defer(() => streams.suspend())

  const slugNow = (slug: string) => directory.findBySlug(slug)?.slug ?? slug
  return {
    streams,
    find: (slug) => streams.find(slugNow(slug)),
    findAsset: (slug, assetId) => streams.findAsset(slugNow(slug), assetId),
    watchable(slug) {
      const channel = directory.findBySlug(slug)
      const units = channel && streams.units(channel.slug)
      return units && watchable(channel, units)
    },
    async takeUp() {
      const findChannel = (id: string) => directory.list().find((channel) => channel.id === id)
      await takeUpBroadcasts({ store, register, findChannel, channels: streams, log, now })
      const adopting = adoptLater({ store, unknown: broadcasts.unknown, register, findChannel, log })
      started.defer(() => adopting.stop())
    },
    suspend() {
      register.giveUp()
      return streams.suspend()
    },
  }
}
