import { PICTURE_LIMITS } from './limits.ts'

/** What stands before what is done with the picture, and behind it. */
const source = [
  ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
  // Nothing that a stream says can make it open a file or a connection, or take more memory than 8K does.
  ...['-protocol_whitelist', 'pipe', '-max_pixels', String(PICTURE_LIMITS.pixels)],
  ...['-threads', '1', '-f', 'mp4', '-i', 'pipe:0'],
  ...['-map', '0:v:0', '-frames:v', '1', '-filter_threads', '1', '-vf'],
]
const result = ['-c:v', 'mjpeg', '-threads', '1', '-pix_fmt', 'yuvj420p', '-q:v', '5', '-f', 'image2pipe', 'pipe:1']

/**
 * What ffmpeg is told to make one JPEG of the first frame of an MP4 on its standard input. Square pixels, at most `width`
 * wide, never enlarged; both sides even; turned as the stream says (ffmpeg does so by itself). One thread: it must not get
 * in the way of live.
 */
export function pictureArguments(width: number = PICTURE_LIMITS.width): readonly string[] {
  // `dar`: shape of the picture as it is meant to be seen.
  const scale = `scale=w='max(2,trunc(min(${width},iw*sar)/2)*2)':h='max(2,trunc(ow/dar/2)*2)',setsar=1`
  return [...source, scale, ...result]
}

/**
 * What ffmpeg is told to make one sheet of all frames of an MP4 that has key frames only: each `width` by `height` pixels, in
 * rows from the left, what is left over black.
 */
export function sheetArguments(width: number, height: number, columns: number, rows: number): readonly string[] {
  return [...source, `scale=${width}:${height},setsar=1,tile=${columns}x${rows}`, ...result]
}
