import { isIPv6 } from 'node:net'

/**
 * The answer as peers get it. Behind NAT the machine's own addresses lead nowhere: each public address takes the place of
 * the host candidates of its family, port for port. A family without one keeps its own: there is no NAT before most IPv6.
 *
 * @param addresses IPv4 or IPv6; none leaves the answer as it is.
 */
export function publishAnswer(sdp: string, addresses: readonly string[]): string {
  if (addresses.length === 0) return sdp
  const lines: string[] = []
  let listed = new Set<string>()
  for (const line of sdp.split(/\r\n|\n/)) {
    if (line.startsWith('m=')) listed = new Set()
    const candidate = /^(a=candidate:\S+ \d+ UDP )(\d+) (\S+) (\d+) typ host(.*)$/i.exec(line)
    const [, head = '', priority = '', address = '', port = '', tail = ''] = candidate ?? []
    const isOfFamily = (published: string) => isIPv6(published) === isIPv6(address)
    const placed = (published: string) => `${published} ${port}`
    if (candidate === null || !addresses.some(isOfFamily)) {
      lines.push(line)
      continue
    }
    for (const [index, published] of addresses.entries()) {
      if (!isOfFamily(published) || listed.has(placed(published))) continue
      listed.add(placed(published))
      // Two of one priority would be tried in no order.
      lines.push(`${head}${Number(priority) - index} ${published} ${port} typ host${tail}`)
    }
  }
  return lines.join('\r\n')
}

/** By so much the second port's candidates come after all others: another type preference (RFC 8445 §5.1.2.1). */
const SECOND = 26 * 2 ** 24

/** The answer with a second port behind each host candidate, to be tried after the first. */
export function withPort(sdp: string, port: number): string {
  return sdp.replace(
    /^(a=candidate:\S+ \d+ UDP )(\d+) (\S+) \d+ (typ host.*\r?\n)/gim,
    (line, head: string, priority: string, address: string, tail: string) =>
      `${line}${head}${Number(priority) - SECOND} ${address} ${port} ${tail}`,
  )
}

/** What is sent again to a viewer as a stream of its own. */
export interface Retransmission {
  /** Payload types of it, and of the stream it belongs to. */
  readonly payloadType: number
  readonly of: number
  readonly ssrc: number
}

/**
 * The answer with a stream of retransmissions beside that of the pictures (RFC 4588 §8.1, §8.6; RFC 5576 §4.2). Both sources stand in it
 * already: the library has to know them, for it hands on reports by the sources that are named in them.
 *
 * @param ssrc of the pictures.
 */
export function withRetransmission(sdp: string, ssrc: number, { payloadType, of, ssrc: own }: Retransmission): string {
  const described = [
    `a=rtpmap:${payloadType} rtx/90000\r\n`,
    `a=fmtp:${payloadType} apt=${of}\r\n`,
    `a=ssrc-group:FID ${ssrc} ${own}\r\n`,
  ].join('')
  return sdp
    .replace(new RegExp(`^m=video .* ${of}(?= |\\r?$)`, 'm'), (line) => `${line} ${payloadType}`)
    .replace(new RegExp(`^a=ssrc:${ssrc} `, 'm'), (line) => `${described}${line}`)
}

/** What was offered to be told of a payload type: `a=rtcp-fb` values. */
export interface OfferedFeedback {
  readonly payloadType: number
  readonly feedback: readonly string[]
}

/** The answer without the feedback that was not offered (RFC 4585 §4.2): the library writes what it knows. */
export function keepFeedback(sdp: string, sections: readonly (OfferedFeedback | undefined)[]): string {
  const offered = new Map(sections.map((media) => [String(media?.payloadType), media?.feedback]))
  return sdp.replace(/^a=rtcp-fb:(\d+) (.*)\r?\n/gm, (line, payloadType: string, value: string) =>
    offered.get(payloadType)?.includes(value.trim()) === true ? line : '',
  )
}
