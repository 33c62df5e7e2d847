import { join } from 'node:path'
import { runToEnd } from '../../test/support/process.ts'
import { findProgram } from '../../test/support/programs.ts'
import { temporaryFolder } from '../../test/support/temporary.ts'

export interface ClipOptions {
  readonly seconds: number
  /** Video bits a second, in kbit/s; padded to a constant rate. */
  readonly bitrate: number
  /** Frames between key frames. */
  readonly gop?: number
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
}

/** Encodes a test stream once, so that publishing it many times costs no encoder. Returns the path of an FLV file. */
export async function makeClip(options: ClipOptions): Promise<string> {
  const { seconds, bitrate, gop = 60, width = 1280, height = 720, frameRate = 30 } = options
  const path = join(temporaryFolder('clip'), 'clip.flv')
  const rate = `${bitrate}k`
  await runToEnd(findProgram('ffmpeg'), [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...['-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${frameRate}`],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-t', String(seconds)],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
    ...['-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0'],
    ...['-b:v', rate, '-minrate', rate, '-maxrate', rate, '-bufsize', rate, '-x264-params', 'nal-hrd=cbr:force-cfr=1'],
    ...['-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-f', 'flv', path],
  ])
  return path
}
