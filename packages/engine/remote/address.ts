import ipaddr from 'ipaddr.js'

/** IPv4 in its plain form, also where a dual-stack socket gives `::ffff:192.0.2.1`. */
export function plainAddress(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address
}

/** This machine itself. @param address plain */
export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === 'loopback'
}

/** What counts as one address: of IPv6 the /64 network, all of which a single host has (RFC 6177). @param address plain */
export function networkOf(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address
  return ipaddr.IPv6.parse(address)
    .parts.slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')
}

/** IPv4 within IPv6 as it was done once, `::192.0.2.1`: some systems still send to the IPv4 address (RFC 4291 §2.5.5.1). */
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96')

/** Whether anybody on the internet could reach it (RFC 6890: neither private, shared, nor of the link or the machine). */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return parsed.range() === 'unicast' && !(parsed instanceof ipaddr.IPv6 && parsed.match(IPV4_COMPATIBLE))
}
