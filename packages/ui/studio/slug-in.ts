/** The channel that the address's fragment names; empty for one that is no text, which anybody may type. */
export function slugIn(hash: string): string {
  try {
    return decodeURIComponent(hash.slice(1))
  } catch {
    return ''
  }
}
