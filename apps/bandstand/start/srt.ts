import type { SrtReading, SrtReadingOptions } from '@bandstand/engine/egress/srt/reading.ts'
import type { SrtPublishing } from '@bandstand/engine/ingest/srt/publish.ts'
import type { PublishPort } from '@bandstand/engine/ports.ts'
import { SRT_LISTENER_LIMITS } from '@bandstand/engine/srt/limits.ts'
import { type SrtListenerServer, startSrtListener } from '@bandstand/engine/srt/listener.ts'
import { parseStreamId } from '@bandstand/media/protocols/srt/stream-id.ts'
import type { Begun } from './begun.ts'

/** Lets encoders and readers in by SRT. @returns `undefined` where it is switched off. @throws EngineError when the address cannot be bound */
export async function startSrt(
  { settings, log, refusals, started }: Begun,
  publishPort: PublishPort,
  read: Omit<SrtReadingOptions, 'log'>,
): Promise<SrtListenerServer | undefined> {
  const { srt: address, srtPassphrase } = settings
  if (address === 'off') return undefined
  const limits = {
    ...SRT_LISTENER_LIMITS,
    connectionsPerAddress: settings.maxPublishersPerAddress,
    bitrate: settings.maxBitrate * 1e6,
  }
  // Loaded by the first who calls: most servers have none.
  let publishing: SrtPublishing | undefined
  let reading: SrtReading | undefined
  const listener = await startSrtListener({
    address,
    log,
    limits,
    ...(srtPassphrase !== undefined && { passphrase: srtPassphrase }),
    route: {
      async open(caller) {
        const { mode, name } = parseStreamId(caller.streamId)
        if (mode === 'publish') {
          const { createSrtPublishing } = await import('@bandstand/engine/ingest/srt/publish.ts')
          publishing ??= createSrtPublishing({ publishPort, log, refusals, limits })
          return publishing.open(caller, name)
        }
        const { createSrtReading } = await import('@bandstand/engine/egress/srt/reading.ts')
        reading ??= createSrtReading({ ...read, log })
        return reading.open(caller, name)
      },
    },
  })
  started.defer(() => listener.close())
  return listener
}
