import type { MultitrackRequest } from '@bandstand/contract/api/multitrack.ts'
import type { Bounds, Picture } from './renditions.ts'

/** Of an OBS that does not say what its picture is. */
const USUAL: Picture = { width: 1920, height: 1080, framerate: { numerator: 30, denominator: 1 } }

/** What is to be made of a request, whichever version of the schema it has. */
export interface Wanted {
  readonly picture: Picture
  readonly bounds: Bounds
  readonly hasVodSound: boolean
}

export function requestOf({ preferences = {} }: MultitrackRequest): Wanted {
  const { canvases = [], maximum_aggregate_bitrate: kilobits, maximum_video_tracks: count } = preferences
  const { width, height, framerate } = canvases[0] ?? preferences
  const isSaid = width !== undefined && height !== undefined && framerate !== undefined
  return {
    picture: isSaid ? { width, height, framerate } : USUAL,
    // 0 is "automatic".
    bounds: { bitrate: kilobits ? kilobits * 1000 : undefined, count: count ? count : undefined },
    hasVodSound: preferences.vod_track_audio === true,
  }
}
