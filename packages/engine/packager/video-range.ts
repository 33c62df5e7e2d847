import { type VideoRange, videoRange } from '@bandstand/media/codecs/colour.ts'
import { videoFacts } from '@bandstand/media/codecs/video-facts.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'

/** VIDEO-RANGE of a variant (RFC 8216bis §4.4.6.2): nothing where it is SDR, as players take it without. */
export function declaredRange(config: VideoTrackConfig): { readonly videoRange?: VideoRange } {
  const range = rangeOf(config)
  return range === 'SDR' ? {} : { videoRange: range }
}

/** A configuration that can be carried and not be read says nothing. */
function rangeOf(config: VideoTrackConfig): VideoRange {
  try {
    return videoRange(videoFacts(config).colour)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return 'SDR'
  }
}
