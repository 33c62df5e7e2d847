import type { Fragment, Part } from 'hls.js'

/**
 * Whether a segment begins with a key frame, as far as its playlist says: by its first part where parts are listed (RFC 8216bis
 * §4.4.4.9), else by the comment that Bandstand's playlists have before the others (`#BANDSTAND-INDEPENDENT:NO`). Of another
 * server's whole segments nothing is known: they are taken to.
 *
 * @param parts those listed, of this segment and of others
 */
export function beginsWithKeyFrame(
  { sn, tagList }: Pick<Fragment, 'sn' | 'tagList'>,
  parts?: readonly Part[] | null,
): boolean {
  const first = parts?.find(({ fragment, index }) => fragment.sn === sn && index === 0)
  if (first) return first.independent
  return !tagList.some(([name, value]) => name === 'BANDSTAND-INDEPENDENT' && value === 'NO')
}
