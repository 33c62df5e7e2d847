import type { VideoCodec } from '../../track.ts'
import { createAv1PictureReader } from './av1-pictures.ts'
import type { PictureReader } from './model.ts'
import { createNalPictureReader } from './nal-pictures.ts'
import { createVpPictureReader } from './vp-pictures.ts'

/** A reader of one track of this codec. Units with start codes go through `lengthsFromAnnexB` first. */
export function createPictureReader(codec: VideoCodec): PictureReader {
  switch (codec) {
    case 'h264':
    case 'hevc':
      return createNalPictureReader(codec)
    case 'av1':
      return createAv1PictureReader()
    case 'vp8':
    case 'vp9':
      return createVpPictureReader(codec)
  }
}
