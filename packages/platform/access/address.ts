import ipaddr from 'ipaddr.js'

/**
 * The name under which an address is limited and banned: an IPv4 address itself, an IPv6 one its /64, because one customer
 * holds all of that (RFC 6177).
 */
export function addressGroup(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const known = ipaddr.process(address)
  if (!(known instanceof ipaddr.IPv6)) return known.toString()
  const network = known.parts.slice(0, 4).map((part) => part.toString(16))
  return `${network.join(':')}::/64`
}

/** This machine itself: a proxy on it, where its address is not trusted. */
export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback'
}
