import { sameBytes } from './bytes/bytes.ts'
import type { TrackConfig } from './track.ts'

/**
 * Whether a decoder that was told one can go on with the other, and players with what they were told of it. The length of frames does not
 * count: where it may change, each says its own. A size does: not every codec's configuration has it.
 */
export function sameConfig(a: TrackConfig, b: TrackConfig): boolean {
  return (
    a.codec === b.codec &&
    a.codecString === b.codecString &&
    a.timescale === b.timescale &&
    sameShape(a, b) &&
    sameBytes(a.decoderConfig, b.decoderConfig)
  )
}

function sameShape(a: TrackConfig, b: TrackConfig): boolean {
  if (a.kind === 'video') return b.kind === 'video' && a.width === b.width && a.height === b.height
  return b.kind === 'audio' && a.channels === b.channels && a.sampleRate === b.sampleRate && a.language === b.language
}
