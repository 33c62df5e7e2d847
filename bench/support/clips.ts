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
  /** Noise on the pictures: a test picture alone does not take so many bits, and what pads it is not sent by RTP. */
  readonly noise?: boolean
}

const NOISE = ',noise=alls=20:allf=t'

/** Encodes a test stream once, so that publishing it many times costs no encoder. Returns the path of an FLV file. */
export async function makeClip(options: ClipOptions): Promise<string> {
  const { seconds, bitrate, gop = 60, width = 1280, height = 720, frameRate = 30, noise = false } = options
  const path = join(temporaryFolder('clip'), 'clip.flv')
  const rate = `${bitrate}k`
  await runToEnd(findProgram('ffmpeg'), [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...['-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${frameRate}${noise ? NOISE : ''}`],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-t', String(seconds)],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
    ...['-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0'],
    ...['-b:v', rate, '-minrate', rate, '-maxrate', rate, '-bufsize', rate, '-x264-params', 'nal-hrd=cbr:force-cfr=1'],
    ...['-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-f', 'flv', path],
  ])
  return path
}

/** The same pictures and bit rate in HEVC, with Opus, as fragmented MP4: a stream of Enhanced RTMP. Returns its path. */
export async function makeHevcClip({ seconds, bitrate, gop = 60 }: ClipOptions): Promise<string> {
  const path = join(temporaryFolder('clip'), 'clip.mp4')
  const rate = `vbv-maxrate=${bitrate}:vbv-bufsize=${bitrate}:strict-cbr=1`
  await runToEnd(findProgram('ffmpeg'), [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=30${NOISE}`],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-t', String(seconds)],
    ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-pix_fmt', 'yuv420p', '-b:v', `${bitrate}k`],
    ...['-x265-params', `keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=0:log-level=error:${rate}`],
    ...['-c:a', 'libopus', '-b:a', '128k', '-ac', '2'],
    ...['-movflags', 'frag_keyframe+delay_moov+default_base_moof', path],
  ])
  return path
}

/** The pictures of an FLV clip as they are, its sound as Opus, in fragmented MP4: what is sent by WHIP. Returns its path. */
export async function withOpus(clip: string): Promise<string> {
  const path = join(temporaryFolder('clip'), 'clip.mp4')
  const coding = ['-c:v', 'copy', '-c:a', 'libopus', '-b:a', '128k', '-ar', '48000', '-ac', '2']
  const to = ['-movflags', 'frag_keyframe+delay_moov+default_base_moof', path]
  await runToEnd(findProgram('ffmpeg'), ['-v', 'error', '-y', '-i', clip, ...coding, ...to])
  return path
}

/** An FLV clip as MPEG-TS. Returns its path. */
export async function asMpegTs(clip: string): Promise<string> {
  const path = join(temporaryFolder('clip'), 'clip.ts')
  await runToEnd(findProgram('ffmpeg'), ['-v', 'error', '-y', '-i', clip, '-c', 'copy', '-f', 'mpegts', path])
  return path
}
