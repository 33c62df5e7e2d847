import type { VideoTrackConfig } from '../../track.ts'

/** One coded picture as the engine takes it. */
export interface Picture {
  /** Decoding may start here. */
  readonly key: boolean
  /** The unit as a sample holds it: see `AccessUnit.data`. */
  readonly data: Uint8Array
}

/**
 * Pictures of one track as they come from an encoder, whatever its codec: configurations in front and in the stream become the track's,
 * units become samples. It holds no more than the newest configuration.
 */
export interface PictureReader {
  /** The newest configuration; another object only where something changed. `undefined` while nothing is known. */
  readonly config: VideoTrackConfig | undefined
  /**
   * A configuration record, as `VideoTrackConfig.decoderConfig` describes them. One without parameter sets is taken too: they come with
   * a key frame then. Throws as the codec's parser, and nothing is changed.
   */
  configure(record: Uint8Array): void
  /**
   * One access unit: NAL units with lengths (of the record's size, else 4 bytes), a temporal unit of OBUs, or a frame.
   *
   * @returns `undefined` for a unit without picture. Its configuration, if it has a new one, is `config` then.
   * @throws MediaError where the unit cannot be read; its configuration is not taken then.
   */
  read(unit: Uint8Array): Picture | undefined
}
