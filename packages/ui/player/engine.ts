import type { Choice } from './choice/view.ts'
import type { Qualities } from './qualities.ts'

/** What the player needs of whatever plays a playlist into a video element. Dates are Unix milliseconds. */
export interface PlaylistEngine {
  /** Loads an address. @param at date to begin at; `undefined` for the live edge or the beginning. */
  load(url: string, at: number | undefined): void
  unload(): void
  destroy(): void
  /** Parts are played (LL-HLS), or whole segments only; also while it plays. */
  lowLatency: boolean
  /** Program date time of the frame shown, where the playlist dates it. */
  readonly date: number | undefined
  /** First and last date in the loaded playlist. */
  readonly window: { readonly start: number; readonly end: number } | undefined
  /** Seconds of media in all, known for a finished playlist. */
  readonly duration: number | undefined
  /** The loaded playlist is still growing. */
  readonly growing: boolean
  /** Media time of a date inside the window; of one past its end a moment before it. `undefined` while that is not known. */
  timeOf(date: number): number | undefined
  /** Media time at which live viewers should be. */
  readonly livePosition: number | undefined
  /** Seconds behind the newest media at which live viewers should be. */
  readonly holdBack: number | undefined
  /** Seconds of media that are listed after the frame shown, holes left out; `undefined` while that is not known. */
  readonly ahead: number | undefined
  /** Bytes that are there of the segment that the picture waits for, as long as it is on its way. */
  readonly arrived: number | undefined
  /** Where media goes on behind the newest hole (EXT-X-GAP) after a media time, and how many seconds are listed there. */
  behindHole(time: number): { readonly time: number; readonly length: number } | undefined
  /** Renditions to choose from; `undefined` where the engine does not let one choose. */
  readonly qualities: Qualities | undefined
}

/** What a session plays: the live edge by whichever transport serves best, or a playlist from a date on. */
export interface Engine extends Omit<PlaylistEngine, 'load' | 'lowLatency'> {
  load(source: EngineSource, at: number | undefined): void
  /** Whether the picture moves, where the element's own time does not tell: with WebRTC it goes on without one. */
  readonly moving: boolean | undefined
  /** How the live edge is played, and why. */
  readonly choice: Choice
  /** Another transport may be wanted. @param by `viewer`, or his page: what failed before is tried at once */
  wantedChanged(by: 'viewer' | 'channel'): void
  /** Playback has stalled although media are listed, or has failed. */
  stalled(): void
  /** To be called some times a second. @param free something better may be tried now */
  tick(free: boolean): void
}

export interface EngineSource {
  readonly kind: 'live' | 'vod'
  readonly url: string
  readonly assetId: string
}

export interface PlaylistEvents {
  /** A playlist with a new end was read. @param edge date of that end. */
  updated(edge: number | undefined): void
  /** Given up on: the owner decides when to load again. @param isUnreachable the server did not answer at all */
  failed(reason: string, isUnreachable?: boolean): void
}

export interface EngineEvents extends PlaylistEvents {
  /** Another transport takes the picture over: the last frame may be kept on screen. */
  leaving(): void
  /** What played has ended together with the broadcast. */
  over(): void
  /** What is said of transports and renditions has changed. */
  changed(): void
}
