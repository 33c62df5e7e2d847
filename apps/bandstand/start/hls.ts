import type { HlsPutIngest } from '@bandstand/engine/ingest/hls/put/ingest.ts'
import type { PublishPort } from '@bandstand/engine/ports.ts'
import type { Streams } from '@bandstand/engine/stream/streams.ts'
import type { Platform } from '@bandstand/platform/platform.ts'
import type { Begun } from './begun.ts'
import { type OnDemand, onDemand } from './on-demand.ts'

/** Encoders that make HLS themselves and put it here by HTTP. */
export function startHlsPut(
  { settings, log, refusals, started }: Begun,
  publishPort: PublishPort,
): OnDemand<HlsPutIngest> {
  return onDemand(async () => {
    const { createHlsPutIngest } = await import('@bandstand/engine/ingest/hls/put/ingest.ts')
    return createHlsPutIngest({
      ...{ publishPort, log, refusals },
      now: () => performance.now(),
      maxBitrate: settings.maxBitrate * 1e6,
      encodersPerAddress: settings.maxPublishersPerAddress,
    })
  }, started)
}

/** What is configured to be watched or pulled. A channel that does not exist yet is fed as soon as it does. */
export async function watchHlsSources(
  { settings, log, refusals, started }: Begun,
  { directory }: Pick<Platform, 'directory'>,
  streams: Pick<Streams, 'feed'>,
): Promise<void> {
  if (settings.hlsSources.length === 0) return
  const { startHlsSources } = await import('@bandstand/engine/ingest/hls/sources.ts')
  const sources = startHlsSources({
    ...{ sources: settings.hlsSources, log, refusals },
    now: () => performance.now(),
    maxBitrate: settings.maxBitrate * 1e6,
    async publish(slug, request, stop) {
      const channel = directory.findBySlug(slug)
      if (channel === undefined) {
        const reason = `there is no channel ${slug}: make it in the studio, or name another one in --hls-sources`
        return { refusal: { code: 'unavailable', reason } }
      }
      // While a channel is being deleted it is found still: it would go live once more, and nobody could stop it.
      const admission = { channel: { id: channel.id, slug: channel.slug }, objection: () => directory.gone(channel.id) }
      return streams.feed(admission, { protocol: 'hls', ...request }, stop)
    },
  })
  started.defer(() => sources.close())
}
