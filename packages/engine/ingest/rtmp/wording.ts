import type { AudioCodec, VideoCodec } from '@bandstand/media/track.ts'

/** Codecs by their names for people. */
export const codecNames: Readonly<Record<VideoCodec | AudioCodec, string>> = {
  ...{ h264: 'H.264', hevc: 'H.265 (HEVC)', av1: 'AV1', vp9: 'VP9', vp8: 'VP8' },
  ...{ aac: 'AAC', opus: 'Opus', ac3: 'AC-3', eac3: 'E-AC-3', flac: 'FLAC', mp3: 'MP3' },
}

/** What encoders are told to be set to. */
export const VIDEO_ADVICE = 'H.264'
export const AUDIO_ADVICE = 'AAC, Opus, AC-3, E-AC-3, FLAC or MP3'

/** What to tell an encoder of which nothing of a track can be read. */
export const UNREADABLE = {
  video:
    'The video cannot be read: set the encoder to H.264 with lengths (AVC, avcC) in place of start codes (Annex B).',
  audio: 'The sound cannot be read: set the encoder to AAC-LC without headers (raw) in place of ADTS or LATM.',
}
