import type { Encoder, Preset, Rung } from './model.ts'
import { PEAK } from './rungs.ts'

/** What an encoder needs before the input, behind the last filter, and as options of one output. */
export interface EncoderArguments {
  readonly device: readonly string[]
  /** Pixel format and, where pictures go to a device, the way there. */
  readonly filter: string
  options(rung: Rung, preset: Preset): readonly string[]
}

/** Where Linux has the first graphics card that renders. */
const RENDER_NODE = '/dev/dri/renderD128'

/**
 * No key frames of the encoder's own choice, no pictures that wait for later ones. What is not said is left to it. Levels are
 * `level_idc`: of names like 3.0 not all encoders know all, and what they do not know they take for a number.
 */
export const encoders: Readonly<Record<Encoder, EncoderArguments>> = {
  x264: {
    device: [],
    filter: 'format=yuv420p',
    options: (rung, preset) => [
      ...['-c:v', 'libx264', '-preset', preset, '-tune', 'zerolatency', '-profile:v', 'high'],
      ...['-level:v', String(rung.level), '-bf', '0', '-sc_threshold', '0', '-forced-idr', '1'],
      // ffmpeg has seen one picture when it opens the encoder: the rate it assumes is made up. The others cannot be told: `-r` and the
      // filter `fps` make times of their own, and `-r` is refused beside `-fps_mode passthrough`.
      ...['-x264-params', `fps=${frameRate(rung)}`],
    ],
  },
  nvenc: {
    device: [],
    filter: 'format=yuv420p',
    options: (rung) => [
      ...['-c:v', 'h264_nvenc', '-preset', 'p4', '-tune', 'll', '-profile:v', 'high', '-level:v', String(rung.level)],
      ...['-rc', 'vbr', '-bf', '0', '-no-scenecut', '1', '-forced-idr', '1', '-delay', '0'],
    ],
  },
  qsv: {
    device: [],
    filter: 'format=nv12',
    options: (rung) => [
      ...['-c:v', 'h264_qsv', '-preset', 'veryfast', '-profile:v', 'high', '-level:v', String(rung.level)],
      ...['-bf', '0', '-forced_idr', '1', '-async_depth', '1', '-look_ahead', '0'],
    ],
  },
  vaapi: {
    device: ['-vaapi_device', RENDER_NODE],
    filter: 'format=nv12,hwupload',
    options: (rung) => [
      ...['-c:v', 'h264_vaapi', '-rc_mode', 'VBR', '-profile:v', 'high', '-level:v', String(rung.level), '-bf', '0'],
    ],
  },
  v4l2m2m: {
    device: [],
    filter: 'format=yuv420p',
    options: () => ['-c:v', 'h264_v4l2m2m', '-bf', '0', '-num_capture_buffers', '16'],
  },
  videotoolbox: {
    device: [],
    filter: 'format=nv12',
    options: (rung) => [
      ...['-c:v', 'h264_videotoolbox', '-realtime', '1', '-profile:v', 'high', '-level:v', String(rung.level)],
      ...['-bf', '0'],
    ],
  },
}

/** Seconds of a part: see `packager/timing.ts`. */
const PART = 0.33
/** A player that joins at low latency is so many parts behind. */
const KEY_PARTS = 3

/**
 * What all of them are told: rates, and key frames, where the source has them and about every second after one, at the begin
 * of a part. A player of parts changes to a rung where one begins with a key frame, and takes everything from there on out of
 * its buffer: if that is before what it shows, it stands for a moment.
 */
export function commonOptions({ bitrate, frameRate: rate }: Rung): readonly string[] {
  const rates = ['-b:v', String(bitrate), '-maxrate', String(Math.round(bitrate * PEAK)), '-bufsize', String(bitrate)]
  return [...rates, '-g', String(KEY_PARTS * Math.max(1, Math.round(rate * PART))), '-force_key_frames', 'source']
}

/** Thousandths are enough to tell 29.97 from 30. */
function frameRate({ frameRate: rate }: Rung): string {
  return `${Math.round(rate * 1000)}/1000`
}
