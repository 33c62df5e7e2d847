import { type Running, start } from './process.ts'
import { findProgram } from './programs.ts'

/**
 * Latency at which nothing is lost on a machine where encoders and server wait for a processor for a second, ms. By then libsrt asks for
 * what did not fit into a socket meanwhile, and gets it; with its own 120 ms that comes too late, and is given up as it is to be.
 */
export const patientLatency = 2000

/** The same as ffmpeg takes it. libsrt closes a live connection at once, and what it has not sent by then nobody gets: this has it wait. */
export const patientOptions = `latency=${patientLatency * 1000}&linger=20`

export interface SrtPublishOptions {
  /** `srt://host:port?streamid=…` with libsrt's options. */
  readonly url: string
  readonly seconds?: number
  readonly width?: number
  readonly height?: number
  readonly limit?: number
}

/** A moving test picture and a tone as a transport stream on stdout. */
function testStream({ seconds, width = 640, height = 360 }: SrtPublishOptions): string[] {
  return [
    ...['-hide_banner', '-loglevel', 'warning', '-re', '-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=30`],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-threads', '1', '-pix_fmt', 'yuv420p'],
    ...[
      '-g',
      '60',
      '-keyint_min',
      '60',
      '-sc_threshold',
      '0',
      '-b:v',
      '600k',
      '-c:a',
      'aac',
      '-b:a',
      '96k',
      '-ac',
      '2',
    ],
    ...(seconds === undefined ? [] : ['-t', String(seconds)]),
    ...['-flush_packets', '0', '-f', 'mpegts', '-'],
  ]
}

/** Publishes with `srt-live-transmit`, which is fed by ffmpeg. It goes on calling when it is refused. */
export function liveTransmit(options: SrtPublishOptions): Running {
  const feed = [findProgram('ffmpeg'), ...testStream(options)]
  const send = [findProgram('srt-live-transmit'), '-v', '-a:no', '-chunk:1316', 'file://con', options.url]
  const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ')
  const limit = options.limit === undefined ? {} : { limit: options.limit }
  // It does not end where its input does, in whose last bytes it sends what is no whole chunk: it is told to when it had time for that.
  return start('/bin/sh', ['-c', `{ ${quoted(feed)}; exec >&-; sleep 2; kill -INT 0; } | ${quoted(send)}`], limit)
}

/** Publishes with GStreamer's `srtsink`. */
export function gstSrtPublish({ url, seconds, width = 640, height = 360, limit }: SrtPublishOptions): Running {
  const buffers = seconds === undefined ? -1 : Math.round(seconds * 30)
  const sound = seconds === undefined ? [] : [`num-buffers=${Math.round((seconds * 48_000) / 1024)}`]
  const pipeline = [
    ...['-e', 'mpegtsmux', 'name=mux', 'alignment=7', '!', 'srtsink', `uri=${url}`, 'wait-for-connection=true'],
    ...['videotestsrc', 'is-live=true', `num-buffers=${buffers}`, '!'],
    ...[`video/x-raw,format=I420,width=${width},height=${height},framerate=30/1`, '!', 'queue', '!'],
    ...['x264enc', 'tune=zerolatency', 'speed-preset=ultrafast', 'key-int-max=60', 'bitrate=600', '!'],
    ...['h264parse', '!', 'queue', '!', 'mux.'],
    ...['audiotestsrc', 'is-live=true', ...sound, 'samplesperbuffer=1024', '!'],
    ...['audio/x-raw,rate=48000,channels=2', '!', 'audioconvert', '!', 'voaacenc', 'bitrate=96000', '!'],
    ...['aacparse', '!', 'queue', '!', 'mux.'],
  ]
  return start(findProgram('gst-launch-1.0'), pipeline, limit === undefined ? {} : { limit })
}
