import { type Running, start } from './process.ts'
import { findProgram } from './programs.ts'

export interface HlsEncoderOptions {
  /** Address or path of the playlist; with `%v` in it where there is a ladder. */
  readonly to: string
  readonly seconds?: number
  readonly type: 'mpegts' | 'fmp4'
  readonly bFrames?: number
  /** A second, smaller picture, and a multivariant playlist `master.m3u8`. */
  readonly ladder?: boolean
  /** Seconds of a segment. */
  readonly segment?: number
  /** Segments in the playlist. */
  readonly listed?: number
}

/** HLS as ffmpeg makes it: 320 × 180, 30 pictures a second, a key frame and a segment every 2 s unless said otherwise. */
export function ffmpegHls(options: HlsEncoderOptions): Running {
  const { to, seconds, type, bFrames = 0, ladder = false, segment = 2, listed = 6 } = options
  const group = String(segment * 30)
  const args = [
    '-hide_banner',
    '-loglevel',
    'warning',
    '-y',
    '-re',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=320x180:rate=30',
  ]
  args.push('-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000')
  if (ladder) {
    args.push('-filter_complex', '[0:v]split=2[large][copy];[copy]scale=160:90[small]')
    args.push(...['-map', '[large]', '-map', '1:a', '-map', '[small]', '-map', '1:a'])
    args.push('-var_stream_map', 'v:0,a:0 v:1,a:1', '-master_pl_name', 'master.m3u8')
  }
  args.push('-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-threads', '1', '-bf', String(bFrames))
  args.push(
    '-g',
    group,
    '-keyint_min',
    group,
    '-sc_threshold',
    '0',
    '-b:v',
    '300k',
    '-maxrate',
    '300k',
    '-bufsize',
    '300k',
  )
  args.push('-c:a', 'aac', '-b:a', '64k', '-ac', '2')
  if (seconds !== undefined) args.push('-t', String(seconds))
  args.push('-f', 'hls', '-hls_time', String(segment), '-hls_list_size', String(listed), '-hls_segment_type', type)
  if (to.startsWith('http')) args.push('-method', 'PUT')
  args.push(to)
  return start(findProgram('ffmpeg'), args, { env: { AV_LOG_FORCE_NOCOLOR: '1' } })
}
