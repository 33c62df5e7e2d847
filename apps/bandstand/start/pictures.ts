import type { HttpHandler } from '@bandstand/engine/http/message.ts'
import { createPictureHandler } from '@bandstand/engine/http/pictures.ts'
import type { PictureSize } from '@bandstand/engine/packager/display-size.ts'
import { createPictures } from '@bandstand/engine/pictures/pictures.ts'
import type { DiskStore } from '@bandstand/engine/store/disk.ts'
import { pictureSize } from '../picture-size.ts'
import type { Begun } from './begun.ts'
import type { Live } from './live.ts'

export interface PicturesNeeds {
  readonly store: DiskStore
  readonly live: Pick<Live, 'find'>
  /** Path of the program; there are no pictures without it. */
  readonly ffmpeg: string | undefined
}

/** Pictures of channels and recordings, made when somebody asks for one. */
export interface ServedPictures {
  readonly available: boolean
  readonly handle: HttpHandler
  /** How large the video of a broadcast is shown; `undefined` where that is not to be had in time. */
  sizeOf(assetId: string): Promise<PictureSize | undefined>
  /** The recording was deleted. */
  forget(assetId: string): void
}

export function startPictures({ log, started }: Begun, { store, live, ffmpeg }: PicturesNeeds): ServedPictures {
  const pictures = createPictures({ ffmpeg, store, log })
  started.defer(() => pictures.close())
  return {
    available: pictures.available,
    handle: createPictureHandler({ pictures, find: live.find }),
    sizeOf: (assetId) => pictureSize(store, assetId),
    forget: pictures.forget,
  }
}
