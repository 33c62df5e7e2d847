/**
 * What a decoder must know before the first access unit. Parameter sets live here, never in the units.
 * One object per configuration: a change of configuration is a new object.
 */
export interface VideoTrackConfig {
  readonly kind: 'video'
  /** FourCC of the elementary stream, a closed list that grows with each codec. */
  readonly codec: 'h264'
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
  /** AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1), with `lengthSizeMinusOne` = 3. */
  readonly decoderConfig: Uint8Array
}

export interface AudioTrackConfig {
  readonly kind: 'audio'
  readonly codec: 'aac'
  /** RFC 6381 string, for example `mp4a.40.2`. */
  readonly codecString: string
  /** Equal to the sample rate. */
  readonly timescale: number
  /** Sampling frequency of the decoder's output in Hz, with SBR applied. */
  readonly sampleRate: number
  readonly channels: number
  /** Samples per frame at `timescale`: 1024 for AAC-LC, 2048 for HE-AAC counted at the output rate. */
  readonly frameLength: number
  /** AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1). */
  readonly decoderConfig: Uint8Array
}

export type TrackConfig = VideoTrackConfig | AudioTrackConfig
