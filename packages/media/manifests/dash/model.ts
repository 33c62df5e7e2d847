/**
 * A media presentation description as a value (ISO/IEC 23009-1:2022), as far as this project writes it: segments addressed
 * by template and timeline. Clauses are named at each field.
 */

/** MPD (5.3.1). */
export interface Mpd {
  /** `dynamic`: segments become available as time goes on (5.3.1.2). */
  readonly type: 'static' | 'dynamic'
  /** Zero of the presentation's timeline in wall clock, Unix milliseconds; only of `dynamic`. Never changes. */
  readonly availabilityStartTime?: number
  /** When this version was made, Unix milliseconds. */
  readonly publishTime?: number
  /** Seconds after which a player looks again. Absent of a dynamic presentation that has ended (4.6.2). */
  readonly minimumUpdatePeriod?: number
  /** Seconds of the whole; absent while it goes on. */
  readonly mediaPresentationDuration?: number
  /** Seconds that a player should have before it begins. */
  readonly minBufferTime: number
  /** Seconds of the rewind; absent where everything stays. */
  readonly timeShiftBufferDepth?: number
  /** Seconds behind the live edge at which players should stay. */
  readonly suggestedPresentationDelay?: number
  /** Longest segment in seconds. */
  readonly maxSegmentDuration: number
  /** Service description (annex K): what latency is meant to be held, in milliseconds, and how fast to catch up. */
  readonly latency?: {
    readonly target: number
    readonly max: number
    readonly minRate: number
    readonly maxRate: number
  }
  readonly periods: readonly Period[]
  /** Where players read the server's clock (5.8.4.11), relative to the MPD: answered in the form of `xs:dateTime`. */
  readonly clockUri?: string
}

/** A stretch with one encoder clock and one track set (5.3.2). */
export interface Period {
  readonly id: string
  /** Seconds from the presentation's zero. */
  readonly start: number
  /** Seconds; absent where the next period's start says it, and of the one in the making. */
  readonly duration?: number
  readonly sets: readonly AdaptationSet[]
}

/** Representations between which a player may switch (5.3.3); here one kind of media each. */
export interface AdaptationSet {
  readonly id: number
  readonly kind: 'video' | 'audio'
  /** What is spoken (5.3.3.2): RFC 5646. */
  readonly language?: string
  /** Among several of sound: the one that is played unless another is chosen, or one of the others (5.8.5.5, `urn:mpeg:dash:role:2011`). */
  readonly role?: 'main' | 'alternate'
  /** What people call it (5.3.7.2, `Label`). */
  readonly label?: string
  /** Of sets of one kind players begin with that of the highest, where they can play it (5.3.3.2); 1 where it is not said. */
  readonly selectionPriority?: number
  readonly template: SegmentTemplate
  readonly representations: readonly Representation[]
}

/** 5.3.9.4, with the timeline of 5.3.9.6. Times in ticks of `timescale`. */
export interface SegmentTemplate {
  readonly timescale: number
  /** Media time at the begin of the period. */
  readonly presentationTimeOffset: number
  /** Relative URIs with the identifiers of 5.3.9.4.4. */
  readonly initialization: string
  readonly media: string
  readonly timeline: readonly TimelineRun[]
  /**
   * Seconds before its end at which a segment may be asked for already: it is sent as it is made
   * (`@availabilityTimeComplete` is false then).
   */
  readonly availabilityTimeOffset?: number
}

/** Equally long segments one after another: an `S` element. */
export interface TimelineRun {
  /** Media time of the first one. */
  readonly start: number
  readonly duration: number
  /** At least 1. */
  readonly count: number
}

/** 5.3.5, with what 5.3.7 says of all media. */
export interface Representation {
  /** Also the value of `$RepresentationID$`. */
  readonly id: string
  /** Bits a second. */
  readonly bandwidth: number
  /** RFC 6381. */
  readonly codecs: string
  /** In place of the set's (5.3.9.1), where its segments are others. */
  readonly template?: SegmentTemplate
  readonly video?: {
    /** As coded; the sample aspect ratio says how it is shown. */
    readonly width: number
    readonly height: number
    readonly sampleAspectRatio: readonly [number, number]
    /** Frames a second. */
    readonly frameRate?: number
  }
  readonly audio?: { readonly sampleRate: number; readonly channels: number }
}
