/** A STUN or TURN server that WebRTC's peers are told of (RFC 9725 §4.6). */
export interface IceServer {
  /** `stun:HOST:PORT`, `turn:HOST:PORT?transport=udp`, `turns:…`. */
  readonly url: string
  readonly username?: string
  readonly credential?: string
}

/** One field for all servers (RFC 8288 §3): HTTP/2's compatible interface keeps only the last of equal ones. */
export function linksTo(servers: readonly IceServer[]): string[] {
  const values = servers.map(({ url, username, credential }) =>
    [
      `<${url}>; rel="ice-server"`,
      ...(username === undefined ? [] : [`username="${username}"`]),
      ...(credential === undefined ? [] : [`credential="${credential}"`, 'credential-type="password"']),
    ].join('; '),
  )
  return values.length === 0 ? [] : ['Link', values.join(', ')]
}
