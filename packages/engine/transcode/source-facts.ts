import { videoRange } from '@bandstand/media/codecs/colour.ts'
import { videoFacts } from '@bandstand/media/codecs/video-facts.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import { LADDER_LIMITS } from './limits.ts'
import type { SourceFacts } from './model.ts'

/** What all of a colour description is where nobody has said anything: "unspecified". */
const UNSPECIFIED = 2
/** From so many lines on players take pictures that say nothing for BT.709; below, Firefox takes them for BT.601, Chromium does not. */
const HD_LINES = 720

/** What is known of the source's pictures. @throws MediaError where its parameter sets cannot be read. */
export function sourceFacts(config: VideoTrackConfig, frameRate: number | undefined): SourceFacts {
  const { colour, interlaced } = videoFacts(config)
  const { primaries = UNSPECIFIED, transfer = UNSPECIFIED, matrix = UNSPECIFIED } = colour ?? {}
  const range = videoRange(colour)
  const isSilent = [primaries, transfer, matrix].every((said) => said === UNSPECIFIED)
  return {
    width: config.width,
    height: config.height,
    sampleAspectRatio: isUsual(config) ? config.sampleAspectRatio : [1, 1],
    frameRate: frameRate ?? config.frameRate ?? 30,
    interlaced,
    ...(range !== 'SDR' && { hdr: range === 'PQ' ? 'pq' : 'hlg' }),
    ...(isSilent && config.height >= HD_LINES && { assumed: 'bt709' }),
  }
}

/** What is said of the shape of pixels is believed as long as it makes no ribbon of the picture: two times 16 bits would allow any. */
function isUsual({ width, height, sampleAspectRatio: [x, y] }: VideoTrackConfig): boolean {
  if (x === y) return true
  const shape = (width * x) / (height * y)
  return shape <= LADDER_LIMITS.shape && shape >= 1 / LADDER_LIMITS.shape
}
