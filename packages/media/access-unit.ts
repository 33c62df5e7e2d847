/**
 * The one currency of the engine: one coded picture or one audio frame, made once and shared by reference. Nobody
 * changes the bytes of `data`.
 */
export interface AccessUnit {
  /**
   * 1 for the first video track, 2 for the first audio track, 101 and up for renditions that the encoder brings, 121 and up for its further
   * audio tracks; see `TrackId`.
   */
  readonly track: TrackId
  /** Decode time in ticks of the clock it is on: 90 kHz as an encoder sends it, the track's timescale after the timeline. */
  readonly dts: number
  /** Presentation time on the same clock. */
  readonly pts: number
  /** True when decoding may start here (IDR or recovery point for video; always for audio). */
  readonly key: boolean
  /**
   * NAL units with 4-byte lengths for H.264 and HEVC, without parameter sets; a temporal unit of OBUs with sizes and without temporal
   * delimiter for AV1; a frame (superframe) for VP9 and VP8; one raw_data_block, packet or frame for sound.
   */
  readonly data: Uint8Array
}

/** Track number within a broadcast, also the `track_ID` in ISO BMFF: each track has its own, so a download joins them as they are. */
export type TrackId = number

export const VIDEO_TRACK: TrackId = 1
export const AUDIO_TRACK: TrackId = 2

/**
 * Smaller (or other) renditions of the first video track's pictures that the encoder makes itself: track ids from `first` on. `most` of
 * them, besides the first video track.
 */
export const BROUGHT_TRACKS = { first: 101, most: 7 } as const

/** Whether a track is a rendition that the encoder brings. */
export function isBroughtTrack(track: TrackId): boolean {
  return track >= BROUGHT_TRACKS.first && track < BROUGHT_TRACKS.first + BROUGHT_TRACKS.most
}

/** Further audio tracks of the encoder, other languages mostly: track ids from `first` on. `most` of them, besides the first audio track. */
export const FURTHER_SOUNDS = { first: 121, most: 7 } as const

/** Whether a track is one of the encoder's further audio tracks. */
export function isFurtherSound(track: TrackId): boolean {
  return track >= FURTHER_SOUNDS.first && track < FURTHER_SOUNDS.first + FURTHER_SOUNDS.most
}

/**
 * Sound that the server makes of an encoder's, in another codec: of the first audio track this one. The smaller pictures of the ladder are
 * from 11 on.
 */
export const MADE_SOUND_TRACK: TrackId = 51
