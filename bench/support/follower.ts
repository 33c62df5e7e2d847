export interface FollowOptions {
  /** Address of the server. */
  readonly http: string
  readonly slug: string
  /** Asked before each playlist. */
  readonly leaves: () => boolean
  /** Whatever a viewer should not meet, one line each. */
  readonly trouble: (line: string) => void
}

const decoder = new TextDecoder()

async function get(url: string): Promise<{ readonly status: number; readonly body: ArrayBuffer }> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) })
  return { status: answer.status, body: await answer.arrayBuffer() }
}

/**
 * One viewer of a channel that is live: follows the first playlist, reading every part by preload hint and blocking. Any answer
 * other than 200 is trouble and ends it, but for 404 once the broadcast is over.
 */
export async function follow({ http, slug, leaves, trouble }: FollowOptions): Promise<void> {
  const isOver = async (assetId: string | undefined): Promise<boolean> => {
    const { status, body } = await get(`${http}/api/v1/channels/${slug}`)
    if (status !== 200) return false
    const facts = JSON.parse(decoder.decode(body)) as { readonly live: boolean; readonly assetId: string | null }
    return !facts.live || (assetId !== undefined && facts.assetId !== assetId)
  }
  /** @param assetId of the broadcast, where it is known. */
  const read = async (url: string, assetId?: string): Promise<ArrayBuffer | undefined> => {
    const { status, body } = await get(url)
    if (status === 200) return body
    if (status !== 404 || !(await isOver(assetId))) trouble(`${new URL(url).pathname}: ${status}`)
    return undefined
  }

  const base = `${http}/live/${slug}/index.m3u8`
  const multivariant = await read(base)
  if (multivariant === undefined) return
  const lines = decoder.decode(multivariant).split('\n')
  const variant = lines.find((line) => line !== '' && !line.startsWith('#'))
  if (variant === undefined) return trouble(`${base} lists nothing`)
  const assetId = variant.split('/')[0]
  const playlist = new URL(variant, base).href
  let query = ''
  const seen = new Set<string>()
  while (!leaves()) {
    const body = await read(playlist + query, assetId)
    if (body === undefined) return
    const text = decoder.decode(body)
    const parts = [...text.matchAll(/#EXT-X-PART:(?![^\n]*GAP=YES)[^\n]*URI="([^"]+)"/g)]
      .map((match) => match[1] ?? '')
      .slice(-3)
    for (const part of parts.filter((uri) => !seen.has(uri))) {
      seen.add(part)
      await read(new URL(part, playlist).href, assetId)
    }
    if (text.includes('#EXT-X-ENDLIST')) return
    const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1] ?? 0)
    const segments = text.match(/#EXTINF/g)?.length ?? 0
    const after = text.slice(text.lastIndexOf('#EXTINF')).match(/#EXT-X-PART:/g)?.length ?? 0
    query = `?_HLS_msn=${first + segments}&_HLS_part=${after}`
  }
}
