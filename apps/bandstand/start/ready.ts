import { printBanner } from '../banner.ts'
import { type ListenAddress, printAddress } from '../settings/address.ts'
import { version } from '../version.ts'
import type { Begun } from './begun.ts'
import type { Untold } from './first-start.ts'
import type { WebRtc } from './webrtc.ts'

export interface ReadyFacts {
  /** As bound. */
  readonly http: ListenAddress
  readonly rtmp: ListenAddress
  readonly rtmps: ListenAddress | undefined
  /** Not there where it is switched off. */
  readonly srt: ListenAddress | undefined
  readonly webrtc: Pick<WebRtc, 'port'> | undefined
  readonly demo: boolean
  readonly untold: Untold
}

/** Says where the server is to be found, and what the first start made. */
export function announceReady(
  { settings, log }: Begun,
  { http, rtmp, rtmps, srt, webrtc, demo, untold }: ReadyFacts,
): void {
  const { firstStart } = untold
  const addresses = {
    http: printAddress(http),
    rtmp: printAddress(rtmp),
    ...(rtmps !== undefined && { rtmps: printAddress(rtmps) }),
    ...(srt && { srt: printAddress(srt) }),
    ...(settings.webrtc !== 'off' && webrtc && { webrtc: printAddress({ ...settings.webrtc, port: webrtc.port }) }),
  }
  if (settings.log === 'json') {
    // The password is to be had nowhere else; the key is in the studio, so it stays out of a log that may be collected.
    const ownerPassword = firstStart?.ownerPassword
    if (ownerPassword !== undefined) log.info({ ownerPassword }, "first start: the owner's password, shown this once")
    log.info({ ...addresses, version, pid: process.pid }, 'ready')
  } else process.stdout.write(printBanner({ settings, addresses, demo, firstStart, version }))
  untold.told()
}
