import type { WebRtcEgress } from '@bandstand/engine/egress/webrtc/egress.ts'
import type { WhipIngest } from '@bandstand/engine/ingest/whip/ingest.ts'
import { WHIP_LIMITS } from '@bandstand/engine/ingest/whip/limits.ts'
import { reserveUdpPair, reserveUdpPort } from '@bandstand/engine/webrtc/port.ts'
import { createWebRtcProcess } from '@bandstand/engine/webrtc/supervisor.ts'
import type { Platform } from '@bandstand/platform/platform.ts'
import { createPublicAddresses } from '../public-addresses.ts'
import { isTurnByTcp } from '../settings/webrtc.ts'
import type { Audience } from './audience.ts'
import type { Begun } from './begun.ts'
import type { Live } from './live.ts'
import { type OnDemand, onDemand } from './on-demand.ts'

export interface WebRtcNeeds {
  readonly directory: Platform['directory']
  readonly live: Pick<Live, 'watchable' | 'streams'>
  readonly audience: Audience
  /** Path of the program. */
  readonly ffmpeg: string | undefined
}

/** Viewers and encoders by WebRTC, on one port: one process has them all. */
export interface WebRtc {
  readonly port: number
  readonly egress: OnDemand<WebRtcEgress>
  readonly whip: OnDemand<WhipIngest>
}

/** @returns `undefined` where WebRTC is switched off. @throws EngineError when the port cannot be had */
export async function startWebRtc({ settings, log, started }: Begun, needs: WebRtcNeeds): Promise<WebRtc | undefined> {
  const { directory, live, audience, ffmpeg } = needs
  const { webrtc: address } = settings
  if (address === 'off') return undefined
  const { host } = address
  const [port, relayPort] = settings.iceServers.some(isTurnByTcp)
    ? await reserveUdpPair(host, address.port)
    : [await reserveUdpPort(host, address.port), undefined]
  const addresses = createPublicAddresses(settings.webrtcAddresses, log)
  started.defer(() => addresses.stop())
  const process = createWebRtcProcess({ host, port, relayPort, log, now: () => performance.now() })
  started.defer(() => process.close())
  const egress = onDemand(async () => {
    const { createWebRtcEgress } = await import('@bandstand/engine/egress/webrtc/egress.ts')
    return createWebRtcEgress({
      process,
      publicAddresses: addresses.current,
      find: live.watchable,
      ffmpeg,
      seen(slug, viewer) {
        const channel = directory.findBySlug(slug)
        if (channel !== undefined) audience.viewers.seen(channel.id, viewer)
      },
      log,
      limits: { sessions: settings.maxWebrtcViewers, sessionsPerAddress: settings.maxWebrtcViewersPerAddress },
    })
  }, started)
  const whip = onDemand(async () => {
    const { createWhipIngest } = await import('@bandstand/engine/ingest/whip/ingest.ts')
    return createWhipIngest({
      process,
      publishPort: live.streams,
      publicAddresses: addresses.current,
      channelIdOf: (slug) => directory.findBySlug(slug)?.id,
      log,
      limits: {
        sessions: WHIP_LIMITS.sessions,
        sessionsPerAddress: settings.maxPublishersPerAddress,
        bitrate: settings.maxBitrate * 1e6,
      },
    })
  }, started)
  return { port, egress, whip }
}
