import { type Running, start } from './process.ts'
import { findProgram } from './programs.ts'

export interface PublishOptions {
  /** `rtmp://host:port/live/KEY`, `srt://host:port?streamid=publish:KEY`. */
  readonly url: string
  /** Ends by itself after this many seconds; otherwise runs until stopped. */
  readonly seconds?: number
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
  /** Frames between key frames. */
  readonly gop?: number
  /** Video bits a second, in kbit/s. */
  readonly bitrate?: number
  readonly bFrames?: number
  readonly video?: boolean
  readonly audio?: boolean
  readonly sampleRate?: number
  /** Shows the running time in the picture (ffmpeg only). */
  readonly clock?: boolean
  /** Further ffmpeg output options. */
  readonly extra?: readonly string[]
  /** Ended for good after this many ms. */
  readonly limit?: number
}

/**
 * Publishes a moving test picture and a tone with ffmpeg. `stop('SIGINT')` says goodbye as a person's Ctrl+C does,
 * `stop('SIGKILL')` cuts the connection.
 */
export function ffmpegPublish(options: PublishOptions): Running {
  const {
    width = 640,
    height = 360,
    frameRate = 30,
    gop = 60,
    bitrate = 600,
    bFrames = 0,
    sampleRate = 48_000,
  } = options
  const { video = true, audio = true, clock = false, seconds, extra = [], limit } = options
  const args = ['-hide_banner', '-loglevel', 'warning', '-re']
  if (video) args.push('-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${frameRate}`)
  if (audio) args.push('-f', 'lavfi', '-i', `sine=frequency=440:beep_factor=4:sample_rate=${sampleRate}`)
  if (video) {
    if (clock)
      args.push(
        '-vf',
        String.raw`drawtext=text='%{pts\:hms}':fontsize=h/8:fontcolor=white:box=1:boxcolor=black:x=20:y=20`,
      )
    args.push('-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-threads', '1')
    // `zerolatency` turns B-frames off, and `ultrafast` too unless they are asked for.
    args.push(...(bFrames === 0 ? ['-tune', 'zerolatency'] : []), '-bf', String(bFrames))
    args.push('-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0')
    args.push('-b:v', `${bitrate}k`, '-maxrate', `${bitrate}k`, '-bufsize', `${bitrate}k`)
  }
  if (audio) args.push('-c:a', 'aac', '-b:a', '96k', '-ac', '2')
  if (seconds !== undefined) args.push('-t', String(seconds))
  // libsrt gives up after 3 s, in which a busy machine may not have answered.
  const patient = `${options.url}${options.url.includes('?') ? '&' : '?'}connect_timeout=20000`
  if (options.url.startsWith('srt:')) args.push(...extra, '-f', 'mpegts', patient)
  else args.push(...extra, '-f', 'flv', options.url)
  const env = { AV_LOG_FORCE_NOCOLOR: '1' }
  return start(findProgram('ffmpeg'), args, limit === undefined ? { env } : { env, limit })
}

/** Publishes with GStreamer's `rtmp2sink`. */
export function gstPublish(options: PublishOptions): Running {
  const {
    width = 640,
    height = 360,
    frameRate = 30,
    gop = 60,
    bitrate = 600,
    video = true,
    audio = true,
    limit,
  } = options
  const buffers = options.seconds === undefined ? -1 : Math.round(options.seconds * frameRate)
  // The muxer waits so long (ns) for a track that is late: without that, where a busy machine encodes pictures late, it goes on
  // with the sound, and then moves their times behind it.
  const patience = 'latency=1000000000'
  // What comes meanwhile waits before it.
  const waiting = ['queue', 'max-size-time=3000000000', 'max-size-buffers=0', '!', 'mux.']
  const pipeline = [
    '-e',
    'flvmux',
    'name=mux',
    'streamable=true',
    patience,
    '!',
    'rtmp2sink',
    `location=${options.url}`,
  ]
  if (video)
    pipeline.push(
      ...['videotestsrc', 'is-live=true', `num-buffers=${buffers}`, '!'],
      ...[`video/x-raw,format=I420,width=${width},height=${height},framerate=${frameRate}/1`, '!', 'queue', '!'],
      ...['x264enc', 'tune=zerolatency', 'speed-preset=ultrafast', `key-int-max=${gop}`, `bitrate=${bitrate}`, '!'],
      ...['h264parse', '!', ...waiting],
    )
  if (audio)
    pipeline.push(
      ...[
        'audiotestsrc',
        'is-live=true',
        'freq=440',
        ...(buffers < 0 ? [] : [`num-buffers=${Math.round(((options.seconds ?? 0) * 48_000) / 1024)}`]),
      ],
      ...['samplesperbuffer=1024', '!', 'audio/x-raw,rate=48000,channels=2', '!', 'audioconvert', '!'],
      ...['voaacenc', 'bitrate=96000', '!', 'aacparse', '!', ...waiting],
    )
  return start(findProgram('gst-launch-1.0'), pipeline, limit === undefined ? {} : { limit })
}
