import type { AccessUnit, TrackId } from '@bandstand/media/access-unit.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'

/**
 * The small interfaces that the engine needs and others implement; only the application wires them together.
 */

/** How an encoder came in; the first word of its log lines. */
export type IngestProtocol = 'rtmp' | 'rtmps' | 'srt' | 'whip' | 'hls' | 'demo'

/** What an encoder asks for, before anything of it is accepted. */
export interface PublishRequest {
  readonly protocol: IngestProtocol
  /** Remote address without port. */
  readonly remote: string
  /** Stream key or signed key exactly as sent. A secret: cut to 4 characters in every log. */
  readonly key: string
  /** Slug of the channel, where the address names one beside the key (WHIP): a key of another channel is refused. */
  readonly channel?: string
  /** What the encoder says it is (`flashVer`, `encoder` in onMetaData), cut to 100 characters. */
  readonly encoder?: string
  /** How the line from the encoder is now, where the protocol measures it. Asked when somebody looks at the studio. */
  readonly line?: () => LineReport
  /** What comes in as HLS; asked whenever somebody looks. */
  readonly hls?: () => HlsReport
}

/** The line from an encoder. Times in ms; packets of the last half minute. */
export interface LineReport {
  readonly roundTrip: number
  /** How long the protocol holds back what comes, so that what is lost can be sent again. */
  readonly latency: number
  /** Media that are held back now. */
  readonly buffered: number
  readonly packets: number
  /** Missing at first. */
  readonly lost: number
  /** Of them, those that came when they were sent again. */
  readonly retransmitted: number
  /** Given up, for they came too late or never. */
  readonly dropped: number
}

/** HLS that an encoder makes: how it comes, and what is wrong with it. */
export interface HlsReport {
  /** It is put here, or written into a folder that is watched, or pulled from another server. */
  readonly source: 'put' | 'folder' | 'url'
  /** Absent until the first segment has been read. */
  readonly format?: 'mpegts' | 'fmp4'
  /** Seconds; 0 until it is known. */
  readonly targetDuration: number
  /** Seconds; absent where segments have no parts. */
  readonly partTarget?: number
  /** Renditions of the pictures that are taken, the main one among them. */
  readonly renditions: number
  /** Variants and languages that are not taken. */
  readonly leftOut: number
  /** Segments that never came, were gone before they could be read, or could not be read. */
  readonly lost: number
  /** What is wrong now, and what to change. */
  readonly trouble?: string
}

/**
 * Why an encoder is refused or stopped; the text says what to change.
 *
 * | code | | as an HTTP status, where the protocol has one |
 * |---|---|---|
 * | `wrong-key` | nobody knows this key | 401 |
 * | `expired` | it was valid once, or the time of this session is over | 403 |
 * | `forbidden` | not from this address, not for this channel, or the publish hook says no | 403 |
 * | `in-use`, `taken-over` | another encoder has the channel | 409 |
 * | `stopped` | by the owner | 403 |
 * | `restarting` | the server is stopping, and goes on with the broadcast when it is back: the encoder should return | 503 |
 * | `limit`, `unavailable` | not now | 503 |
 */
export interface PublishRefusal {
  readonly code:
    | 'wrong-key'
    | 'expired'
    | 'forbidden'
    | 'in-use'
    | 'taken-over'
    | 'limit'
    | 'stopped'
    | 'restarting'
    | 'unavailable'
  readonly reason: string
}

/** What an encoder says that it is going to send. */
export interface AnnouncedTracks {
  readonly video: boolean
  readonly audio: boolean
  /** Renditions that it brings besides the first video track; 0 when absent. */
  readonly brought?: number
  /** Audio tracks that it brings besides the first, those that there is room for; 0 when absent. */
  readonly furtherSounds?: number
}

/**
 * Given to an accepted encoder's connection. All calls are synchronous and never throw for lack of room.
 *
 * An encoder may bring a ladder (Enhanced RTMP multitrack, WHIP simulcast, a multivariant playlist): further renditions of the same
 * pictures. One of them is `VIDEO_TRACK`: the one that the encoder calls its first, else the largest. It decides where segments are
 * cut, and everything that shows the source shows it. Each other one has a track id of `BROUGHT_TRACKS` for as long as the
 * connection lasts, and keeps it when its configuration changes. Their units are on the clock of `VIDEO_TRACK`; pictures of the same
 * presentation time belong together. They may come later, by seconds where they are sent in segments, stop and come back,
 * and may be of another codec. What an encoder brings beyond `BROUGHT_TRACKS.most` is the ingest's to leave out and to tell of.
 *
 * It may also bring several audio tracks, languages for the most part: the first is `AUDIO_TRACK`, each other one has a track id of
 * `FURTHER_SOUNDS`, lowest first. They are on one clock with the first and are never waited for once the broadcast runs. What is beyond
 * `FURTHER_SOUNDS.most` the ingest leaves out, and tells how many they are as the fact `audioTracksLeftOut`.
 */
export interface Publisher {
  /** Slug of the channel as it is now: the owner may rename it while the encoder runs. */
  readonly channel: string
  /** Somebody takes unit by unit and wants each at once (WebRTC); otherwise some tens of milliseconds are nothing. */
  readonly isUrgent: boolean
  /** Tracks the encoder has announced; the start waits up to 1 s for their configurations. */
  announce(expected: AnnouncedTracks): void
  /**
   * A track's configuration, first or changed; also sent again unchanged by some encoders.
   *
   * @param bitrate bits a second of a brought rendition, where the encoder says so (`videoTrackIdInfoMap` of onMetaData, `BANDWIDTH` of a
   *   playlist less its sound): until they are measured, players are told that
   */
  configure(track: TrackId, config: TrackConfig, bitrate?: number): void
  /** A unit on the encoder's clock, 90 kHz, unwrapped; its track must have been configured. */
  unit(unit: AccessUnit): void
  /** Facts for the studio's diagnosis: what the encoder announced in its metadata. */
  describe(facts: Readonly<Record<string, string | number | boolean>>): void
  /** `unpublished`: the encoder said goodbye; `disconnected`: the connection was lost. Idempotent. */
  end(how: 'unpublished' | 'disconnected'): void
}

/** Decides who may publish and hands out the lease of the channel. */
export interface PublishPort {
  /**
   * Who comes while another encoder feeds the channel takes over from it with its first key frame.
   *
   * @param stop called at most once when the lease is lost (takeover, key revoked or expired, channel deleted, server stopping):
   *   the connection must tell the encoder why and close.
   */
  publish(
    request: PublishRequest,
    stop: (why: PublishRefusal) => void,
  ): Promise<{ readonly publisher: Publisher } | { readonly refusal: PublishRefusal }>
}

/** Structured log; the application gives a pino logger. Secrets never reach it. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What the engine knows of a channel. */
export interface ChannelRecord {
  readonly id: string
  readonly slug: string
}

/** That an encoder may publish, for as long as nothing is objected. */
export interface Admission {
  /** Where it publishes. */
  readonly channel: ChannelRecord
  /** Id of the key that it has, where it is one of the channel's further keys. */
  readonly keyId?: string
  /**
   * Why it may not publish, or not go on, now: its key was revoked, its time is over. Answers from memory; asked before it
   * gets the channel, then ten times a second and after each change.
   */
  objection(): PublishRefusal | undefined
}

/** Keys and channels, kept by the platform. Asked before anything is published. */
export interface ChannelDirectory {
  /** Who may publish where. May take seconds (the publish hook); never rejects for what an encoder has sent. */
  admit(request: PublishRequest): Promise<Admission | { readonly refusal: PublishRefusal }>
}

/** Where broadcasts are remembered; one broadcast is one asset. */
export interface BroadcastRegister {
  started(broadcast: {
    readonly assetId: string
    readonly channelId: string
    readonly startedAt: number
  }): Promise<void>
  /** @param endedAt Unix milliseconds; `duration` in milliseconds of media, `bytes` on disk. */
  ended(broadcast: {
    readonly assetId: string
    readonly endedAt: number
    readonly duration: number
    readonly bytes: number
  }): Promise<void>
  /** Broadcasts that were started and not ended, for the time after a restart. */
  open(): Promise<
    readonly {
      readonly assetId: string
      readonly channelId: string
      readonly slug: string
      readonly startedAt: number
    }[]
  >
}
