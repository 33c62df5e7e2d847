/** `uri-host [":" port]` (RFC 9112 §3.2, RFC 3986 §3.2.2): an address in brackets, or a name, which may be empty. */
const hostValue = /^(?:\[[0-9A-Fa-fv:.]+\]|(?:[\w\-.~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::\d{0,5})?$/

/**
 * True for what a Host field may say. Links are made of it: a port beyond 65535 and an IPv4 address out of range, which the
 * syntax allows, are none.
 */
export function isHost(value: string): boolean {
  return hostValue.test(value) && (value === '' || URL.canParse(`http://${value}`))
}

/** Why a request must be refused with 400 for its Host fields (RFC 9112 §3.2); undefined where they are right. */
export function hostFault(req: {
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}): string | undefined {
  const { httpVersion, rawHeaders } = req
  let value: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'host') continue
    if (value !== undefined) return 'A request names its host once.'
    value = rawHeaders[i + 1] ?? ''
  }
  if (value === undefined) return httpVersion === '1.1' ? 'A request of HTTP/1.1 names its host.' : undefined
  return isHost(value) ? undefined : 'The Host field is not a name or an address, with a port where there is one.'
}
