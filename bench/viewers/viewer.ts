import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import type { Audience } from './audience.ts'
import { type Client, createRequest, type Get } from './client.ts'
import { countError } from './figures.ts'
import { resolvePath } from './playlist-versions.ts'
import { followRendition } from './rendition.ts'
import { createSessionClient } from './session-client.ts'
import { createSocketClient } from './socket-client.ts'

/** One player: reads the multivariant playlist once and follows its first variant and the sound of that. */
export async function view(audience: Audience): Promise<void> {
  const { origin, figures } = audience
  const clients: Client[] = []
  const session = origin.protocol === 'https:' ? createSessionClient(origin, figures) : undefined
  if (session !== undefined) clients.push(session)
  const connection = (): Get => {
    if (session !== undefined) return session.get
    const client = createSocketClient(origin, figures)
    clients.push(client)
    return client.get
  }
  const first = connection()
  audience.closers.push(() => clients.forEach((c) => c.close()))
  try {
    const answer = await first(createRequest(origin.host, origin.pathname + origin.search), () => false)
    const top = parsePlaylist(answer.text)
    if (top.kind !== 'multivariant') return countError(figures, `multivariant ${answer.status}`)
    const [variant] = top.playlist.variants
    const audio = top.playlist.renditions.find((r) => r.type === 'AUDIO' && r.groupId === variant?.audio)
    const paths = [variant?.uri, audio?.uri].flatMap((uri) =>
      uri === undefined ? [] : [resolvePath(origin.pathname, uri)],
    )
    await Promise.all(
      paths.map((path, i) => followRendition(audience, path, i === 0, i === 0 ? first : connection(), connection())),
    )
  } catch (e) {
    if (audience.on) countError(figures, String(e))
  }
}
