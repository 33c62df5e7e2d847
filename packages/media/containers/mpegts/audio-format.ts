import type { AudioTrackConfig } from '../../track.ts'

/** One frame of sound. */
export interface SoundFrame {
  /** A view. */
  readonly data: Uint8Array
  /** The same object for as long as nothing changes. */
  readonly config: AudioTrackConfig
  /** At the configuration's timescale. */
  readonly samples: number
}

/** How frames lie in the bytes of one kind of sound. State is of one stream. */
export interface AudioFormat {
  /** Bytes of a unit at most. */
  readonly largest: number
  /** Bytes of the unit that begins at `at`; 0 when more are needed to know, −1 when none begins there. */
  measure(data: Uint8Array, at: number): number
  /** Frames of a whole unit. Throws MediaError; `unsupported` where nothing of the stream can be read, if this is a unit. */
  read(unit: Uint8Array): readonly SoundFrame[]
  /** Looks at the first bytes of a PES packet's payload. @returns why nothing of the stream can be read, once that is certain. */
  begin?(payload: Uint8Array): string | undefined
  /** Something is missing before what comes next. */
  lose?(): void
}
