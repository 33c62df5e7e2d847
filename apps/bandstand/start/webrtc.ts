import { createWebRtcEgress, type WebRtcEgress } from '@bandstand/engine/egress/webrtc/egress.ts'
import { reserveUdpPair, reserveUdpPort } from '@bandstand/engine/egress/webrtc/port.ts'
import type { Platform } from '@bandstand/platform/platform.ts'
import { createPublicAddresses } from '../public-addresses.ts'
import { isTurnByTcp } from '../settings/webrtc.ts'
import type { Audience } from './audience.ts'
import type { Begun } from './begun.ts'
import type { Live } from './live.ts'

export interface WebRtcNeeds {
  readonly directory: Platform['directory']
  readonly live: Pick<Live, 'watchable'>
  readonly audience: Audience
  /** Path of the program. */
  readonly ffmpeg: string | undefined
}

/** @returns `undefined` where WebRTC is switched off. @throws EngineError when the port cannot be had */
export async function startWebRtc(
  { settings, log, started }: Begun,
  needs: WebRtcNeeds,
): Promise<WebRtcEgress | undefined> {
  const { directory, live, audience, ffmpeg } = needs
  const { webrtc: address } = settings
  if (address === 'off') return undefined
  const { host } = address
  const [port, relayPort] = settings.iceServers.some(isTurnByTcp)
    ? await reserveUdpPair(host, address.port)
    : [await reserveUdpPort(host, address.port), undefined]
  const addresses = createPublicAddresses(settings.webrtcAddresses, log)
  started.defer(() => addresses.stop())
  const egress = createWebRtcEgress({
    host,
    port,
    relayPort,
    publicAddresses: addresses.current,
    find: live.watchable,
    ffmpeg,
    seen(slug, session) {
      const channel = directory.findBySlug(slug)
      if (channel !== undefined) audience.viewers.seen(channel.id, session)
    },
    log,
    limits: { sessions: settings.maxWebrtcViewers, sessionsPerAddress: settings.maxWebrtcViewersPerAddress },
  })
  started.defer(() => egress.close())
  return egress
}
