import type { Latency } from '@bandstand/contract/api/channel.ts'

/** Ways of getting the live edge to the viewer: the quickest first, the steadiest last. */
export const transports = ['webrtc', 'll-hls', 'hls'] as const
export type Transport = (typeof transports)[number]

/** @returns `undefined` for anything that is no transport, an absent attribute for example */
export function parseTransport(text: string | null | undefined): Transport | undefined {
  return transports.find((transport) => transport === text)
}

/** Where the ladder begins for a channel's setting. */
export function transportFor(latency: Latency): Transport {
  switch (latency) {
    case 'real-time':
      return 'webrtc'
    case 'low':
      return 'll-hls'
    case 'normal':
      break
  }
  return 'hls'
}

/**
 * What may be played, best first: the wanted transport and, as its safety net, all that are steadier. A forced one begins the
 * ladder whatever the channel says; nothing quicker than it is ever taken.
 */
export function ladderOf(wanted: Transport, able: ReadonlySet<Transport>): Transport[] {
  const below = transports.slice(transports.indexOf(wanted)).filter((transport) => able.has(transport))
  // A browser that plays only something quicker still gets a picture.
  return below.length > 0 ? below : transports.filter((transport) => able.has(transport)).slice(-1)
}
