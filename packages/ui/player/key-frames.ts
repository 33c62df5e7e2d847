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
  return !isDenied('BANDSTAND-INDEPENDENT', tagList)
}

/**
 * Whether a key frame of the source's stands behind a segment, as its playlist says by a comment
 * (`#BANDSTAND-NEXT-INDEPENDENT:NO`), the same in the playlists of all renditions. What a playlist says of its own segments is
 * not enough: those of a ladder begin with key frames where the source's do not. Without the comment one is taken to.
 */
export function precedesKeyFrame({ tagList }: Pick<Fragment, 'tagList'>): boolean {
  return !isDenied('BANDSTAND-NEXT-INDEPENDENT', tagList)
}

/** hls.js keeps comments of the form `#NAME:VALUE` with the segment's tags. */
function isDenied(comment: string, tagList: Fragment['tagList']): boolean {
  return tagList.some(([name, value]) => name === comment && value === 'NO')
}
