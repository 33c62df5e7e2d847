/**
 * STUN and TURN servers that a WHEP server names in its `Link` fields (draft-ietf-wish-whep §4.4, as RFC 9725 §4.6):
 *
 *   <turn:turn.example.net?transport=udp>; rel="ice-server"; username="u"; credential="p"; credential-type="password"
 */

/** More than this no server has to name. */
const serversMax = 8

/** @param header value of all `Link` fields, joined by commas; what is no ice-server is passed over */
export function iceServersOf(header: string | null): RTCIceServer[] {
  const servers: RTCIceServer[] = []
  // Commas and semicolons may stand inside quotes, so links are found by their angle brackets.
  for (const [, target = '', rest = ''] of (header ?? '').matchAll(
    /<([^<>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))*)/g,
  )) {
    const values = new Map<string, string>()
    for (const [, name = '', quoted, plain] of rest.matchAll(
      /;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+))/g,
    )) {
      values.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '')
    }
    if (values.get('rel') !== 'ice-server' || !/^(stuns?|turns?):[^\s]+$/.test(target)) continue
    const username = values.get('username')
    const credential = values.get('credential')
    // A connection that is given one of TURN without both throws (webrtc-pc §4.4.1.6), Chromium for an empty one too: it is better off
    // without it.
    if (target.startsWith('turn') && !(username && credential)) continue
    servers.push({
      urls: target,
      ...(username !== undefined && { username }),
      ...(credential !== undefined && { credential }),
    })
    if (servers.length === serversMax) break
  }
  return servers
}
