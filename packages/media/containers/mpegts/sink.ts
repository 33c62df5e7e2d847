import type { TrackConfig } from '../../track.ts'

/** What the reader of one elementary stream reports. Times are unwrapped, 90 kHz. */
export interface StreamSink {
  /** So many pictures or frames of sound are here, or bytes that have cost as much, whatever comes of them. */
  found(units: number): void
  /** Before the first unit, and whenever it changes. */
  config(config: TrackConfig): void
  /** @param data copied, of its own. */
  unit(unit: { readonly pts: number; readonly dts: number; readonly key: boolean; readonly data: Uint8Array }): void
  /** One unit or more is missing. */
  loss(): void
  /** Something contradicts its specification and was left out. */
  malformed(): void
  /** A unit came before what is needed to decode it. */
  unconfigured(): void
  /** Something is of a kind that is not taken, and so is the whole stream if it is said again and again; `why` tells people. */
  unsupported(why: string): void
  /** Nothing can be made of this stream; `why` tells people. */
  unreadable(why: string): void
}

/** Reads the PES packets of one elementary stream. */
export interface StreamReader {
  /**
   * @param packet header first, valid during the call.
   * @param continues what follows has no time of its own and may belong to the same picture.
   */
  packet(packet: Uint8Array, continues: boolean): void
  /** Something is missing before what comes next. */
  lose(): void
}
