import type { Streams } from '@bandstand/engine/stream/streams.ts'
import type { Trials } from '@bandstand/engine/transcode/trial.ts'
import type { Beginning } from '@bandstand/platform/beginning.ts'
import { createPlatform, type Platform } from '@bandstand/platform/platform.ts'
import { toEncoderHealth } from '../health.ts'
import { instanceFacts } from '../instance.ts'
import { listEncoders } from '../ladders.ts'
import { publishHookOf } from '../publish-hook.ts'
import { version } from '../version.ts'
import type { Audience } from './audience.ts'
import type { Begun } from './begun.ts'
import type { Ingest } from './ingest.ts'
import type { ServedPictures } from './pictures.ts'
import type { Recordings } from './recordings.ts'

/** Whom the platform asks; all but the first three are started after it. */
export interface PlatformNeeds {
  readonly beginning: Beginning
  readonly audience: Audience
  readonly trials: Trials
  /** Asked while the platform is being opened, too, when nothing can be live yet. */
  readonly streams: () => Streams | undefined
  readonly recordings: () => Recordings
  readonly ingest: () => Ingest
  /** Not before they are made. */
  readonly pictures: () => Pick<ServedPictures, 'forget'> | undefined
}

/** Opens database, owner, channels and chat, and tells them what they ask of the engine. @throws PlatformError */
export async function openPlatform(begun: Begun, needs: PlatformNeeds): Promise<Platform> {
  const { settings, log, strangers, now, started } = begun
  const { audience, trials, streams, recordings, ingest, pictures } = needs
  const platform = await createPlatform({
    begun: needs.beginning,
    dataDir: settings.data,
    settings: { ...settings, publishHook: publishHookOf(settings) },
    log,
    strangerLog: strangers,
    engine: {
      hasWebRtc: settings.webrtc !== 'off',
      live(channelId) {
        const onAir = streams()?.onAir(channelId)
        return onAir && { ...onAir, viewers: audience.viewers.count(channelId) }
      },
      health(channelId) {
        const found = streams()?.diagnose(channelId)
        return found && toEncoderHealth(found)
      },
      unrecorded(channelId) {
        const onAir = streams()?.onAir(channelId)
        return onAir && settings.recording ? recordings().troubleOf(onAir.assetId) : undefined
      },
      onKeysChanged: (channelId) => streams()?.review(channelId),
      onChannelRenamed: (id, slug) => streams()?.rename({ id, slug }),
      stopChannel: async (channelId) => streams()?.remove(channelId),
      deleteAsset(assetId) {
        pictures()?.forget(assetId)
        return recordings().store.remove(assetId)
      },
      ladderEncoders: () => listEncoders(trials),
    },
    instance: {
      version,
      facts(host) {
        const { store, trouble } = recordings()
        const { rtmp, rtmps, srt } = ingest()
        return instanceFacts({ host, settings, store, trouble: trouble(), rtmp, rtmps, srt: srt?.address })
      },
    },
    clientOf: (req) => ({ address: audience.addressOf(req), host: audience.hostOf(req) }),
    now,
  })
  started.defer(() => platform.close())
  return platform
}
