import type { Asset } from '@bandstand/contract/api/asset.ts'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import { escapeHtml } from '../http/escape.ts'
import { DESCRIPTION_IN_HEAD } from './limits.ts'
import type { PictureSize } from './oembed.ts'
import type { PageScripts } from './scripts.ts'
import { scriptJson } from './template.ts'

/** What stands in a page's `<head>` beside what its author wrote there. */
export interface Head {
  readonly title: string
  readonly description?: string
  /** Absolute address of the page. */
  readonly canonical?: string
  /** Absolute address of a picture. */
  readonly image?: string
  /** Absolute address of the player alone, for sites that show it in place. */
  readonly player?: string
  /** Of the video as it is shown, pixels; 16:9 where it is not known. */
  readonly size?: PictureSize
  /** Absolute address that says how to embed the page (oEmbed). */
  readonly oembed?: string
  /** Playlist that the player will read first. */
  readonly playlist?: string
  readonly scripts?: PageScripts | undefined
  /** Fetch the player engine with the page. */
  readonly plays?: boolean
  /** Read by the elements instead of a first request. */
  readonly facts?: { readonly channel?: Channel; readonly asset?: Asset }
}

/**
 * The `{{head}}` of a page, as HTML; all values are escaped here.
 * @param page what its author wrote: a title or an icon of its own stays the only one
 */
export function printHead(head: Head, page: string): string {
  const description = head.description?.replace(/\s+/g, ' ').trim().slice(0, DESCRIPTION_IN_HEAD)
  const { scripts } = head
  const lines = [
    ...(/<title[\s>]/i.test(page) ? [] : [`<title>${escapeHtml(head.title)}</title>`]),
    ...(/<link[^>]+rel\s*=\s*["']?(?:shortcut )?icon\b/i.test(page) ? [] : [ICON]),
    ...(description ? [meta('name', 'description', description)] : []),
    ...(head.canonical ? [link('canonical', head.canonical)] : []),
    meta('property', 'og:title', head.title),
    meta('property', 'og:type', head.player ? 'video.other' : 'website'),
    ...(description ? [meta('property', 'og:description', description)] : []),
    ...(head.canonical ? [meta('property', 'og:url', head.canonical)] : []),
    ...(head.image ? [meta('property', 'og:image', head.image)] : []),
    ...(head.player ? video(head.player, head.size) : []),
    meta('name', 'twitter:card', head.image ? 'summary_large_image' : 'summary'),
    ...(head.image ? [meta('name', 'twitter:image', head.image)] : []),
    ...(head.oembed ? [oembed(head.oembed, head.title)] : []),
  ]
  // The playlist first: it is small, and what follows from it takes the most round trips.
  if (head.plays && head.playlist) {
    lines.push(`<link rel="preload" as="fetch" crossorigin href="${escapeHtml(head.playlist)}">`)
  }
  // Before the scripts, which read it.
  if (head.facts) lines.push(`<script type="application/json" id="bandstand-facts">${scriptJson(head.facts)}</script>`)
  if (scripts) {
    // `async`: it waits neither for the page nor for the other scripts.
    if (head.plays && scripts.early) {
      lines.push(`<script type="module" async src="${escapeHtml(scripts.early)}"></script>`)
    }
    lines.push(`<script type="module" src="${escapeHtml(scripts.entry)}"></script>`)
    for (const url of scripts.preload) lines.push(link('modulepreload', url))
    if (head.plays) for (const url of scripts.engine) lines.push(link('modulepreload', url))
  }
  return lines.join('\n    ')
}

const ICON = '<link rel="icon" href="/icon.svg" type="image/svg+xml">'

/** The player in a frame, for sites that show it in place; they want a size, and most want https. */
function video(player: string, { width, height }: PictureSize = { width: 1280, height: 720 }): string[] {
  return [
    meta('property', 'og:video', player),
    ...(player.startsWith('https:') ? [meta('property', 'og:video:secure_url', player)] : []),
    meta('property', 'og:video:type', 'text/html'),
    meta('property', 'og:video:width', String(width)),
    meta('property', 'og:video:height', String(height)),
  ]
}

function oembed(href: string, title: string): string {
  return `<link rel="alternate" type="application/json+oembed" href="${escapeHtml(href)}" title="${escapeHtml(title)}">`
}

function meta(kind: 'name' | 'property', name: string, content: string): string {
  return `<meta ${kind}="${name}" content="${escapeHtml(content)}">`
}

function link(rel: string, href: string): string {
  return `<link rel="${rel}" href="${escapeHtml(href)}">`
}
