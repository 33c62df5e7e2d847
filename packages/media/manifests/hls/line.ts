/** A line with content: a tag or a URI. */
export interface PlaylistLine {
  readonly number: number
  readonly text: string
}

/** `#EXT-X-MAP:URI="a"` → `#EXT-X-MAP`. */
export function tagName(line: string): string {
  const colon = line.indexOf(':')
  return colon < 0 ? line : line.slice(0, colon)
}

/** What follows the tag's colon; empty where there is none. */
export function tagValue(line: string): string {
  const colon = line.indexOf(':')
  return colon < 0 ? '' : line.slice(colon + 1)
}
