import { createAdtsHeader } from '@bandstand/media/codecs/aac/adts.ts'
import { frameLengthOf } from '@bandstand/media/codecs/frame-length.ts'
import { writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import { writeInitSegment } from '@bandstand/media/containers/isobmff/init.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'

/** How frames of sound are given to ffmpeg through a pipe. */
export interface SoundInput {
  /** ffmpeg's name of the format (`-f`). */
  readonly format: string
  /** What comes before the first frame. */
  readonly head: Uint8Array
  /**
   * What one frame is written as, in order.
   *
   * @param time where it is to be kept, in ticks of the track: behind the frame before where it is not given. ADTS cannot say it.
   */
  frame(data: Uint8Array, time?: number): readonly Uint8Array[]
}

const NOTHING = new Uint8Array()
const TRACK = 1

/**
 * AAC as ADTS, which ffmpeg reads without looking ahead; all others as MP4 of one fragment for each frame, which says everything
 * that their own byte streams do not.
 *
 * @throws MediaError where the configuration cannot be read, or ADTS cannot say it.
 */
export function createSoundInput(config: AudioTrackConfig): SoundInput {
  if (config.codec === 'aac') {
    const header = createAdtsHeader(config.decoderConfig)
    return { format: 'aac', head: NOTHING, frame: (data) => [header(data.byteLength), data] }
  }
  let sequence = 1
  let baseDecodeTime = 0
  return {
    format: 'mp4',
    head: writeInitSegment(TRACK, config),
    frame(data, time = baseDecodeTime) {
      baseDecodeTime = time
      const duration = frameLengthOf(config, data)
      const samples = [{ data, duration, compositionOffset: 0, key: true }]
      const bytes = writeFragment({ sequence: sequence++ % 2 ** 32, track: TRACK, baseDecodeTime, samples })
      baseDecodeTime += duration
      return [bytes]
    },
  }
}
