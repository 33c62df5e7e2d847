import type { Fragment, LevelDetails, MediaFragment, Part } from 'hls.js'

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

/**
 * Whether the segment behind one begins with a key frame in all renditions: one that is shorter than the target duration was cut
 * at a key frame of the encoder's, where the ladder's pictures have one too; others were, or when they had become as long. What
 * the playlist says of its own segments is not enough: those of a ladder begin with key frames where the encoder's do not.
 *
 * @param details of any rendition that lists it
 */
export function followsKeyFrame(details: LevelDetails, segment: MediaFragment): boolean {
  return isCut(details, segment) || (isSteady(details) && wholeOf(details).length >= known)
}

/** Whether all segments that are listed were cut at key frames, or key frames are as far apart as the target duration or further. */
export function isSteady(details: LevelDetails): boolean {
  const cut = wholeOf(details).filter((segment) => isCut(details, segment))
  return cut.length === 0 || cut.length === wholeOf(details).length
}

/** So many segments say how far apart key frames are. */
const known = 3
/** By which playlists round; seconds. */
const rounding = 0.01

function isCut({ targetduration, partTarget }: LevelDetails, { duration }: MediaFragment): boolean {
  // Without a key frame a segment ends with the last part that has room in it.
  return duration < targetduration - partTarget - rounding
}

/** Those with media, but the last of an encoder's that went. */
function wholeOf({ fragments }: LevelDetails): MediaFragment[] {
  return fragments.filter((one, i) => !one.gap && one.cc === (fragments[i + 1] ?? one).cc)
}
