import { MADE_SOUND } from './made.ts'

/**
 * Seconds added to times on the way in and taken off on the way out: the encoder's first frame lies before what it was given, and a file has
 * no times below zero. Whole ticks at every sample rate, and whole frames of AAC at 48 kHz.
 */
export const TIME_ROOM = 16

/** Silence is put in, or sound left out, where times are off by more seconds: all corrections of the timeline are larger. */
const CORRECTION = 0.015

/**
 * What ffmpeg is told to make AAC: the source's sound as fragmented MP4 on its standard input, a fragment a frame, the same on its standard
 * output, on the same clock.
 *
 * @param format of what comes in.
 * @param from first sample that comes out, in ticks of 48 kHz with the room: frames begin there, and every 1024 samples behind.
 */
export function aacArguments(format: string, from: number): readonly string[] {
  const { sampleRate, bitrate } = MADE_SOUND
  // What comes before is left out, and where a decoder gives nothing for its first samples (pre-skip of Opus) there is silence.
  const filters = [
    `aresample=${sampleRate}:async=1:min_hard_comp=${CORRECTION}:first_pts=${from}`,
    'aformat=channel_layouts=stereo',
  ]
  return [
    // Nothing that a stream says can make it open a file or a connection.
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-protocol_whitelist', 'pipe', '-threads', '1'],
    ...['-probesize', '32', '-analyzeduration', '0', '-fflags', 'nobuffer', '-copyts', '-f', format, '-i', 'pipe:0'],
    ...['-map', '0:a:0', '-af', filters.join(','), '-c:a', 'aac', '-b:a', String(bitrate)],
    ...['-avoid_negative_ts', 'disabled', '-use_editlist', '0'],
    // It keeps something of each fragment for a trailer, ever more, and nobody reads that.
    ...['-movflags', 'empty_moov+default_base_moof+frag_every_frame+frag_discont+skip_trailer', '-flush_packets', '1'],
    ...['-f', 'mp4', 'pipe:1'],
  ]
}
