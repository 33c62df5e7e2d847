import { escapeHtml } from '../http/escape.ts'

/** Longer side of a player where nobody says how large it may be, and width of a picture at most; pixels. */
const SIDE = 640
/** Where there is no picture yet. */
const USUAL: PictureSize = { width: 1280, height: 720 }

/** Pixels. */
export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** What is shown in place on another site. All addresses are absolute. */
export interface Embeddable {
  readonly title: string
  readonly player: string
  /** A picture of the video. */
  readonly image?: string
  /** Of the video as it is shown; 16:9 where it is not known. */
  readonly size?: PictureSize
  /** The server. */
  readonly origin: string
}

/** What a consumer asks for (oEmbed 1.0 §2.2). */
export interface OembedQuery {
  readonly maxwidth?: string
  readonly maxheight?: string
}

/** What a page address names; `undefined` for an address of another server, or of something else. */
export type PageAddress =
  | { readonly kind: 'front' }
  | { readonly kind: 'channel'; readonly slug: string }
  | { readonly kind: 'asset'; readonly id: string }

/** Discovery (§4): the address that says how to embed this page. */
export function oembedAddress(origin: string, page: string): string {
  return `${origin}/api/oembed?url=${encodeURIComponent(page)}`
}

/** @param origin of this server; the scheme is not compared, for a proxy may have changed it. */
export function parsePageAddress(url: string, origin: string): PageAddress | undefined {
  if (!URL.canParse(url) || !URL.canParse(origin)) return undefined
  const { protocol, host, pathname } = new URL(url)
  if (!/^https?:$/.test(protocol) || host !== new URL(origin).host) return undefined
  if (pathname === '/') return { kind: 'front' }
  const [, slug] = /^\/@([a-z0-9-]{1,64})(?:\/embed)?\/?$/.exec(pathname) ?? []
  if (slug !== undefined) return { kind: 'channel', slug }
  const [, id] = /^\/watch\/([a-z0-9_-]{1,64})(?:\/embed)?\/?$/.exec(pathname) ?? []
  return id === undefined ? undefined : { kind: 'asset', id }
}

/** The answer of type `video` (oEmbed 1.0 §2.3.4.2): the player in a frame, no larger than asked for. */
export function printOembed({ title, player, image, origin, size: known }: Embeddable, query: OembedQuery) {
  const size = known ?? USUAL
  const aspect = size.width / size.height
  const highest = Math.min(SIDE, limit(query.maxheight))
  const width = Math.max(1, Math.floor(Math.min(SIDE, limit(query.maxwidth), highest * aspect)))
  const height = Math.max(1, Math.floor(Math.min(highest, width / aspect)))
  const allow = 'autoplay; fullscreen; picture-in-picture'
  return {
    version: '1.0',
    type: 'video',
    provider_name: 'Bandstand',
    provider_url: origin,
    title,
    width,
    height,
    html: `<iframe src="${escapeHtml(player)}" width="${width}" height="${height}" title="${escapeHtml(title)}" allow="${allow}" allowfullscreen style="border:0"></iframe>`,
    ...(image !== undefined && known !== undefined && thumbnail(image, known, query)),
    cache_age: 300,
  }
}

/** As pictures of a video are made: not enlarged, sides even. It must fit too, and may be left out (§2.3.4). */
function thumbnail(url: string, { width, height }: PictureSize, query: OembedQuery) {
  const even = (side: number) => Math.max(2, Math.trunc(side / 2) * 2)
  const across = even(Math.min(SIDE, width))
  const down = even((across * height) / width)
  const fits = across <= limit(query.maxwidth) && down <= limit(query.maxheight)
  return fits ? { thumbnail_url: url, thumbnail_width: across, thumbnail_height: down } : {}
}

function limit(value: string | undefined): number {
  const parsed = Number(value)
  return value !== undefined && Number.isFinite(parsed) && parsed >= 1 ? parsed : Infinity
}
