import type { VideoTrackConfig } from '@bandstand/media/track.ts'

/** Pixels. */
export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** The size at which a picture is shown: its width stretched where its pixels are not square. */
export function displaySize({ width, height, sampleAspectRatio: [x, y] }: VideoTrackConfig): PictureSize {
  return { width: y > 0 && x > 0 ? Math.round((width * x) / y) : width, height }
}
