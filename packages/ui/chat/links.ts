/** A stretch of a message: plain text, or text that leads somewhere. */
export interface Stretch {
  readonly text: string
  readonly href?: string
}

/** What `find` of linkifyjs gives; loaded only when a message may hold a link. */
export type FindLinks = (
  text: string,
) => readonly { readonly type: string; readonly href: string; readonly start: number; readonly end: number }[]

/** Cheap test, so that most chats never load the link finder. */
export function mayHoldLink(text: string): boolean {
  return /[a-z0-9]\.[a-z]{2}|:\/\//i.test(text)
}

/**
 * Only web addresses become links; what a browser would not read as http or https stays text, and so does an
 * address that carries a name and password, because the host it shows first is not where it leads.
 */
export function stretches(text: string, find: FindLinks | undefined): Stretch[] {
  if (!find || !mayHoldLink(text)) return [{ text }]
  const found: Stretch[] = []
  let at = 0
  for (const link of find(text)) {
    const href = link.type === 'url' ? safeAddress(link.href) : undefined
    if (href === undefined || link.start < at) continue
    if (link.start > at) found.push({ text: text.slice(at, link.start) })
    found.push({ text: text.slice(link.start, link.end), href })
    at = link.end
  }
  if (at < text.length) found.push({ text: text.slice(at) })
  return found
}

function safeAddress(href: string): string | undefined {
  try {
    const url = new URL(href)
    const web = url.protocol === 'http:' || url.protocol === 'https:'
    return web && url.username === '' && url.password === '' ? url.href : undefined
  } catch {
    return undefined
  }
}
