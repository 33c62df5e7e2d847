import type { VideoCodec, VideoTrackConfig } from '@bandstand/media/track.ts'
import { h264 } from './h264-sets.ts'
import { createNalReader } from './nal-reader.ts'

/** Makes of what tags say of one track of pictures its configurations and units. */
export interface PictureReader {
  /** The codec's configuration record. @returns `undefined` where it does not say enough. @throws MediaError */
  configure(record: Uint8Array): VideoTrackConfig | undefined
  /** The data of one tag. @param key the tag says that it is a key frame. @throws MediaError */
  read(data: Uint8Array, key: boolean): Picture
}

export interface Picture {
  /** From this picture on; the same one again is none. */
  readonly config?: VideoTrackConfig
  /** Missing where there is nothing to show. */
  readonly unit?: { readonly key: boolean; readonly data: Uint8Array }
}

/** `undefined` for a codec that is not taken over RTMP. */
export function createPictureReader(codec: VideoCodec): PictureReader | undefined {
  switch (codec) {
    case 'h264':
      return createNalReader(h264)
    default:
      return undefined
  }
}
