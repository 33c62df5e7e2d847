import type { Latency } from '@bandstand/contract/api/channel.ts'
import { sentence } from '../../channel/sentence.ts'
import type { Failure } from './choice.ts'
import { type Transport, transportFor } from './transport.ts'

/** As the studio calls them. */
export function transportName(transport: Transport): string {
  switch (transport) {
    case 'webrtc':
      return 'Real time'
    case 'll-hls':
      return 'Low'
    case 'hls':
      break
  }
  return 'Normal'
}

export const protocolName: Readonly<Record<Transport, string>> = { webrtc: 'WebRTC', 'll-hls': 'LL-HLS', hls: 'HLS' }

/** `Automatic (real time)`: what the channel's owner has set. */
export function automaticName(latency: Latency): string {
  return `Automatic (${transportName(transportFor(latency)).toLowerCase()})`
}

/** Why something does not play, in a sentence. The server's own words where the player knows none that are plainer. */
export function failureText({ code, text }: Failure): string {
  switch (code) {
    case 'slow':
      return 'No direct connection came about within two seconds: a firewall may be blocking UDP.'
    case 'no-picture':
      return 'The direct connection came about, but brought no picture.'
    case 'lost':
      return 'The direct connection was lost.'
    case 'stalls':
      return 'The picture stood still too often.'
    case 'unreachable':
      return 'The server did not answer.'
    case 'not-understood':
      return 'This browser and the server found no common ground.'
    case 'has-b-frames':
      return 'The encoder sends B-frames, which WebRTC cannot carry. Its owner can switch them off.'
    case 'no-sound':
      return `It would be without sound. ${text ? sentence(text) : ''}`.trim()
    case 'http-404':
    case 'http-405':
    case 'not-found':
      return 'The server does not offer it.'
    default:
      return text ? sentence(text) : 'It does not work just now.'
  }
}

/** @param again seconds until it is tried again */
export function againText(again: number): string {
  if (again < 1.5) return 'Trying again.'
  return again < 90 ? `Tried again in ${Math.round(again)} s.` : `Tried again in ${Math.round(again / 60)} minutes.`
}
