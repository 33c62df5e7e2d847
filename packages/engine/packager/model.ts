import { isBroughtTrack, type TrackId } from '@bandstand/media/access-unit.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'

/** One track of an epoch, with the initialisation segment that every part of it needs. */
export interface EpochTrack {
  readonly track: TrackId
  readonly config: TrackConfig
  /** Complete CMAF header: `ftyp` + `moov`. */
  readonly init: Uint8Array
  /**
   * Number of the initialisation segment within the track: rises when the bytes change, is kept when they do not. That of the first
   * part that may need it, so that after a crash none comes again that a viewer has seen.
   */
  readonly initNumber: number
}

/**
 * A stretch of a broadcast with one encoder clock and one track set. An epoch is an HLS discontinuity and a DASH
 * period.
 */
export interface Epoch {
  /** Counts from 0 within the broadcast; also the discontinuity number. */
  readonly id: number
  /** First media time of the epoch in 90 kHz ticks of the broadcast. */
  readonly start: number
  /** Wall clock at `start`, Unix milliseconds. Program date time = wallClock + (time − start). */
  readonly wallClock: number
  readonly tracks: readonly EpochTrack[]
  /** Renditions beside its tracks, made or brought, as far as they have begun, as they are now; only the live window has them. */
  readonly rungs?: ReadonlyMap<TrackId, EpochTrack>
}

/** A track of an epoch, rungs of the ladder included. */
export function trackOf(epoch: Epoch, track: TrackId): EpochTrack | undefined {
  return epoch.tracks.find((own) => own.track === track) ?? epoch.rungs?.get(track)
}

/** An epoch as the source's: a recording notes the renditions that the encoder brings among its tracks, live they stand beside them. */
export function withoutBrought(recorded: Epoch): Epoch {
  const brought = recorded.tracks.filter(({ track }) => isBroughtTrack(track))
  if (brought.length === 0) return recorded
  // Of a rendition that changed, the newest stands last.
  const rungs = new Map([...(recorded.rungs ?? []), ...brought.map((own) => [own.track, own] as const)])
  return { ...recorded, tracks: recorded.tracks.filter(({ track }) => !isBroughtTrack(track)), rungs }
}

/**
 * The initialisation segment that a recorded part needs: of a rendition that changed within the epoch there are several, each from the
 * part on that has its number.
 */
export function initFor(recorded: Epoch | undefined, track: TrackId, part: number): EpochTrack | undefined {
  const own = recorded?.tracks.filter((candidate) => candidate.track === track) ?? []
  return own.findLast(({ initNumber }) => initNumber <= part) ?? own[0]
}

/** One CMAF chunk of one track: `moof` + `mdat`, made once; live parts, segments, rewind, replay are views on it. */
export interface Part {
  readonly track: TrackId
  /** Only rises within a track, is never used again, names the part; may skip. */
  readonly number: number
  /** Media sequence number of the segment it belongs to, shared by all tracks. */
  readonly msn: number
  /** `Epoch.id`. */
  readonly epoch: number
  /** Base media decode time and duration in ticks of the track's timescale. */
  readonly start: number
  readonly duration: number
  /** Ticks by which pictures of the epoch up to here are shown past the end of this part; none where there are no B-frames. */
  readonly overhang?: number
  /** Starts with a key frame. True for every audio part. */
  readonly independent: boolean
  /** True for the part that closes its segment. */
  readonly last: boolean
  /** Of the last part of a segment of pictures: the source's next segment does not begin with a key frame. */
  readonly nextIndependent?: false
  /** Wall clock when the part was closed, Unix milliseconds. */
  readonly closedAt: number
  /** `moof` + `mdat`; empty for a gap. */
  readonly bytes: Uint8Array
  /** No media for this time. A segment that has none at all is listed with EXT-X-GAP, one of a rung where any of it is missing. */
  readonly gap: boolean
  /** Of a gap in a recording: there were media, which viewers saw, and they could not be kept. */
  readonly lost?: boolean
}

/** HLS constants of a broadcast, declared once and never changed (players stop when they change). */
export interface BroadcastTiming {
  /** EXT-X-TARGETDURATION in whole seconds. */
  readonly targetDuration: number
  /** PART-TARGET in seconds. */
  readonly partTarget: number
}

/** What a writer of broadcasts must be told, in the order it happens. The packager drives it, stores implement it. */
export interface PartSink {
  /** A new epoch begins; its parts follow. */
  epoch(epoch: Epoch): void
  part(part: Part): void
  /**
   * Numbers up to and including these may be seen by viewers from now on; what survives a crash must not reuse them.
   * Called ahead of need.
   */
  reserve(numbers: { readonly msn: number; readonly part: number }): void
}

/** A rung of the ladder as playlists list it, before its first part too; also a rendition that the encoder brings. */
export interface ListedRung {
  readonly track: TrackId
  readonly width: number
  readonly height: number
  readonly frameRate: number
  /** Bits a second, without sound. */
  readonly bitrate: number
  /** RFC 6381. */
  readonly codecString: string
  /** The encoder makes it: it is recorded, and nobody has to ask for it. */
  readonly brought?: boolean
  /** It cannot be sent by WebRTC: it has B-frames, or a codec that is not sent there. */
  readonly isRealTime?: false
}

/** The encoder's first sound in another codec, as playlists list it, before its first part too. */
export interface ListedSound {
  readonly track: TrackId
  /** Of HLS (RFC 8216bis §4.4.6.1.1): it is listed with all pictures once more, for those who cannot play the source's codec. */
  readonly group: string
  /** RFC 6381. */
  readonly codecString: string
  readonly channels: number
  /** Ticks a second of its media: the sample rate. */
  readonly timescale: number
  /** Bits a second. */
  readonly bitrate: number
}

/**
 * - `source`: a track of the encoder's that the epoch has.
 * - `rung`: made of it; in no recording, only in memory.
 * - `brought`: another rendition that the encoder makes; recorded, but what is not whole is not listed, as of a rung.
 */
export type RenditionRole = 'source' | 'rung' | 'brought'

/** Told how the source is cut, for renditions of it that come later and are to be cut alike. Times in ticks of 90 kHz. */
export interface CutFollower {
  /** An epoch begins with segment `msn`. */
  opened(epoch: Epoch, msn: number): void
  /** The newest segment ends at `at`, the next begins, with a key frame of the source's or not. */
  cut(at: number, key: boolean): void
  /** No border can come before `at` any more. */
  decided(at: number): void
  /** The epoch is over: its last segment is `last`, below its first where it has none. */
  closed(end: number, last: number): void
}

/** Fixed-width number for names: `p0000000042.m4s`. Ten digits outlast three centuries of parts. */
export function nameNumber(value: number): string {
  return String(value).padStart(10, '0')
}

/** Name of a rendition in URIs: `v1` for video track 1, `a2` for audio track 2. */
export function renditionName(track: TrackId, kind: 'video' | 'audio'): string {
  return `${kind === 'video' ? 'v' : 'a'}${track}`
}

/** Relative names inside a rendition's folder; immutable, never reused. */
export const names = {
  init: (initNumber: number) => `i${nameNumber(initNumber)}.mp4`,
  part: (part: number) => `p${nameNumber(part)}.m4s`,
  /** A segment is named by the parts it consists of, so a segment cut short by a crash gets another name. */
  segment: (first: number, last: number) => `s${nameNumber(first)}-${nameNumber(last)}.m4s`,
  /** EXT-X-GAP entries need a URI that no player asks for. */
  gap: (msn: number) => `g${nameNumber(msn)}.m4s`,
  /** Made when asked for: the name says all there is to know. Times in ticks of the initialisation segment's track. */
  silence: (initNumber: number, start: number, duration: number) =>
    `q${nameNumber(initNumber)}-${nameNumber(start)}-${nameNumber(duration)}.m4s`,
  gapPart: (msn: number, index: number) => `g${nameNumber(msn)}-${index}.m4s`,
  playlist: 'index.m3u8',
} as const
