/** Addresses of a Bandstand server. `server` is its origin (with a path, where it has one), without a slash at the end. */
export interface Place {
  readonly server: string
  readonly channel: string
}

/** @param server attribute as written; empty, or no address at all, means the server that the page came from. */
export function serverOf(server: string | null | undefined, page: string): string {
  const { href } = parseAddress(server || '/', page) ?? new URL('/', page)
  return href.replace(/\/$/, '')
}

/** The whole address of what is written in an attribute, from the server on; `undefined` for what is no address. */
export function wholeAddress(written: string, server: string): string | undefined {
  return parseAddress(written, `${server}/`)?.href
}

/** As `URL.parse`, which browsers of 2023 do not have. */
function parseAddress(written: string, base: string): URL | undefined {
  try {
    return new URL(written, base)
  } catch {
    return undefined
  }
}

export const addresses = {
  live: ({ server, channel }: Place) => `${server}/live/${encodeURIComponent(channel)}/index.m3u8`,
  /** @param id of the player, for the server to count it by (CMCD `sid`) */
  whep: ({ server, channel }: Place, id: string) =>
    `${server}/live/${encodeURIComponent(channel)}/whep?CMCD=sid%3D%22${id}%22`,
  vod: (server: string, asset: string) => `${server}/vod/${encodeURIComponent(asset)}/index.m3u8`,
  download: (server: string, asset: string) => `${server}/vod/${encodeURIComponent(asset)}/download.mp4`,
  /** @param clock times count from the broadcast's beginning by the clock, not by what is listed. */
  storyboard: (server: string, asset: string, clock: boolean) =>
    `${server}/vod/${encodeURIComponent(asset)}/storyboard.vtt${clock ? '?clock' : ''}`,
  watch: (server: string, asset: string) => `${server}/watch/${encodeURIComponent(asset)}`,
  channelFacts: ({ server, channel }: Place) => `${server}/api/v1/channels/${encodeURIComponent(channel)}`,
  replays: ({ server, channel }: Place, before?: string) =>
    `${server}/api/v1/channels/${encodeURIComponent(channel)}/replays?limit=12${before ? `&before=${encodeURIComponent(before)}` : ''}`,
  assetFacts: (server: string, asset: string) => `${server}/api/v1/assets/${encodeURIComponent(asset)}`,
  socket: ({ server, channel }: Place) => `${server.replace(/^http/, 'ws')}/live/${encodeURIComponent(channel)}/chat`,
} as const
