import { RTMP_LISTENER_LIMITS } from '@bandstand/engine/ingest/rtmp/limits.ts'
import { type RtmpListener, startRtmpListener } from '@bandstand/engine/ingest/rtmp/listener.ts'
import type { PublishPort } from '@bandstand/engine/ports.ts'
import type { Platform } from '@bandstand/platform/platform.ts'
import type { Begun } from './begun.ts'

/** Lets encoders in. @throws EngineError when the address cannot be bound */
export async function startIngest({ settings, log, started }: Begun, publishPort: PublishPort): Promise<RtmpListener> {
  const rtmp = await startRtmpListener({
    address: settings.rtmp,
    publishPort,
    log,
    limits: {
      ...RTMP_LISTENER_LIMITS,
      connectionsPerAddress: settings.maxPublishersPerAddress,
      bitrate: settings.maxBitrate * 1e6,
    },
  })
  started.defer(() => rtmp.close())
  return rtmp
}

/** The built-in test stream comes in as that of any encoder. */
export async function startDemoStream({ log }: Begun, rtmp: RtmpListener, platform: Platform): Promise<void> {
  const { startDemo } = await import('../demo/demo.ts')
  const { host, port } = rtmp.address
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  startDemo({ rtmp: { host: reachable, port }, key: await platform.streamKey('main'), log })
}
