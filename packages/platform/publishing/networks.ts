import ipaddr from 'ipaddr.js'

/** Addresses that have their first bits in common (RFC 4632, RFC 4291 2.3). */
export interface Network {
  /** 4 bytes for IPv4, 16 for IPv6; those behind the prefix are 0. */
  readonly address: readonly number[]
  /** Bits that count. */
  readonly prefix: number
}

/** Bits before the IPv4 address in an IPv6 one that stands for it (RFC 4291, 2.5.5.2). */
const MAPPED = 96

/**
 * An address or a network (`192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`), in the one form in which it is compared: mapped IPv4
 * (`::ffff:192.0.2.0/120`) is IPv4, and bits behind the prefix are 0.
 *
 * @returns undefined where it is neither, or has a zone
 */
export function parseNetwork(text: string): Network | undefined {
  const [, host = '', bits] = /^([0-9a-fA-F:.]{2,45})(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? []
  const whole = ipaddr.IPv4.isValidFourPartDecimal(host) || ipaddr.IPv6.isValid(host) ? ipaddr.parse(host) : undefined
  if (whole === undefined) return undefined
  const bytes = whole.toByteArray()
  const prefix = bits === undefined ? bytes.length * 8 : Number(bits)
  if (prefix > bytes.length * 8) return undefined
  const isMapped = whole instanceof ipaddr.IPv6 && whole.isIPv4MappedAddress() && prefix >= MAPPED
  return isMapped ? cut(bytes.slice(MAPPED / 8), prefix - MAPPED) : cut(bytes, prefix)
}

/** `192.0.2.0/24`; a single address without its length. */
export function printNetwork({ address, prefix }: Network): string {
  const text = ipaddr.fromByteArray([...address]).toString()
  return prefix === address.length * 8 ? text : `${text}/${prefix}`
}

/**
 * Whether an encoder's address is in one of the networks; not where it cannot be read.
 *
 * @param remote without port, perhaps with a zone (`fe80::1%eth0`), perhaps mapped IPv4 (`::ffff:192.0.2.7`)
 */
export function isWithin(remote: string, networks: readonly Network[]): boolean {
  const bare = remote.split('%')[0] ?? ''
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return false
  const bytes = ipaddr.process(bare).toByteArray()
  return networks.some(({ address, prefix }) => {
    if (address.length !== bytes.length) return false
    return cut(bytes, prefix).address.every((byte, i) => byte === address[i])
  })
}

/** With the bits behind the prefix cleared. */
export function cut(bytes: readonly number[], prefix: number): Network {
  const address = bytes.map((byte, i) => {
    const bits = Math.min(8, Math.max(0, prefix - i * 8))
    return byte & (0xff00 >> bits) & 0xff
  })
  return { address, prefix }
}
