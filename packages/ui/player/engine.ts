/** What the player needs of whatever plays a playlist into a video element. Dates are Unix milliseconds. */
export interface Engine {
  /** Loads an address. @param at date to begin at; `undefined` for the live edge or the beginning. */
  load(url: string, at: number | undefined): void
  unload(): void
  destroy(): void
  /** Program date time of the frame shown, where the playlist dates it. */
  readonly date: number | undefined
  /** First and last date in the loaded playlist. */
  readonly window: { readonly start: number; readonly end: number } | undefined
  /** Seconds of media in all, known for a finished playlist. */
  readonly duration: number | undefined
  /** The loaded playlist is still growing. */
  readonly growing: boolean
  /** Media time of a date inside the window. */
  timeOf(date: number): number | undefined
  /** Media time at which live viewers should be. */
  readonly livePosition: number | undefined
  /** Seconds of media that are listed after the frame shown; `undefined` while that is not known. */
  readonly ahead: number | undefined
  /** Where media goes on behind the newest hole (EXT-X-GAP) after a media time, and how many seconds are listed there. */
  behindHole(time: number): { readonly time: number; readonly length: number } | undefined
}

export interface EngineEvents {
  /** A playlist with a new end was read. @param edge date of that end. */
  updated(edge: number | undefined): void
  /** Given up on: the owner decides when to load again. */
  failed(reason: string): void
}
