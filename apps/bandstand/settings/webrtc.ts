import { isIP } from 'node:net'
import { z } from 'zod'

/** Entries of a text separated by commas, or of a list. */
const list = z
  .union([z.string(), z.array(z.string())])
  .transform((value) =>
    (typeof value === 'string' ? value.split(',') : value).map((entry) => entry.trim()).filter(Boolean),
  )

/** `stun:`, `turn:` or `turns:`, host, port (RFC 7064 §3.1, RFC 7065 §3.1). They go into a header: nothing else may be in them. */
const ICE_SERVER =
  /^(?<scheme>stun|turn)s?:(?:\[(?<ipv6>[\da-fA-F:.]+)\]|[\w.-]{1,253})(?::(?<port>\d{1,5}))?(?<transport>\?transport=(?:udp|tcp))?$/

/** With one among them that it does not understand, a browser takes no address at all, and has no WebRTC (webrtc-pc §4.4.1.6). */
function isIceServer(url: string): boolean {
  const { scheme, ipv6, port = '1', transport } = ICE_SERVER.exec(url)?.groups ?? {}
  if (scheme === undefined || (scheme === 'stun' && transport !== undefined)) return false
  return (ipv6 === undefined || isIP(ipv6) === 6) && Number(port) >= 1 && Number(port) <= 65_535
}

export const iceServerUrls = list.refine(
  (urls) => urls.length <= 8 && urls.every(isIceServer),
  'takes up to 8 of stun:HOST:PORT, turn:HOST:PORT and turns:HOST:PORT, with ?transport=udp or tcp, separated by commas',
)

/** Whether viewers come to this server by TCP or TLS; of `turns:` that is so unless it says otherwise (RFC 7065 §3.1). */
export function isTurnByTcp(url: string): boolean {
  return url.startsWith('turn') && (url.endsWith('=tcp') || (url.startsWith('turns:') && !url.endsWith('=udp')))
}

/** A name of DNS with a dot in it (RFC 1123 §2.1); its last label is no number, so that a mistyped address is not one. */
const HOST_NAME = /^(?=.{4,253}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z](?:[a-z\d-]{0,61}[a-z\d])?$/i

export const publicAddresses = list.refine(
  (addresses) => addresses.length <= 8 && addresses.every((address) => isIP(address) !== 0 || HOST_NAME.test(address)),
  'takes up to 8 IPv4 or IPv6 addresses or host names, separated by commas',
)

/** Goes into a quoted string of a header. */
export const credential = z
  .string()
  .regex(/^[!#-[\]-~]{1,200}$/, 'takes up to 200 ASCII characters without spaces, " and \\')
