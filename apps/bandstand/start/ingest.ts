import { RTMP_LISTENER_LIMITS } from '@bandstand/engine/ingest/rtmp/limits.ts'
import { type RtmpListener, startRtmpListener } from '@bandstand/engine/ingest/rtmp/listener.ts'
import type { PublishPort } from '@bandstand/engine/ports.ts'
import type { SrtListenerServer } from '@bandstand/engine/srt/listener.ts'
import type { Platform } from '@bandstand/platform/platform.ts'
import type { ListenAddress } from '../settings/address.ts'
import { rtmpsAddress } from '../settings/rtmps.ts'
import type { Begun } from './begun.ts'
import type { Certificate } from './certificate.ts'
import { startSrt } from './srt.ts'

/** What takes encoders in. */
export interface Ingest {
  /** As bound. */
  readonly rtmp: ListenAddress
  /** `undefined` without a certificate, or where it is switched off. */
  readonly rtmps: ListenAddress | undefined
  /** `undefined` where it is switched off. */
  readonly srt: SrtListenerServer | undefined
  /** Open connections of RTMP and RTMPS. */
  connections(): number
}

/** Lets encoders in. @throws EngineError when an address cannot be bound */
export async function startIngest(
  begun: Begun,
  publishPort: PublishPort,
  certificate: Certificate | undefined,
  read: Parameters<typeof startSrt>[2],
): Promise<Ingest> {
  const { settings, log, started } = begun
  const limits = {
    ...RTMP_LISTENER_LIMITS,
    connectionsPerAddress: settings.maxPublishersPerAddress,
    bitrate: settings.maxBitrate * 1e6,
  }
  const listen = async (address: ListenAddress, secured?: Certificate): Promise<RtmpListener> => {
    const tls = secured?.first
    const listener = await startRtmpListener({ address, publishPort, log, limits, ...(tls !== undefined && { tls }) })
    started.defer(() => listener.close())
    secured?.onRenewed((renewed) => listener.renew(renewed))
    return listener
  }
  const rtmp = await listen(settings.rtmp)
  const address = rtmpsAddress(settings)
  const rtmps = address === undefined || certificate === undefined ? undefined : await listen(address, certificate)
  return {
    rtmp: rtmp.address,
    rtmps: rtmps?.address,
    srt: await startSrt(begun, publishPort, read),
    connections: () => rtmp.connections() + (rtmps?.connections() ?? 0),
  }
}

/** The built-in test stream comes in as that of any encoder. */
export async function startDemoStream({ log }: Begun, rtmp: ListenAddress, platform: Platform): Promise<void> {
  const { startDemo } = await import('../demo/demo.ts')
  const { host, port } = rtmp
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  startDemo({ rtmp: { host: reachable, port }, key: await platform.streamKey('main'), log })
}
