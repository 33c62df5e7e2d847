import type { HlsConfig, LevelDetails } from 'hls.js'

/**
 * Where a place is loaded that lies just before what a playlist lists: at the first segment. Playlists round durations, and the
 * begin that hls.js counts back to from a segment in the middle is some µs late. It takes zero then for what has left the list, loads
 * what is live instead, and a seek to the beginning stands. By as much as its own look-up allows it is still listed.
 *
 * @param at media time, seconds
 */
export function listedPlace(
  at: number,
  { fragmentStart }: Pick<LevelDetails, 'fragmentStart'>,
  { maxFragLookUpTolerance }: Pick<HlsConfig, 'maxFragLookUpTolerance'>,
): number {
  return at < fragmentStart && at >= fragmentStart - maxFragLookUpTolerance ? fragmentStart : at
}
