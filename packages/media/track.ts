/** Video codecs that are carried: a closed list that grows with each codec. */
export type VideoCodec = 'h264' | 'hevc' | 'av1' | 'vp9' | 'vp8'

/** Sound codecs that are carried. */
export type AudioCodec = 'aac' | 'opus' | 'ac3' | 'eac3' | 'flac' | 'mp3'

/**
 * What a decoder must know before the first access unit. Parameter sets live here, never in the units.
 * One object per configuration: a change of configuration is a new object.
 */
export interface VideoTrackConfig {
  readonly kind: 'video'
  readonly codec: VideoCodec
  /** RFC 6381 string, for example `avc1.64001f`. */
  readonly codecString: string
  /** Always 90 000 for video. */
  readonly timescale: 90_000
  /** Coded picture after cropping, in luma samples. */
  readonly width: number
  readonly height: number
  /** Sample aspect ratio, 1:1 when unknown. */
  readonly sampleAspectRatio: readonly [number, number]
  /** From VUI timing when present; frames per second. */
  readonly frameRate?: number
  /**
   * What the sample entry's configuration box holds, as the binding of each codec to ISO BMFF has it:
   * - `h264`: AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1), with `lengthSizeMinusOne` = 3
   * - `hevc`: HEVCDecoderConfigurationRecord (§8.3.3.1), with `lengthSizeMinusOne` = 3
   * - `av1`: AV1CodecConfigurationRecord, with the sequence header OBU
   * - `vp9`, `vp8`: VPCodecConfigurationRecord, without the full box's version and flags
   */
  readonly decoderConfig: Uint8Array
}

export interface AudioTrackConfig {
  readonly kind: 'audio'
  readonly codec: AudioCodec
  /** RFC 6381 string, for example `mp4a.40.2`. */
  readonly codecString: string
  /** Equal to the sample rate; 48 000 for Opus, whatever was encoded. */
  readonly timescale: number
  /** Sampling frequency of the decoder's output in Hz, with SBR applied. */
  readonly sampleRate: number
  readonly channels: number
  /** What is spoken, where the encoder says so: ISO 639-2, three small letters. */
  readonly language?: string
  /**
   * Samples per frame at `timescale`: 1024 for AAC-LC, 2048 for HE-AAC counted at the output rate, 960 for the usual Opus packet,
   * 1536 for AC-3, 1152 for MP3, the block size of FLAC.
   */
  readonly frameLength: number
  /**
   * What the decoder is told, as the binding of each codec to ISO BMFF has it:
   * - `aac`: AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1)
   * - `opus`: content of the `dOps` box
   * - `ac3`, `eac3`: content of `dac3`, `dec3` (ETSI TS 102 366 annex F)
   * - `flac`: metadata blocks of `dfLa`, STREAMINFO first, without the full box's version and flags
   * - `mp3`: nothing
   */
  readonly decoderConfig: Uint8Array
}

export type TrackConfig = VideoTrackConfig | AudioTrackConfig
