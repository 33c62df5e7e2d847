/** What encoders are told to be set to. */
export const ADVICE = {
  video: 'H.264, H.265 (HEVC), AV1, VP9 or VP8',
  audio: 'AAC-LC, HE-AAC, Opus, AC-3, E-AC-3, FLAC or MP3',
}

/** What to tell an encoder that does not wait for its clock. */
export const HASTY = 'The stream comes much faster than it plays: send it in real time (ffmpeg: -re).'

/** What to tell an encoder of which nothing of a track can be read. */
export const UNREADABLE = {
  video:
    'The video cannot be read: set the encoder to H.264 or HEVC with lengths (avcC, hvcC) in place of start codes (Annex B).',
  audio: 'The sound cannot be read: set the encoder to AAC-LC without headers (raw) in place of ADTS or LATM.',
}
